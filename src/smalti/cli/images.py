"""The images that a command hands on: those of folders, or those that options leave of a project."""

from collections.abc import Mapping, Sequence
from typing import Any

from smalti.cli.choosing import Chosen as Rows
from smalti.cli.choosing import (
    ColumnsFrom,
    FilterColumns,
    FilterOps,
    FilterValues,
    GroupBy,
    JoinFiles,
    JoinOn,
    SavedView,
    SelectIds,
    SelectWhere,
    Where,
    chosen_view,
)
from smalti.core.errors import UsageError

__all__ = ["ROW_OPTIONS", "chosen_images", "given_of", "rows_of"]

NO_PROJECT = "--where, --view and other filters choose rows of a project; give one, as X.smalti"

ROW_OPTIONS: Mapping[str, Any] = {
    "where": Where,
    "filter_columns": FilterColumns,
    "filter_ops": FilterOps,
    "filter_values": FilterValues,
    "select_where": SelectWhere,
    "select_ids": SelectIds,
    "view": SavedView,
    "columns_from": ColumnsFrom,
    "join_files": JoinFiles,
    "join_on": JoinOn,
    "group_by": GroupBy,
}
"""Options that choose rows, for `smalti.cli.generated.with_options_of`."""


def rows_of(options: dict[str, Any]) -> Rows:
    """What those options say; they are taken out of `options`."""
    taken = {name: options.pop(name) for name in ROW_OPTIONS}
    return Rows(**{name: value for name, value in taken.items() if value})


def chosen_images(sources: Sequence[str], recursive: bool, rows: Rows, *, readable: bool = True) -> Any:
    """Images of folders, or those of a project that the options leave; see `smalti.export.images.Chosen`.

    Parameters
    ----------
    sources
        Folders, files, patterns or URLs; or one project.
    recursive
        Whether sub-folders are looked into.
    rows
        What chooses rows of a project.
    readable
        Whether at least one of them must be readable.
    """
    from smalti.export.images import of_folders, of_project
    from smalti.processing.sharing.kinds import is_project

    if not (len(sources) == 1 and (is_project(sources[0]) or sources[0].rstrip("/").endswith(".smalti"))):
        if rows != Rows():
            raise UsageError(NO_PROJECT)
        return of_folders(sources, recursive=recursive)
    project, kept, text = _kept(sources[0], rows)
    return of_project(project, kept, chosen_by=text, readable=readable)


def given_of(sources: Sequence[str], rows: Rows) -> Sequence[Any]:
    """What a step is given: sources as they are, or the images of a project that options leave."""
    if rows == Rows():
        return sources
    from smalti.curation.sources import Chosen
    from smalti.processing.sharing.kinds import is_project

    if not (len(sources) == 1 and is_project(sources[0])):
        raise UsageError(NO_PROJECT)
    project, kept, _ = _kept(sources[0], rows)
    return [Chosen(project, kept)]


def _kept(source: str, rows: Rows) -> tuple[Any, Any, str]:
    """A project, the rows of its images table that options leave, and what chose them, in words."""
    from smalti.processing.project import open as open_project
    from smalti.table.code import view_text
    from smalti.table.view import Table, ViewState

    project = open_project(source)
    table = Table(project.images.collect(), source=str(project.source), home=str(project.path))
    state = ViewState(table, chosen_view(table, rows))
    kept = state.selected if state.view.selection else state.filtered
    return project, kept, view_text(table, state.view)
