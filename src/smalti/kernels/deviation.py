"""The median distance from a centre, from counts of values."""

import numpy as np

from smalti.kernels._compile import compiled
from smalti.kernels.accumulators import Histogram

__all__ = ["median_deviation"]


def median_deviation(histogram: Histogram, centre: float) -> float:
    """Median of |value − centre| over all samples; NaN when none is finite.

    Of a histogram that is not exact the error is at most half a bin plus that of `centre`.
    """
    if not histogram.n:
        return float("nan")
    return float(walk_out(histogram.values, histogram.counts, centre, histogram.n))


@compiled
def walk_out(values: np.ndarray, counts: np.ndarray, centre: float, n: int) -> float:
    """Visit values (ascending) by rising distance from `centre` until half of `n` samples are seen."""
    below = np.searchsorted(values, centre, side="right") - 1
    above = below + 1
    seen = 0
    lower = np.nan
    while seen <= n // 2:
        down = centre - values[below] if below >= 0 else np.inf
        up = values[above] - centre if above < values.size else np.inf
        distance = min(down, up)
        if down <= up:
            seen += counts[below]
            below -= 1
        else:
            seen += counts[above]
            above += 1
        if lower != lower and seen > (n - 1) // 2:
            lower = distance
    return (lower + distance) / 2
