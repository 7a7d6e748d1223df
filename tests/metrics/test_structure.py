"""Texture and flatness."""

import numpy as np
import pytest


def test_mscn_is_about_one_for_noise_and_falls_with_blur(measure, degraded):
    noise = np.random.default_rng(0).normal(2_000, 300, (100, 100)).astype("u2")
    assert measure(noise)["mscn_variance"] == pytest.approx(1, abs=0.05)
    for image, row in degraded["reference"].items():
        assert degraded["blur_sigma2"][image]["mscn_variance"] < row["mscn_variance"]


def test_mscn_of_floats_does_not_change_with_their_scale(measure):
    plane = np.random.default_rng(0).normal(size=(60, 60))
    assert measure(plane * 1e6)["mscn_variance"] == pytest.approx(measure(plane)["mscn_variance"])


def test_texture_in_one_place_is_uneven(measure):
    noise = np.random.default_rng(0).normal(100, 5, (90, 90))
    patch = np.where(np.hypot(*np.mgrid[-45:45, -45:45]) < 20, noise, 100.0)
    assert measure(noise)["texture_cv"] == pytest.approx(0.25, abs=0.02)
    assert measure(patch)["texture_cv"] > 1.5


@pytest.mark.parametrize(
    ("plane", "flat"),
    [
        (np.full((9, 9), 3, "u1"), True),
        (np.full((9, 9), 0.1, "f4"), True),
        (np.array([[5, np.nan], [5, 5]]), True),
        (np.array([[5, 5], [5, 6]], "u1"), False),
        (np.array([[2**60, 2**60 + 1]]), False),
        (np.full((2, 2), np.nan), None),
    ],
)
def test_flat_means_one_value_everywhere(measure, plane: np.ndarray, flat: bool | None):
    assert measure(plane)["is_flat"] is flat
