"""The light over a plane is that of the surface that was put there."""

import numpy as np
import pytest

from smalti.testing.defects import vignetting

Y, X = np.meshgrid(np.linspace(-1, 1, 200), np.linspace(-1, 1, 300), indexing="ij")


def flat(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(20_000, 140, (200, 300)).astype("u2")


@pytest.mark.parametrize("level", [1.0, 0.85, 0.7, 0.55, 0.4, 0.25])
def test_vignetting_of_a_flat_field_is_found_within_two_percent(measure, level: float):
    row = measure(vignetting(flat(), level))
    assert row["vignetting"] == pytest.approx(level, rel=0.02)
    assert row["illumination_tilt"] < 0.01


@pytest.mark.parametrize("angle", [0.0, 0.7, 2.5])
def test_tilt_is_the_change_from_side_to_side(measure, angle: float):
    row = measure((flat() * (1 + 0.1 * (np.cos(angle) * X + np.sin(angle) * Y))).astype("u2"))
    assert row["illumination_tilt"] == pytest.approx(0.2, rel=0.02)
    assert row["vignetting"] == pytest.approx(1, abs=0.01)


def test_bright_corners_are_above_one(measure):
    assert measure((flat() * (1 + 0.2 * (X**2 + Y**2))).astype("f4"))["vignetting"] == pytest.approx(
        1.4, rel=0.02
    )


def test_holes_in_the_plane_leave_the_surface(measure):
    plane = vignetting(flat().astype("f4"), 0.5)
    plane[50:90, 100:180] = np.nan
    assert measure(plane)["vignetting"] == pytest.approx(0.5, rel=0.02)


@pytest.mark.parametrize("plane", [np.ones((5, 200)), np.full((50, 50), np.nan), np.full((50, 50), -3.0)])
def test_there_is_none_without_room_or_light(measure, plane: np.ndarray):
    row = measure(plane)
    assert (row["vignetting"], row["illumination_tilt"]) == (None, None)
