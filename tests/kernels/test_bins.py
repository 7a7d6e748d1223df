"""Histograms small enough to keep, and the median deviation out of them."""

import numpy as np
import pytest
from alone import bins, median_deviation
from hypothesis import given, settings
from hypothesis import strategies as st
from planes import PLANES

from smalti.kernels.accumulators import Histogram
from smalti.kernels.measure import accumulate


def histogram(plane: np.ndarray, samples: str = "") -> Histogram:
    return accumulate(plane, frozenset({"histogram"}), samples).histogram


@pytest.mark.parametrize(("plane", "samples"), PLANES.values(), ids=PLANES)
def test_bins_hold_every_sample_and_are_few(plane: np.ndarray, samples: str):
    full = histogram(plane, samples)
    small = bins(full)
    assert small.counts.sum() == full.n
    assert small.counts.size <= 256
    if full.n:
        assert small.low <= full.low
        assert full.high <= small.low + small.width * small.counts.size


@pytest.mark.parametrize("n", [16, 100, 256])
def test_bins_of_integers_cover_whole_numbers_and_nest(n: int):
    plane = np.random.default_rng(0).integers(37, 3_900, (50, 50), dtype="u2")
    small = bins(histogram(plane), n)
    assert np.log2(small.width).is_integer()
    assert small.low % small.width == 0
    edges = small.low + small.width * np.arange(small.counts.size + 1) - 0.5
    np.testing.assert_array_equal(small.counts, np.histogram(plane, edges)[0])


def test_eight_bit_values_keep_a_bin_each():
    plane = np.arange(256, dtype="u1").reshape(16, 16)
    assert bins(histogram(plane)).counts.tolist() == [1] * 256


def test_bins_of_floats_are_those_of_numpy_but_for_the_edges():
    plane = np.random.default_rng(0).normal(size=(300, 300))
    small = bins(histogram(plane))
    expected = np.histogram(plane, 256)[0]
    assert np.abs(np.cumsum(small.counts) - np.cumsum(expected)).max() <= 5


def test_a_plane_without_finite_pixels_has_no_bins():
    small = bins(histogram(np.full((3, 3), np.nan)))
    assert small.counts.size == 0
    assert np.isnan(small.low)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(-300, 300), min_size=1, max_size=60))
def test_the_median_deviation_of_integers_is_exact(values: list[int]):
    plane = np.array([values], "i2")
    expected = np.median(np.abs(plane - np.median(plane)))
    assert median_deviation(histogram(plane), float(np.median(plane))) == expected


def test_the_median_deviation_of_floats_is_within_a_bin():
    plane = np.random.default_rng(0).normal(size=(100, 100))
    full = histogram(plane)
    expected = np.median(np.abs(plane - np.median(plane)))
    assert abs(median_deviation(full, *full.percentiles(50)) - expected) < np.ptp(plane) / 16_384
