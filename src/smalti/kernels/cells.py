"""Luma over a coarse grid, and its noise there."""

import numpy as np

from smalti.kernels._compile import compiled
from smalti.kernels.accumulators import Cells
from smalti.kernels.encoding import Encoding
from smalti.kernels.layout import Layout
from smalti.kernels.luma import HALO

__all__ = ["CellSums"]

GRID = 64


class CellSums:
    """Sums over at most 64×64 cells of k planes; luma comes from top to bottom."""

    def __init__(self, layout: Layout, encoding: Encoding) -> None:
        k = len(encoding.zero)
        self._layout = layout
        self._encoding = encoding
        self._rows = _edges(layout.height)
        self._columns = _edges(layout.width)
        self._sums = np.zeros((k, 4, self._rows.size - 1, self._columns.size - 1))
        self._line = np.zeros((k, 4, layout.width))

    def add(self, block: np.ndarray, part: slice, top: int) -> None:
        """Add a block of `Luma.next` for a part of the planes, whose first new row is `top`."""
        finite, line, sums = self._encoding.finite[part], self._line[part], self._sums[part]
        add_cells(block, top, self._rows, self._columns, finite, line, sums)

    def result(self) -> Cells:
        """See `Cells`."""
        total, mixed, n, n_blocks = np.moveaxis(self._sums, 1, 0)
        down, across = np.diff(self._rows), np.diff(self._columns)
        n = self._counted(n, np.outer(down, across))
        n_blocks = self._counted(n_blocks, np.outer(down // 2, across // 2))
        unit = self._layout.unit
        with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
            mean = total / n * unit + self._encoding.zeros[:, None, None]
            noise = mixed / (4 * n_blocks) * unit**2
        height, width = self._layout.height, self._layout.width
        return Cells(height, width, n, mean, n_blocks, noise)

    def _counted(self, counts: np.ndarray, everything: np.ndarray) -> np.ndarray:
        """int64 (k, cells, cells): what was counted, or everything where all of a plane is finite."""
        finite = self._encoding.finite
        if finite.all():
            return np.broadcast_to(everything, counts.shape)
        return np.where(finite[:, None, None], everything, counts).astype(np.int64)


def _edges(size: int) -> np.ndarray:
    n = min(size, GRID)
    return np.arange(n + 1) * size // max(n, 1)


@compiled
def add_cells(
    block: np.ndarray,
    top: int,
    rows: np.ndarray,
    columns: np.ndarray,
    finite: np.ndarray,
    line: np.ndarray,
    sums: np.ndarray,
) -> None:
    """Add the new rows of `block` (k, 2 + n, X) to `sums` (k, 4, cells, cells); `top` is the first of them.

    For each cell: sum of its finite pixels, sum of (a − b − c + d)² over its finite blocks [a b; c d], and of
    a plane that is not all `finite` the number of both. Rows are paired from the top row of each cell on,
    columns from its first. `line` (k, 4, X) collects one line of cells by column, so that the loops along
    rows are long.
    """
    for p in range(block.shape[0]):
        add_cells_of_plane(block[p], top, rows, columns, not finite[p], line[p], sums[p])


@compiled
def add_cells_of_plane(
    block: np.ndarray,
    top: int,
    rows: np.ndarray,
    columns: np.ndarray,
    masked: bool,
    line: np.ndarray,
    sums: np.ndarray,
) -> None:
    """As `add_cells`, of one plane."""
    cell = 0
    while rows[cell + 1] <= top:  # numba's searchsorted brings all of its NumPy: 0.15 s of CPU a process
        cell += 1
    for r in range(HALO, block.shape[0]):
        y = top + r - HALO
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
