"""Luma over a coarse grid, and its noise there."""

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
        self._line = np.zeros((4, layout.width))
        self._masked = not encoding.all_finite
        self._done = 0

    def add(self, block: np.ndarray, halo: int) -> None:
        """Add a block of `Luma.next`."""
        add_cells(block, halo, self._done, self._rows, self._columns, self._masked, self._line, self._sums)
        self._done += len(block) - halo

    def result(self) -> Cells:
        """See `Cells`."""
        total, mixed, n, n_blocks = self._sums
        unit = self._layout.unit
        if not self._masked:
            n = np.outer(np.diff(self._rows), np.diff(self._columns))
            n_blocks = np.outer(np.diff(self._rows) // 2, np.diff(self._columns) // 2)
        with np.errstate(invalid="ignore", over="ignore"):
            mean = total / n * unit + self._encoding.zero
            noise = mixed / (4 * n_blocks) * unit**2
        height, width = self._layout.height, self._layout.width
        return Cells(height, width, n.astype(np.int64), mean, n_blocks.astype(np.int64), noise)


def _edges(size: int) -> np.ndarray:
    n = min(size, GRID)
    return np.arange(n + 1) * size // max(n, 1)


@compiled
def add_cells(
    block: np.ndarray,
    halo: int,
    top: int,
    rows: np.ndarray,
    columns: np.ndarray,
    masked: bool,
    line: np.ndarray,
    sums: np.ndarray,
) -> None:
    """Add the rows of `block` after its first `halo` to `sums` (4, cells, cells); `top` is the first of them.

    For each cell: sum of its finite pixels, sum of (a − b − c + d)² over its finite blocks [a b; c d], and if
    `masked` the number of both. Rows are paired from the top row of each cell on, columns from its first.
    `line` (4, X) collects one line of cells by column, so that the loops along rows are long.
    """
    cell = np.searchsorted(rows, top, side="right") - 1
    for r in range(halo, block.shape[0]):
        y = top + r - halo
        if y == rows[cell + 1]:
            cell += 1
        add_pixels(block[r], masked, line[0], line[2])
        if (y - rows[cell]) % 2 == 1:
            add_mixed(block[r - 1], block[r], masked, line[1], line[3])
        if y + 1 == rows[cell + 1]:
            for c in range(columns.size - 1):
                first, last = columns[c], columns[c + 1]
                sums[0, cell, c] += total(line[0, first:last])
                sums[1, cell, c] += total(line[1, first : last - 1 : 2])
                if masked:
                    sums[2, cell, c] += total(line[2, first:last])
                    sums[3, cell, c] += total(line[3, first : last - 1 : 2])
            line[:] = 0.0


@compiled
def total(values: np.ndarray) -> float:
    """Their sum."""
    found = 0.0
    for i in range(values.size):
        found += values[i]
    return found


@compiled
def add_pixels(row: np.ndarray, masked: bool, totals: np.ndarray, counts: np.ndarray) -> None:
    """Add the finite pixels of a row by column."""
    if not masked:
        for x in range(row.size):
            totals[x] += row[x]
        return
    for x in range(row.size):
        ok = abs(row[x]) < np.inf
        counts[x] += 1.0 if ok else 0.0
        totals[x] += row[x] if ok else 0.0


@compiled
def add_mixed(
    upper: np.ndarray, lower: np.ndarray, masked: bool, squares: np.ndarray, counts: np.ndarray
) -> None:
    """Add the finite 2×2 blocks of two rows by the column they begin in: all of them, overlapping."""
    if not masked:
        for x in range(upper.size - 1):
            mixed = (upper[x] - lower[x]) - (upper[x + 1] - lower[x + 1])
            squares[x] += mixed * mixed
        return
    for x in range(upper.size - 1):
        mixed = (upper[x] - lower[x]) - (upper[x + 1] - lower[x + 1])
        ok = abs(mixed) < np.inf
        counts[x] += 1.0 if ok else 0.0
        squares[x] += mixed * mixed if ok else 0.0
