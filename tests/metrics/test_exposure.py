"""Saturation, bits and levels."""

import numpy as np
import pytest


def stretched(top: int, dtype: str = "u2") -> np.ndarray:
    """A noisy plane of 8 % of pixels at `top` and 4 % at 0."""
    plane = np.random.default_rng(0).integers(1, top, (50, 50)).astype(dtype)
    plane[:4] = top
    plane[4:6] = 0
    return plane


@pytest.mark.parametrize(
    ("top", "dtype", "bits"),
    [
        (255, "u1", 8),
        (1_023, "u2", 10),
        (4_095, "u2", 12),
        (16_383, "u2", 14),
        (65_535, "u2", 16),
        (4_095, "u4", 12),
        (32_767, "i2", 16),
        (127, "i1", 8),
    ],
)
def test_saturation_is_judged_by_the_bits_really_used(measure, top: int, dtype: str, bits: int):
    row = measure(stretched(top, dtype))
    assert row["bits_used"] == bits
    assert row["saturated_high"] == pytest.approx(0.08)
    assert row["saturated_low"] == pytest.approx(0.04)


def test_a_dark_plane_is_not_saturated(measure):
    row = measure(stretched(900))
    assert (row["bits_used"], row["saturated_high"]) == (10, 0)


def test_negative_integers_use_all_bits_of_their_type(measure):
    plane = np.full((10, 10), -1, "i2")
    plane[0], plane[1, :5] = -32_768, 32_767
    row = measure(plane)
    assert (row["bits_used"], row["saturated_low"], row["saturated_high"]) == (16, 0.1, 0.05)


@pytest.mark.parametrize("plane", [np.eye(9), np.eye(9, dtype=bool), np.array([[0, 2**31]], "u4")])
def test_planes_without_a_known_full_scale_have_no_saturation(measure, plane: np.ndarray):
    row = measure(plane)
    assert row["saturated_high"] is None
    assert row["bits_used"] is None


def test_a_gain_leaves_a_comb_of_empty_levels(measure):
    plane = np.random.default_rng(0).normal(60, 10, (200, 200)).astype("u1")
    assert measure(plane)["level_gap_fraction"] == 0
    assert measure(plane * np.uint8(3))["level_gap_fraction"] == pytest.approx(2 / 3, abs=0.02)
    assert measure(plane * np.uint8(3))["levels_used"] == measure(plane)["levels_used"]


def test_dynamic_range_falls_with_noise(measure):
    ramp = np.linspace(0, 4_000, 200 * 200).reshape(200, 200)
    rng = np.random.default_rng(0)
    rows = [measure((ramp + rng.normal(500, sigma, ramp.shape)).astype("u2")) for sigma in (10, 40)]
    quiet, loud = (row["dynamic_range_db"] for row in rows)
    assert quiet == pytest.approx(20 * np.log10(0.989 * 4_000 / 10), abs=0.5)
    assert quiet - loud == pytest.approx(12, abs=0.5)
