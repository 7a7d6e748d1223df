"""The median distance from a centre, from counts of values."""

import numpy as np

from smalti.kernels._compile import compiled
from smalti.kernels.histograms import Histograms

__all__ = ["median_deviation_of_many"]


def median_deviation_of_many(histograms: Histograms, centres: np.ndarray) -> np.ndarray:
    """Median of |value − centre| over all samples of each plane; NaN when none is finite, or no centre.

    Of a histogram that is not exact the error is at most half a bin plus that of its centre.
    """
    found = np.empty(centres.size)
    walk_out(histograms.values, histograms.counts, histograms.starts, centres, found)
    return found


@compiled
def walk_out(
    values: np.ndarray, counts: np.ndarray, starts: np.ndarray, centres: np.ndarray, found: np.ndarray
) -> None:
    """Visit the values of a plane (ascending) outwards from its centre until half its samples are seen."""
    for plane in range(found.size):
        first, end, centre = starts[plane], starts[plane + 1], centres[plane]
        n = 0
        for i in range(first, end):
            n += counts[i]
        if n == 0 or centre != centre:
            found[plane] = np.nan
            continue
        above = first
        while above < end and values[above] <= centre:
            above += 1
        below = above - 1
        seen = 0
        lower = distance = np.nan
        while seen <= n // 2:
            down = centre - values[below] if below >= first else np.inf
            up = values[above] - centre if above < end else np.inf
            distance = min(down, up)
            if down <= up:
                seen += counts[below]
                below -= 1
            else:
                seen += counts[above]
                above += 1
            if lower != lower and seen > (n - 1) // 2:
                lower = distance
        found[plane] = (lower + distance) / 2
