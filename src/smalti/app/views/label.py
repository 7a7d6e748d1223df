"""Labelling the patches that the filters of the page leave."""

from typing import Any

import numpy as np
import polars as pl

from smalti.app.content import Content
from smalti.app.labelling import label_pane, log_of, task_of
from smalti.app.linked import Linked
from smalti.app.loop import who_visits
from smalti.app.session import Session
from smalti.core.errors import UsageError
from smalti.curation.patchset import PatchSet
from smalti.table.view import Snapshot
from smalti.widgets.label_task import Task

__all__ = ["LabelView", "set_of"]


def set_of(content: Content) -> PatchSet | None:
    """The set of patches that a project was made of and lies in; None of any other.

    None too of a project that is read-only: labels would be written beside it.
    """
    if "patch_id" not in content.images.columns or content.project.read_only:
        return None
    try:
        return PatchSet.open(content.project.path.parent)
    except UsageError:
        return None


class LabelView(Linked):
    """The labelling widget over the patches that pass the filters; decisions go to the log of the set.

    Parameters
    ----------
    session
        State and content.
    patches
        The set that the project was made of.
    """

    def __init__(self, session: Session, patches: PatchSet, **params: Any) -> None:
        super().__init__(session, **params)
        self._patches = patches
        nothing = task_of(patches, ())
        self._pane = label_pane(nothing, log_of(patches), who=who_visits(), visible=False)
        self._task: Task | None = None
        self._shown = np.empty(0, np.int64)
        ids = patches.frame.select("patch_id").with_row_index("at")
        joined = session.content.images.select("patch_id").join(ids, on="patch_id", how="left", maintain_order="left")
        self._rows = joined["at"].cast(pl.Int64).fill_null(-1).to_numpy()

    def compute(self, snapshot: Snapshot) -> Task:
        """See `Linked`: a task of the rows that pass."""
        rows = self._rows[np.sort(snapshot.order)]
        if self._task is None or not np.array_equal(rows, self._shown):
            self._task, self._shown = task_of(self._patches, rows[rows >= 0]), rows
        return self._task

    def show(self, found: Task) -> None:
        """See `Linked`; the widget stays where nothing else passes than before."""
        if found is not self._pane.task:
            self._pane.task = found
            self._pane.visible = True

    @property
    def body(self) -> Any:
        """The widget."""
        return self._pane

    @property
    def code(self) -> str:
        """Python that labels the same set in a notebook."""
        return f"import smalti\n\nsmalti.open_patches({str(self._patches.folder)!r}).label()\n"
