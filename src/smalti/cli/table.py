"""``smalti table``: the QC table, or what a condition leaves of it, as CSV or Parquet."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from smalti.cli.choosing import (
    Chosen,
    ColumnsFrom,
    Descending,
    FilterColumns,
    FilterOps,
    FilterValues,
    GroupBy,
    JoinFiles,
    JoinOn,
    SavedView,
    SelectIds,
    SelectWhere,
    SortBy,
    Where,
    chosen_view,
)
from smalti.cli.more import tell_more
from smalti.cli.options import Debug, ProjectPath, Verbose
from smalti.core.errors import UnknownNameError, UsageError

if TYPE_CHECKING:
    import polars as pl

__all__ = ["table"]


class Level(StrEnum):
    """One row per what."""

    images = "images"
    planes = "planes"


def table(
    project: ProjectPath,
    level: Annotated[Level, typer.Option(help="One row per image or per plane.")] = Level.images,
    columns: Annotated[
        str | None, typer.Option(metavar="A,B", help="Only these columns, in this order.")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="F.csv|F.parquet", help="File to write. [CSV on stdout]"),
    ] = None,
    where: Where = None,
    filter_columns: FilterColumns = None,
    filter_ops: FilterOps = None,
    filter_values: FilterValues = None,
    select_where: SelectWhere = None,
    select_ids: SelectIds = None,
    view: SavedView = None,
    columns_from: ColumnsFrom = None,
    join_files: JoinFiles = None,
    join_on: JoinOn = None,
    group_by: GroupBy = None,
    sort_by: SortBy = None,
    descending: Descending = False,
    verbose: Verbose = False,
    debug: Debug = False,
) -> None:
    """Print or write the QC table, or the rows for which `--where "saturated_high > 0.01"` holds."""
    from smalti.processing.project import open as open_project
    from smalti.table.view import Table, ViewState

    opened = open_project(project)
    frame = opened.images if level is Level.images else opened.planes
    rows = Table(frame.collect(), source=str(opened.source), home=str(opened.path))
    chosen = Chosen(
        where=where or (),
        filter_columns=filter_columns or (),
        filter_ops=filter_ops or (),
        filter_values=filter_values or (),
        select_where=select_where or (),
        select_ids=select_ids,
        view=view,
        columns_from=columns_from or (),
        join_files=join_files or (),
        join_on=join_on or (),
        group_by=group_by,
        sort_by=sort_by,
        descending=descending,
    )
    state = ViewState(rows, chosen_view(rows, chosen))
    found = state.selected if state.view.selection else state.filtered
    if columns:
        found = found.select(_known(columns.split(","), found.columns))
    _write(found, output)
    if verbose:
        tell_more(opened)


def _known(names: list[str], known: list[str]) -> list[str]:
    wanted = [name.strip() for name in names]
    for name in wanted:
        if name not in known:
            raise UnknownNameError("column", name, known)
        if wanted.count(name) > 1:
            raise UsageError(f"--columns names {name!r} {wanted.count(name)} times; name each column once")
    return wanted


def _write(frame: "pl.DataFrame", output: Path | None) -> None:
    if output is None:
        typer.echo(_flat(frame).write_csv().encode(), nl=False)  # UTF-8, whatever the terminal's encoding
    elif output.suffix.lower() == ".csv":
        _flat(frame).write_csv(output)
    elif output.suffix.lower() == ".parquet":
        _write_parquet(frame, output)
    else:
        raise UsageError(f"cannot write {output.name}: the name must end in .csv or .parquet")


def _write_parquet(frame: "pl.DataFrame", output: Path) -> None:
    """Polars calls a full disk a fault of the file's format, where it is no OSError."""
    from polars.exceptions import ComputeError

    try:
        frame.write_parquet(output)
    except ComputeError as error:
        raise UsageError(f"cannot write {output} ({error}); make room there or give another path") from error


def _flat(frame: "pl.DataFrame") -> "pl.DataFrame":
    """CSV has no lists: their members are joined by semicolons, with nothing for one that is null."""
    import polars as pl
    import polars.selectors as cs

    members = pl.element().fill_null("")
    return frame.with_columns(cs.list().cast(_strings()).list.eval(members).list.join(";"))


def _strings() -> "pl.List":
    import polars as pl

    return pl.List(pl.String)
