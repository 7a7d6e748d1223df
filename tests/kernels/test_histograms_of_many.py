"""What is found out of the histograms of many planes is what each plane has alone."""

import numpy as np
import pytest
from alone import bins, median_deviation, together
from planes import PLANES

from smalti.kernels.bins import bins_of_many
from smalti.kernels.deviation import median_deviation_of_many
from smalti.kernels.histograms import Histogram
from smalti.kernels.measure import accumulate
from smalti.kernels.threshold import otsu_of_many

ALL = [accumulate(plane, frozenset({"histogram"}), samples).histogram for plane, samples in PLANES.values()]
ALL.append(accumulate(np.empty((0, 9), "u1"), frozenset({"histogram"})).histogram)
EXACT, OTHERS = ([one for one in ALL if one.exact is exact] for exact in (True, False))

groups = pytest.mark.parametrize("ones", [EXACT, OTHERS], ids=["exact", "not exact"])


def otsu(one: Histogram) -> int:
    """Place of the last of the dark values by NumPy, as long as there are two values."""
    dark = one.cumulative[:-1].astype(np.float64)
    away = (one.values - one.values[0]) / (one.values[-1] - one.values[0])
    sums = np.cumsum(away * one.counts)
    bright = one.n - dark
    return int(np.argmax(dark * bright * (sums[:-1] / dark - (sums[-1] - sums[:-1]) / bright) ** 2))


@pytest.mark.parametrize("n", [2, 100, 256])
@groups
def test_bins_of_many_are_those_of_each(ones: list[Histogram], n: int):
    found = bins_of_many(together(ones), n)
    for i, expected in enumerate(bins(one, n) for one in ones):
        np.testing.assert_array_equal(found.counts[slice(*found.starts[i : i + 2])], expected.counts)
        np.testing.assert_equal((found.low[i], found.width[i]), (expected.low, expected.width))


def test_bins_of_whole_numbers_are_as_narrow_as_their_number_allows():
    ends = np.sort(np.random.default_rng(0).integers(-700, 700, (500, 2)))
    widths = bins_of_many(
        together([accumulate(e[None].astype("i2"), {"histogram"}).histogram for e in ends]), 16
    ).width
    for (low, high), width in zip(ends, widths.astype(int), strict=True):
        assert high // width - low // width < 16
        assert width == 1 or high // (width // 2) - low // (width // 2) >= 16


@groups
def test_the_median_deviation_of_many_is_that_of_each(ones: list[Histogram]):
    centres = np.array([one.percentiles(50)[0] for one in ones])
    expected = [median_deviation(one, centre) for one, centre in zip(ones, centres, strict=True)]
    np.testing.assert_array_equal(median_deviation_of_many(together(ones), centres), expected)


def test_without_a_centre_there_is_no_deviation():
    assert np.isnan(median_deviation_of_many(together(EXACT), np.full(len(EXACT), np.nan))).all()


@groups
def test_the_threshold_of_otsu_is_that_of_numpy(ones: list[Histogram]):
    many = together(ones)
    places = [otsu(one) if one.values.size and one.low < one.high else None for one in ones]
    expected = [-1 if at is None else at + i for at, i in zip(places, many.starts[:-1], strict=True)]
    assert otsu_of_many(many).tolist() == expected
