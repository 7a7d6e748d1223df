"""Foreground and background are those of Otsu, and contrast is measured in noise."""

import numpy as np
import pytest
from skimage.filters import threshold_otsu


def spots(dtype: str = "u2", offset: int = 0) -> np.ndarray:
    rng = np.random.default_rng(0)
    plane = rng.normal(200, 5, (100, 100))
    plane[:30, :40] += 300
    return (plane + offset).astype(dtype)


@pytest.mark.parametrize("offset", [0, 10_000])
def test_the_threshold_is_that_of_scikit_image(measure, offset: int):
    plane = spots(offset=offset)
    values, counts = np.unique(plane, return_counts=True)
    threshold = threshold_otsu(hist=(counts, values))
    row = measure(plane)
    assert row["foreground_fraction"] == pytest.approx((plane > threshold).mean())
    assert row["background"] == pytest.approx(np.median(plane[plane <= threshold]), abs=0.5)


def test_contrast_is_measured_in_noise(measure):
    row = measure(spots("f8"))
    assert row["cnr"] == pytest.approx(300 / row["noise_sigma"], rel=0.01)
    assert row["foreground_fraction"] == pytest.approx(0.12)


def test_noise_alone_is_cut_in_halves(measure):
    row = measure(np.random.default_rng(0).normal(0, 1, (200, 200)))
    assert row["foreground_fraction"] == pytest.approx(0.5, abs=0.03)
    assert row["cnr"] == pytest.approx(1.6, abs=0.05)


def test_one_value_has_no_classes(measure):
    row = measure(np.full((20, 20), 7, "u1"))
    assert (row["background"], row["foreground_fraction"], row["cnr"]) == (None, None, None)


def test_two_values_have_no_noise_between_them_only_where_they_meet(measure):
    plane = np.zeros((50, 50), "u1")
    plane[:, 25:] = 200
    row = measure(plane)
    assert (row["background"], row["foreground_fraction"], row["cnr"]) == (0, 0.5, None)
