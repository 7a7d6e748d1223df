"""Gain and read noise are those of the camera."""

import numpy as np
import pytest

from smalti.testing.fields import smooth_field


def camera(gain: float, read: float, size: int = 512, seed: int = 0) -> np.ndarray:
    """A smooth ramp of 50 to 3,000 above an offset of 100."""
    rng = np.random.default_rng(seed)
    light = np.linspace(50, 3000, size) * (1 + 0.2 * smooth_field(rng, (size, size), size / 8))
    photons = rng.poisson(np.maximum(light, 10) / gain)
    return np.rint(100 + gain * photons + rng.normal(0, read, light.shape)).astype("u2")


@pytest.mark.parametrize("gain", [0.1, 0.5, 2.0])
@pytest.mark.parametrize("seed", range(3))
def test_gain_is_found_on_smooth_ground(measure, gain: float, seed: int):
    assert measure(camera(gain, 3, seed=seed))["gain"] == pytest.approx(gain, rel=0.1)


def test_read_noise_is_that_of_dark_parts(measure):
    plane = camera(0.5, 8)
    plane[:, :64] = np.rint(np.random.default_rng(1).normal(100, 8, (512, 64)))
    assert measure(plane)["read_noise"] == pytest.approx(8, rel=0.1)


def test_noise_that_does_not_grow_has_no_gain(measure):
    row = measure(np.random.default_rng(0).normal(1000, 20, (256, 256)))
    assert row["gain"] is None
    assert row["read_noise"] == pytest.approx(20, rel=0.1)


def test_an_offset_changes_neither(measure):
    row, lifted = measure(camera(0.5, 3)), measure(camera(0.5, 3) + np.uint16(30_000))
    for name in ("gain", "read_noise"):
        assert lifted[name] == pytest.approx(row[name], rel=1e-6)


@pytest.mark.parametrize("plane", [np.zeros((300, 300), "u1"), np.eye(60), np.full((200, 200), np.nan)])
def test_without_noise_or_room_there_is_none(measure, plane: np.ndarray):
    row = measure(plane)
    assert (row["gain"], row["read_noise"]) == (None, None)
