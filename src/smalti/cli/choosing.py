"""Options that choose rows, the same in every command, and the view that they make."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from smalti.core.errors import UnknownNameError, UsageError

if TYPE_CHECKING:
    import polars as pl

    from smalti.table.choice import View
    from smalti.table.filters import Filter
    from smalti.table.whole import Table

__all__ = [
    "Chosen",
    "ColumnsFrom",
    "Descending",
    "FilterColumns",
    "FilterOps",
    "FilterValues",
    "GroupBy",
    "JoinFiles",
    "JoinOn",
    "SavedView",
    "SelectIds",
    "SelectWhere",
    "SortBy",
    "Where",
    "chosen_view",
]

_PANEL = "Rows"

Where = Annotated[
    list[str] | None,
    typer.Option(metavar="EXPR", help="Only rows for which this holds; repeatable.", rich_help_panel=_PANEL),
]
FilterColumns = Annotated[
    list[str] | None,
    typer.Option("--filter-col", metavar="COL", help="Filter this column …", rich_help_panel=_PANEL),
]
FilterOps = Annotated[
    list[str] | None,
    typer.Option(
        "--filter-op",
        metavar="OP",
        help="… by ==, !=, <, <=, >, >=, between, in, contains, regex, is_null, is_top, is_bottom or "
        "is_outlier …",
        rich_help_panel=_PANEL,
    ),
]
FilterValues = Annotated[
    list[str] | None,
    typer.Option(
        "--filter",
        metavar="V",
        help="… with this value (A,B for between and in; none for is_null); all three repeatable.",
        rich_help_panel=_PANEL,
    ),
]
SelectWhere = Annotated[
    list[str] | None,
    typer.Option(metavar="EXPR", help="Only rows selected by this, or another such.", rich_help_panel=_PANEL),
]
SelectIds = Annotated[
    str | None,
    typer.Option(
        metavar="F|ID,ID", help="Only these images: a file with an id a line, or ids.", rich_help_panel=_PANEL
    ),
]
SavedView = Annotated[
    str | None,
    typer.Option("--view", metavar="NAME", help="Begin with a view saved by name.", rich_help_panel=_PANEL),
]
ColumnsFrom = Annotated[
    list[str] | None,
    typer.Option(
        metavar="TEMPLATE",
        help="Columns from file names, such as '{well}_{site:int}'; repeatable.",
        rich_help_panel=_PANEL,
    ),
]
JoinFiles = Annotated[
    list[str] | None,
    typer.Option(
        "--join", metavar="F.csv", help="Columns of a CSV, TSV or Parquet file …", rich_help_panel=_PANEL
    ),
]
JoinOn = Annotated[
    list[str] | None,
    typer.Option("--on", metavar="COL", help="… joined on this column; repeatable.", rich_help_panel=_PANEL),
]
GroupBy = Annotated[
    str | None,
    typer.Option(
        metavar="COL",
        help="Groups that is_outlier looks within: a column, path[0], path[1], …, or a template.",
        rich_help_panel=_PANEL,
    ),
]
SortBy = Annotated[
    str | None,
    typer.Option(metavar="COL", help="Order of the rows, else by path.", rich_help_panel=_PANEL),
]
Descending = Annotated[bool, typer.Option("--descending", help="The largest first.", rich_help_panel=_PANEL)]


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the options say; a command hands over those that it has."""

    where: Sequence[str] = ()
    filter_columns: Sequence[str] = ()
    filter_ops: Sequence[str] = ()
    filter_values: Sequence[str] = ()
    select_where: Sequence[str] = ()
    select_ids: str | None = None
    view: str | None = None
    columns_from: Sequence[str] = ()
    join_files: Sequence[str] = ()
    join_on: Sequence[str] = ()
    group_by: str | None = None
    sort_by: str | None = None
    descending: bool = False


