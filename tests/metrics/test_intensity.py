"""Intensity against NumPy, SciPy and scikit-image."""

import numpy as np
import pytest
from scipy import stats
from skimage.measure import shannon_entropy

PLANE = np.random.default_rng(0).gamma(2, 20, (60, 70)).astype("u1")


@pytest.mark.parametrize("plane", [PLANE, PLANE.astype("f8") * 1.5 - 7], ids=["u8", "f64"])
def test_moments_are_those_of_scipy(measure, plane: np.ndarray):
    row = measure(plane)
    assert row["mean"] == pytest.approx(plane.mean())
    assert row["std"] == pytest.approx(plane.std())
    assert row["skewness"] == pytest.approx(stats.skew(plane, axis=None))
    assert row["kurtosis"] == pytest.approx(stats.kurtosis(plane, axis=None))


def test_order_statistics_of_integers_are_exact(measure):
    row = measure(PLANE)
    for name, percent in {
        "p01": 1,
        "p05": 5,
        "p25": 25,
        "median": 50,
        "p75": 75,
        "p95": 95,
        "p999": 99.9,
    }.items():
        assert row[name] == pytest.approx(np.percentile(PLANE, percent), rel=1e-12)
    assert row["mad"] == stats.median_abs_deviation(PLANE, axis=None)
    assert row["mode"] == stats.mode(PLANE, axis=None).mode


def test_entropy_of_eight_bits_is_shannons(measure):
    assert measure(PLANE)["entropy"] == pytest.approx(shannon_entropy(PLANE, base=2))


def test_entropy_of_other_types_is_that_of_256_bins_at_most(measure):
    flat = np.arange(2**16, dtype="u2").reshape(256, 256)
    assert measure(flat)["entropy"] == pytest.approx(8)
    assert measure(flat.astype("f4"))["entropy"] == pytest.approx(8, abs=1e-3)


def test_zeros_are_a_share_of_the_finite_samples(measure):
    plane = np.array([[0, 1, np.nan, np.inf], [0, 2, 3, 1e-300]])
    row = measure(plane)
    assert (row["n_finite"], row["n_nan"], row["n_inf"]) == (6, 1, 1)
    assert row["zero_fraction"] == pytest.approx(2 / 6)


def test_a_constant_plane_has_no_shape(measure):
    row = measure(np.full((9, 9), 0.1, "f4"))
    assert (row["std"], row["entropy"], row["mad"]) == (0, 0, 0)
    assert row["skewness"] is None
    assert row["kurtosis"] is None
