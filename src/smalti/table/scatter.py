"""Two columns against each other: as points, or counted on a grid."""

import numpy as np

from smalti.table.aggregates import Density, Points
from smalti.table.kept import Kept
from smalti.table.whole import Table

__all__ = ["density", "points"]

Range = tuple[float, float]


def points(kept: Kept, x: str, y: str, picked: np.ndarray) -> Points:
    """The filtered rows with both values as points."""
    table = kept.table
    all_x, all_y = table.numbers(x), table.numbers(y)
    rows = kept.rows
    rows = rows[np.isfinite(all_x[rows]) & np.isfinite(all_y[rows])]
    return Points(
        x,
        y,
        rows,
        all_x[rows],
        all_y[rows],
        kept.group_index[rows],
        picked[rows],
        table.extent(x),
        table.extent(y),
    )


def density(
    kept: Kept,
    x: str,
    y: str,
    picked: np.ndarray,
    shape: tuple[int, int],
    x_range: Range | None,
    y_range: Range | None,
) -> Density:
    """The filtered rows with both values, counted on a grid of `shape` (rows, columns) over the ranges."""
    table = kept.table
    whole = _widened(table.extent(x)), _widened(table.extent(y))
    view = x_range or whole[0], y_range or whole[1]
    if view == whole:  # zoomed-in grids are many, and each is looked at once
        key = ("cells", x, y, shape)
        cells = table.memo.get(key, lambda: _cells(table, x, y, shape, *view))
    else:
        cells = _cells(table, x, y, shape, *view)
    height, width = shape
    n_groups, n_cells = len(kept.groups.names), height * width
    seen = kept.rows[cells[kept.rows] >= 0]
    place = cells[seen]
    per_group = np.bincount(
        place + n_cells * kept.group_index[seen].astype(np.int32), minlength=n_groups * n_cells
    )
    groups = per_group.reshape(n_groups, height, width).astype(np.int32)
    chosen = np.bincount(place[picked[seen]], minlength=n_cells).reshape(shape).astype(np.int32)
    return Density(
        x,
        y,
        np.linspace(*view[0], width + 1),
        np.linspace(*view[1], height + 1),
        groups.sum(axis=0, dtype=np.int32),
        chosen,
        groups,
        table.extent(x),
        table.extent(y),
    )


def _widened(extent: Range) -> Range:
    """A range of some width, also where all values are one."""
    low, high = extent
    if low < high:
        return extent
    margin = abs(low) / 2 or 0.5
    return low - margin, high + margin


def _cells(
    table: Table, x: str, y: str, shape: tuple[int, int], x_range: Range, y_range: Range
) -> np.ndarray:
    """Cell of each row in the grid, int32, row by row from the lowest y; -1 outside."""
    height, width = shape
    column = _steps(table.numbers(x), x_range, width)
    row = _steps(table.numbers(y), y_range, height)
    return np.where((column >= 0) & (row >= 0), row * width + column, -1).astype(np.int32)


def _steps(values: np.ndarray, extent: Range, n: int) -> np.ndarray:
    """Which of n equal steps a value is in, the last with its upper end; -1 outside."""
    low, high = extent
    inside = (values >= low) & (values <= high)  # NaN is not
    place = np.full(len(values), -1, np.int32)
    # Halves: the range may be wider than the largest double.
    share = (values[inside] / 2 - low / 2) / (high / 2 - low / 2)
    place[inside] = np.minimum((share * n).astype(np.int32), n - 1)
    return place