def chosen_view(table: "Table", chosen: Chosen) -> "View":
    """The view over a table that the options make.

    Raises
    ------
    UsageError
        Options that belong together are not there equally often, or do not fit the table.
    """
    from smalti.table.view import ViewState

    state = ViewState(table) if chosen.view is None else ViewState.load(table, chosen.view)
    for template in chosen.columns_from:
        state.add_columns_from(template)
    for file, on in _pairs(chosen):
        state.join(file, on)
    if chosen.group_by is not None:
        state.group_by = chosen.group_by
    for text in chosen.where:
        state.add_expression(text)
    for filter_ in _filters(state.table, chosen):
        state.add_filter(filter_.column, filter_.op, filter_.value)
    for text in chosen.select_where:
        state.select_where(text, mode="add")
    if chosen.select_ids is not None:
        state.select_rows(_rows(table, chosen.select_ids), how="code", mode="add")
    if chosen.sort_by is not None:
        state.sort_by = chosen.sort_by
    if chosen.descending:
        state.descending = True
    return state.view


def _pairs(chosen: Chosen) -> Iterator[tuple[str, str]]:
    if len(chosen.join_files) != len(chosen.join_on):
        raise UsageError(
            f"--join is there {len(chosen.join_files)} times and --on {len(chosen.join_on)} times; "
            "each file needs its column"
        )
    return zip(chosen.join_files, chosen.join_on, strict=True)


def _filters(table: "Table", chosen: Chosen) -> "Iterator[Filter]":
    from smalti.table.filters import OPS, Filter

    if len(chosen.filter_columns) != len(chosen.filter_ops):
        raise UsageError(
            f"--filter-col is there {len(chosen.filter_columns)} times and --filter-op "
            f"{len(chosen.filter_ops)} times; each filter needs both"
        )
    values = iter(chosen.filter_values)
    for column, op in zip(chosen.filter_columns, chosen.filter_ops, strict=True):
        if op not in OPS:
            raise UnknownNameError("operation", op, OPS)
        yield Filter("", column, op, None if op == "is_null" else _value(table, column, op, values))
    if (extra := next(values, None)) is not None:
        raise UsageError(f"--filter {extra} belongs to no --filter-col; is_null takes no value")


def _value(table: "Table", column: str, op: str, values: Iterator[str]) -> Any:
    text = next(values, None)
    if text is None:
        raise UsageError(f"--filter-col {column} --filter-op {op} needs a value: add --filter V")
    if op in ("is_top", "is_bottom", "is_outlier"):
        return _number(text, op)
    dtype = table.dtype(column)
    if op in ("between", "in"):
        return tuple(_typed(part.strip(), dtype, column) for part in text.split(","))
    return text if op in ("contains", "regex") else _typed(text, dtype, column)


def _typed(text: str, dtype: "pl.DataType", column: str) -> Any:
    if dtype.is_numeric():
        return _number(text, column)
    if dtype.base_type().__name__ == "Boolean":
        if text.lower() not in ("true", "false"):
            raise UsageError(f"{text!r} is no value of {column}; give true or false")
        return text.lower() == "true"
    return text


def _number(text: str, what: str) -> int | float:
    try:
        return int(text)
    except ValueError:
        pass
    try:
        return float(text)
    except ValueError:
        raise UsageError(f"{text!r} is no number; {what} takes one, such as 0.5") from None


def _rows(table: "Table", ids: str) -> Any:
    """Rows of the images that a file or a list names; several where a row is a plane."""
    import numpy as np

    wanted = list(_listed_ids(ids))
    own = table.images["image_id"]
    rows = np.flatnonzero(own.is_in(wanted).to_numpy())
    known = set(own.gather(rows))
    for image_id in wanted:
        if image_id not in known:
            raise UnknownNameError("image", image_id, own.head(1000))
    return rows


def _listed_ids(text: str) -> Iterator[str]:
    """Ids of a file, one a line (more columns may follow, a header may be there), or ids with commas."""
    if not Path(text).is_file():
        yield from (part.strip() for part in text.split(",") if part.strip())
        return
    for line in Path(text).read_text(encoding="utf-8").splitlines():
        image_id = line.partition(",")[0].strip().strip('"')
        if image_id and image_id != "image_id":
            yield image_id
