"""Rows and columns of one single value."""

import numpy as np

from smalti.kernels._compile import compiled
from smalti.kernels.layout import Layout
from smalti.kernels.luma import HALO

__all__ = ["LineSums"]


class LineSums:
    """Looks for constant rows and columns of luma of k planes that comes from top to bottom.

    A row is left at its first other pixel and a column is not looked at again after one, so that ordinary
    planes cost next to nothing.
    """

    def __init__(self, layout: Layout, k: int) -> None:
        self._rows = np.zeros((k, layout.height), np.bool_)
        self._first = np.full((k, layout.width), np.nan)
        self._alive = np.tile(np.arange(layout.width), (k, 1))
        self._n_alive = np.full(k, layout.width)

    def add(self, block: np.ndarray, part: slice, top: int) -> None:
        """Add a block of `Luma.next` for a part of the planes, whose first new row is `top`."""
        rows, first, alive, n_alive = self._rows, self._first, self._alive, self._n_alive
        look_for_constants(block, top, rows[part], first[part], alive[part], n_alive[part])

    def result(self) -> tuple[np.ndarray, np.ndarray]:
        """Whether each row (k, Y), and each column (k, X), holds one finite value and no other."""
        columns = np.zeros(self._first.shape, np.bool_)
        for i in np.flatnonzero(self._n_alive).tolist():
            columns[i, self._alive[i, : self._n_alive[i]]] = True
        return self._rows, columns & np.isfinite(self._first)


@compiled
def look_for_constants(
    block: np.ndarray,
    top: int,
    rows: np.ndarray,
    first: np.ndarray,
    alive: np.ndarray,
    n_alive: np.ndarray,
) -> None:
    """Mark constant `rows` (k, Y) of a block of luma; keep in `alive` the columns that hold `first` alone.

    Of each plane the first `n_alive` (k,) entries of `alive` (k, X) count; `first` is (k, X).
    """
    for p in range(block.shape[0]):
        for r in range(HALO, block.shape[1]):
            line = block[p, r]
            rows[p, top + r - HALO] = is_constant(line)
            kept = 0
            for k in range(n_alive[p]):
                x = alive[p, k]
                here = line[x]
                if abs(here) < np.inf:
                    if first[p, x] != first[p, x]:
                        first[p, x] = here
                    elif here != first[p, x]:
                        continue
                alive[p, kept] = x
                kept += 1
            n_alive[p] = kept


@compiled
def is_constant(line: np.ndarray) -> bool:
    """Whether the finite pixels of a line, at least one, have one value."""
    value = np.nan
    for x in range(line.size):
        if abs(line[x]) < np.inf:
            if value != value:
                value = line[x]
            elif line[x] != value:
                return False
    return bool(value == value)
