"""What makes a view one that a table can show; said in words where it is not."""

from typing import Any

from smalti.core.errors import UnknownNameError, UsageError
from smalti.table.choice import DIMENSIONS, UNITS, View
from smalti.table.conditions import filter_source
from smalti.table.palette import check_palette
from smalti.table.whole import Table

__all__ = ["check_view"]


def check_view(table: Table, view: View) -> None:
    """Whether a table has what a view asks for.

    Raises
    ------
    UnknownNameError
        A column, operation, method, palette, unit or dimension that does not exist.
    UsageError
        A filter that cannot be read, two of one name, or a column that has no groups or order.
    """
    names = [filter_.name for filter_ in view.filters]
    for name in names:
        if names.count(name) > 1:
            raise UsageError(f"two filters are named {name!r}; give each a name of its own")
    for filter_ in view.filters:
        filter_source(table, filter_, view.group_by)
    for pick in view.selection:
        if pick.text:
            table.condition(pick.text)
    for column in (view.group_by, view.color_by):
        _check_groups(table, column)
    if view.sort_by != "path":
        _check_order(table, view.sort_by)
    check_palette(view.palette)
    _one_of("unit", view.unit, UNITS)
    for name, position in view.dims.items():
        _one_of("dimension", name, DIMENSIONS)
        if isinstance(position, bool) or not isinstance(position, int) or position < 0:
            raise UsageError(f"dimension {name} is at {position!r}; give a position from 0")


def _check_groups(table: Table, column: str | None) -> None:
    if column is not None and table.dtype(column).is_nested():
        raise UsageError(f"column {column!r} is {table.dtype(column)}; choose text, numbers or booleans")


def _check_order(table: Table, column: str) -> None:
    if table.dtype(column).is_nested():
        raise UsageError(f"column {column!r} is {table.dtype(column)} and has no order")


def _one_of(kind: str, name: Any, known: tuple[str, ...]) -> None:
    if name not in known:
        raise UnknownNameError(kind, str(name), known)
