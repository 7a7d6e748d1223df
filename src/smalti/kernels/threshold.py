"""Where counts of values fall into two classes, dark and bright."""

import numpy as np

from smalti.kernels._compile import compiled_in_order
from smalti.kernels.accumulators import Histograms

__all__ = ["otsu_of_many"]


def otsu_of_many(histograms: Histograms) -> np.ndarray:
    """Otsu's threshold of each plane (1979, IEEE Trans. SMC 9, 62): the last of the dark values.

    Returns
    -------
    int64, shape (N,): its place in ``histograms.values``; -1 for a plane without two values.
    """
    places = np.empty(histograms.starts.size - 1, np.int64)
    cut_in_two(histograms.values, histograms.counts, histograms.starts, places)
    return places


@compiled_in_order
def cut_in_two(values: np.ndarray, counts: np.ndarray, starts: np.ndarray, places: np.ndarray) -> None:
    """Find where the variance between the two classes is greatest, the first of equals.

    Values are taken as their share of the way from the least to the greatest, which keeps digits on offsets.
    """
    for plane in range(places.size):
        first, last = starts[plane], starts[plane + 1] - 1
        places[plane] = -1
        if last <= first or values[first] == values[last]:
            continue
        span = values[last] - values[first]
        n = 0
        total = 0.0
        for i in range(first, last + 1):
            n += counts[i]
            total += (values[i] - values[first]) / span * counts[i]
        places[plane] = first
        most = -1.0
        n_dark = 0
        dark = 0.0
        for i in range(first, last):
            n_dark += counts[i]
            dark += (values[i] - values[first]) / span * counts[i]
            n_bright = n - n_dark
            apart = dark / n_dark - (total - dark) / n_bright
            between = float(n_dark) * float(n_bright) * (apart * apart)
            if between > most:
                most = between
                places[plane] = i
