"""Statistics of the rows of an array, one row a plane."""

import numpy as np

__all__ = ["medians"]


def medians(values: np.ndarray, n: int | np.ndarray) -> np.ndarray:
    """Median of the `n` lowest numbers of each row, (rows,); NaN counts as the highest.

    It is NaN where `n` is 0, if the row ends in NaN.
    """
    ranked = np.sort(values, axis=1)
    rows = slice(None) if isinstance(n, int) else np.arange(len(ranked))  # a slice spares 3 µs
    found: np.ndarray = (ranked[rows, (n - 1) // 2] + ranked[rows, n // 2]) / 2
    return found
