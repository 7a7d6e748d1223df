"""Two columns against each other: as points, or counted on a grid."""

import numpy as np

from smalti.table.aggregates import Density, Points
from smalti.table.kept import Kept
from smalti.table.whole import Table

__all__ = ["density", "points"]

Range = tuple[float, float]
Log = tuple[bool, bool]


def points(kept: Kept, x: str, y: str, picked: np.ndarray, log: Log = (False, False)) -> Points:
    """The filtered rows with both values as points."""
    table = kept.table
    all_x, all_y = table.numbers(x), table.numbers(y)
    rows = kept.rows
    rows = rows[_on_axis(all_x[rows], log[0]) & _on_axis(all_y[rows], log[1])]
    return Points(
        x,
        y,
        rows,
        all_x[rows],
        all_y[rows],
        kept.group_index[rows],
        picked[rows],
        _extent(table, x, log[0]),
        _extent(table, y, log[1]),
        log,
    )


def density(
    kept: Kept,
    x: str,
    y: str,
    picked: np.ndarray,
    shape: tuple[int, int],
    x_range: Range | None,
    y_range: Range | None,
    log: Log = (False, False),
) -> Density:
    """The filtered rows with both values, counted on a grid of `shape` (rows, columns) over the ranges."""
    table = kept.table
    extents = _extent(table, x, log[0]), _extent(table, y, log[1])
    whole = _widened(extents[0]), _widened(extents[1])
    view = x_range or whole[0], y_range or whole[1]
    if view == whole:  # zoomed-in grids are many, and each is looked at once
        key = ("cells", x, y, shape, log)
        cells = table.memo.get(key, lambda: _cells(table, x, y, shape, *view, log))
    else:
        cells = _cells(table, x, y, shape, *view, log)
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
        _edges(view[0], width, log[0]),
        _edges(view[1], height, log[1]),
        groups.sum(axis=0, dtype=np.int32),
        chosen,
        groups,
        *extents,
        log,
    )


def _on_axis(values: np.ndarray, log: bool) -> np.ndarray:
    """Whether an axis can show a value."""
    shown: np.ndarray = np.isfinite(values)
    return shown & (values > 0) if log else shown


def _extent(table: Table, column: str, log: bool) -> Range:
    """Least and greatest value that an axis can show, of the whole table."""
    if not log:
        return table.extent(column)
    edges = table.bins(column, True, 1).edges
    return float(edges[0]), float(edges[-1])


def _edges(extent: Range, n: int, log: bool) -> np.ndarray:
    return np.geomspace(*extent, n + 1) if log else np.linspace(*extent, n + 1)


def _widened(extent: Range) -> Range:
    """A range of some width, also where all values are one."""
    low, high = extent
    if low < high:
        return extent
    margin = abs(low) / 2 or 0.5
    return low - margin, high + margin


def _cells(
    table: Table, x: str, y: str, shape: tuple[int, int], x_range: Range, y_range: Range, log: Log
) -> np.ndarray:
    """Cell of each row in the grid, int32, row by row from the lowest y; -1 outside."""
    height, width = shape
    column = _steps(table.numbers(x), x_range, width, log[0])
    row = _steps(table.numbers(y), y_range, height, log[1])
    return np.where((column >= 0) & (row >= 0), row * width + column, -1).astype(np.int32)


def _steps(values: np.ndarray, extent: Range, n: int, log: bool) -> np.ndarray:
    """Which of n equal steps of an axis a value is in, the last with its upper end; -1 outside."""
    if log:
        values = np.log(values, out=np.full(len(values), np.nan), where=values > 0)
        extent = float(np.log(extent[0])), float(np.log(extent[1]))
    low, high = extent
    inside = (values >= low) & (values <= high)  # NaN is not
    place = np.full(len(values), -1, np.int32)
    # Halves: the range may be wider than the largest double.
    share = (values[inside] / 2 - low / 2) / (high / 2 - low / 2)
    place[inside] = np.minimum((share * n).astype(np.int32), n - 1)
    return place
