"""A histogram small enough to keep: at most 256 bins."""

from dataclasses import dataclass

import numpy as np

from smalti.kernels.accumulators import Histogram

__all__ = ["Bins", "bins"]


@dataclass(frozen=True, slots=True)
class Bins:
    """Counts in bins of equal width; bin i covers low + i·width up to, not including, low + (i + 1)·width.

    Parameters
    ----------
    counts
        int64, at most as many as asked for; empty when no sample is finite.
    low, width
        Start of the first bin and width of each; NaN when there is none.
    """

    counts: np.ndarray
    low: float
    width: float


def bins(histogram: Histogram, n: int = 256) -> Bins:
    """Reduce a histogram to at most `n` bins.

    Whole numbers get bins of 1, 2, 4, … values that begin at a multiple of their width, so that no bin
    holds more values than its neighbour, none lies on an edge, and the bins of two planes nest. Other
    values get `n` bins over low..high, the last of which includes high. One single value gets one bin of
    width 1, centred on it unless it is a whole number of an exact histogram.
    """
    if not histogram.n:
        return Bins(np.empty(0, np.int64), float("nan"), float("nan"))
    if histogram.exact:
        return _of_whole_numbers(histogram, n)
    width = (histogram.high - histogram.low) / n
    if not (width > 0 and np.isfinite(width)):
        return Bins(np.array([histogram.n]), histogram.low - 0.5, 1.0)
    place = np.minimum(((histogram.values - histogram.low) / width).astype(np.int64), n - 1)
    return Bins(_sums(place, histogram.counts, n), histogram.low, width)


def _of_whole_numbers(histogram: Histogram, n: int) -> Bins:
    low, high, width = int(histogram.low), int(histogram.high), 1
    while high // width - low // width >= n:
        width *= 2
    start = low // width * width
    place = (histogram.values - start).astype(np.int64) // width
    return Bins(_sums(place, histogram.counts, high // width - low // width + 1), float(start), float(width))


def _sums(place: np.ndarray, counts: np.ndarray, n: int) -> np.ndarray:
    return np.bincount(place, counts, n).astype(np.int64)
