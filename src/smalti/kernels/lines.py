"""Rows and columns of one single value."""

import numpy as np

from smalti.kernels._compile import compiled
from smalti.kernels.layout import Layout

__all__ = ["LineSums"]


class LineSums:
    """Looks for constant rows and columns of luma that comes from top to bottom.

    A row is left at its first other pixel and a column is not looked at again after one, so that ordinary
    planes cost next to nothing.
    """

    def __init__(self, layout: Layout) -> None:
        self._rows = np.zeros(layout.height, np.bool_)
        self._first = np.full(layout.width, np.nan)
        self._alive = np.arange(layout.width)
        self._n_alive = layout.width
        self._done = 0

    def add(self, luma: np.ndarray) -> None:
        """Add the next rows of luma."""
        rows = self._rows[self._done : self._done + len(luma)]
        self._n_alive = look_for_constants(luma, rows, self._first, self._alive, self._n_alive)
        self._done += len(luma)

    def result(self) -> tuple[np.ndarray, np.ndarray]:
        """Whether each row, and each column, holds one finite value and no other."""
        columns = np.zeros(self._first.size, np.bool_)
        columns[self._alive[: self._n_alive]] = True
        return self._rows, columns & np.isfinite(self._first)


@compiled
def look_for_constants(
    luma: np.ndarray, rows: np.ndarray, first: np.ndarray, alive: np.ndarray, n_alive: int
) -> int:
    """Mark constant `rows` (n,) of luma (n, X); keep in `alive` the columns that hold `first` (X,) alone.

    The first `n_alive` entries of `alive` count; returns how many are left.
    """
    for r in range(luma.shape[0]):
        line = luma[r]
        value = np.nan
        same = True
        for x in range(line.size):
            if abs(line[x]) < np.inf:
                if value != value:
                    value = line[x]
                elif line[x] != value:
                    same = False
                    break
        rows[r] = same and value == value
        kept = 0
        for k in range(n_alive):
            x = alive[k]
            here = line[x]
            if abs(here) < np.inf:
                if first[x] != first[x]:
                    first[x] = here
                elif here != first[x]:
                    continue
            alive[kept] = x
            kept += 1
        n_alive = kept
    return n_alive
