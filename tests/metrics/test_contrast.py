"""Contrast of the whole plane and of neighbours."""

import numpy as np
import pytest
from scipy import ndimage

PLANE = np.random.default_rng(0).normal(500, 40, (90, 90)).astype("u2")


def test_global_contrast_follows_its_formulae(measure):
    row = measure(PLANE)
    dark, bright = np.percentile(PLANE, (1, 99))
    assert row["michelson"] == pytest.approx((bright - dark) / (bright + dark))
    assert row["rms_contrast"] == pytest.approx(PLANE.std() / PLANE.mean())


def test_local_contrast_is_the_mean_range_of_three_by_three(measure):
    ranges = ndimage.maximum_filter(PLANE, 3) - ndimage.minimum_filter(PLANE, 3)
    assert measure(PLANE)["local_contrast"] == pytest.approx(ranges[1:-1, 1:-1].mean() / PLANE.std())


def test_contrast_without_a_zero_point_is_none(measure):
    row = measure(PLANE.astype("i4") - 500)
    assert row["michelson"] is None
    assert measure(np.zeros((5, 5)))["rms_contrast"] is None
    assert measure(np.ones((5, 5)))["local_contrast"] is None
