"""Histograms small enough to keep: at most 256 bins each."""

from dataclasses import dataclass

import numpy as np

from smalti.kernels.histograms import Histograms

__all__ = ["Bins", "bins_of_many"]


@dataclass(frozen=True, slots=True)
class Bins:
    """Counts in bins of equal width of N planes, one after the other.

    Bin i of a plane covers low + i·width up to, not including, low + (i + 1)·width.

    Parameters
    ----------
    counts
        int64, of all planes; those of plane i lie at ``starts[i]:starts[i + 1]``, none without a value.
    starts
        int64, shape (N + 1,).
    low, width
        float64, shape (N,): start of the first bin and width of each; NaN when there is none.
    """

    counts: np.ndarray
    starts: np.ndarray
    low: np.ndarray
    width: np.ndarray


def bins_of_many(histograms: Histograms, n: int = 256) -> Bins:
    """Reduce the histogram of each plane to at most `n` bins, 2 at least.

    Whole numbers get bins of 1, 2, 4, … values that begin at a multiple of their width, so that no bin
    holds more values than its neighbour, none lies on an edge, and the bins of two planes nest. Other
    values get `n` bins over low..high, the last of which includes high. One single value gets one bin of
    width 1, centred on it unless it is a whole number of an exact histogram.
    """
    some = histograms.n > 0
    with np.errstate(over="ignore", invalid="ignore"):
        low, width, size = (_of_whole_numbers if histograms.exact else _of_floats)(histograms, n)
        size = np.where(some, size, 0).astype(np.int64)
        away = (histograms.values - histograms.of_values(low)) / histograms.of_values(width)
    starts = np.concatenate(([0], np.cumsum(size)))
    place = np.minimum(away, histograms.of_values(size - 1)).astype(np.int64)
    place += histograms.of_values(starts[:-1])
    counts = np.zeros(starts[-1], np.int64)
    np.add.at(counts, place, histograms.counts)
    return Bins(counts, starts, np.where(some, low, np.nan), np.where(some, width, np.nan))


def _of_whole_numbers(histograms: Histograms, n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Start, width and number of bins; all arithmetic is exact, as widths are powers of two."""
    low, high = histograms.low, histograms.high
    width = np.maximum(np.ldexp(1.0, np.frexp((high - low) / n)[1]), 1.0)  # the least above span / n
    width *= 1 + (np.floor(high / width) - np.floor(low / width) >= n)  # both ends may cut into a bin
    first = np.floor(low / width)
    return first * width, width, np.floor(high / width) - first + 1


def _of_floats(histograms: Histograms, n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    width = (histograms.high - histograms.low) / n
    several = (width > 0) & (width < np.inf)
    low = np.where(several, histograms.low, histograms.low - 0.5)
    return low, np.where(several, width, 1.0), np.where(several, n, 1)
