"""Luma over a coarse grid."""

import numpy as np

from smalti.kernels._compile import compiled
from smalti.kernels.accumulators import Cells
from smalti.kernels.encoding import Encoding
from smalti.kernels.layout import Layout

__all__ = ["CellSums"]

GRID = 64


class CellSums:
    """Sums over at most 64×64 cells; luma comes from top to bottom."""

    def __init__(self, layout: Layout, encoding: Encoding) -> None:
        self._layout = layout
        self._encoding = encoding
        self._rows = _edges(layout.height)
        self._columns = _edges(layout.width)
        self._sums = np.zeros((4, self._rows.size - 1, self._columns.size - 1))
        self._done = 0

    def add(self, luma: np.ndarray) -> None:
        """Add the next rows of luma."""
        add_cells(luma, self._done, self._rows, self._columns, self._sums)
        self._done += len(luma)

    def result(self) -> Cells:
        """See `Cells`."""
        n, first, total, square = self._sums
        unit = self._layout.unit
        with np.errstate(invalid="ignore"):
            away = total / n
            variance = np.maximum(square / n - away * away, 0)
        mean = (first + away) * unit + self._encoding.zero
        return Cells(n.astype(np.int64), mean, variance * unit**2)


def _edges(size: int) -> np.ndarray:
    n = min(size, GRID)
    return np.arange(n + 1) * size // max(n, 1)


@compiled
def add_cells(luma: np.ndarray, top: int, rows: np.ndarray, columns: np.ndarray, sums: np.ndarray) -> None:
    """Add rows of luma from row `top` on to `sums` (4, cells, cells).

    For each cell: number of finite pixels, the first of them, and sum and sum of squares of the distances
    from that first, so that a cell on a large offset keeps its digits.
    """
    cell = np.searchsorted(rows, top, side="right") - 1
    for r in range(luma.shape[0]):
        if top + r == rows[cell + 1]:
            cell += 1
        for c in range(columns.size - 1):
            n = sums[0, cell, c]
            first = sums[1, cell, c]
            total = 0.0
            square = 0.0
            for x in range(columns[c], columns[c + 1]):
                value = np.float64(luma[r, x])
                if abs(value) < np.inf:
                    if n == 0.0:
                        first = value
                    n += 1.0
                    total += value - first
                    square += (value - first) ** 2
            sums[0, cell, c] = n
            sums[1, cell, c] = first
            sums[2, cell, c] += total
            sums[3, cell, c] += square
