"""Images that a command is given: folders, files, patterns, URLs, or a project."""

from typing import TYPE_CHECKING

from smalti.cli.choosing import Chosen as Rows
from smalti.cli.choosing import chosen_view
from smalti.core.errors import UsageError

if TYPE_CHECKING:
    from smalti.export.images import Chosen

__all__ = ["chosen_images"]


def chosen_images(sources: list[str], recursive: bool, rows: Rows) -> "Chosen":
    """Images of folders, or those of a project that the options leave.

    Raises
    ------
    UsageError
        Rows are chosen of something that is no project.
    """
    from smalti.export.images import of_folders, of_project
    from smalti.processing.project import open as open_project
    from smalti.processing.sharing.opening import is_project

    if not (len(sources) == 1 and is_project(sources[0])):
        if rows != Rows():
            raise UsageError(
                "--where, --view and other filters choose rows of a project; give one, as X.smalti"
            )
        return of_folders(sources, recursive=recursive)
    from smalti.table.view import Table, ViewState

    project = open_project(sources[0])
    table = Table(project.images.collect(), source=str(project.source), home=str(project.path))
    state = ViewState(table, chosen_view(table, rows))
    return of_project(project, state.selected if state.view.selection else state.filtered)
