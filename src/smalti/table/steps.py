"""One change after another, each checked first, kept for undo, and told to whoever watches."""

from dataclasses import fields, replace
from typing import Any

import param

from smalti.core.errors import UnknownNameError
from smalti.table.checks import check_view
from smalti.table.choice import View
from smalti.table.kept import Kept
from smalti.table.snapshot import Snapshot
from smalti.table.whole import Table

__all__ = ["Steps"]

MOST_STEPS = 200
"""Changes that can be undone."""

_Step = tuple[Table, View]


class Steps(param.Parameterized):  # type: ignore[misc]  # param is untyped
    """A view of a table that changes step by step.

    Parameters
    ----------
    table
        The images.
    view
        What is chosen at first.
    """

    revision = param.Integer(default=0, doc="Rises with every change; the one thing that views watch.")

    def __init__(self, table: Table, view: View | None = None) -> None:
        super().__init__()
        self.stale = ""
        self._base = table
        self.table = table
        self._view = View()
        self._past: list[_Step] = []
        self._future: list[_Step] = []
        self._snapshot: Snapshot | None = None
        self._kept: Kept | None = None
        if view is not None:
            self.table = self._checked(table, view)
            self._view = view

    @property
    def view(self) -> View:
        """Everything chosen, as a frozen record."""
        return self._view

    def update(self, **changes: Any) -> None:
        """Change several of `View`'s fields in one step: ``update(group_by="condition", sort_by="mean")``.

        Raises
        ------
        UnknownNameError, UsageError
            There is no such field or column, or a filter cannot be read.
        """
        known = [field.name for field in fields(View)]
        for name in changes:
            if name not in known:
                raise UnknownNameError("part of a view", name, known)
        self.restore(replace(self._view, **changes))

    def restore(self, view: View) -> None:
        """Take over another view as a whole, in one step."""
        self._step(self._base, view)

    def _step(self, base: Table, view: View) -> None:
        table = self._checked(base, view)
        if view == self._view and base is self._base:
            return
        self._past = [*self._past[-MOST_STEPS + 1 :], (self._base, self._view)]
        self._future = []
        self._show(base, view, table)

    def _show(self, base: Table, view: View, table: Table) -> None:
        self._base, self._view, self.table = base, view, table
        self._snapshot = None
        self.revision += 1

    @staticmethod
    def _checked(base: Table, view: View) -> Table:
        """The table with the columns that a view adds; errors where the view does not fit it."""
        table = base.with_added(view.templates, view.joins)
        check_view(table, view)
        return table

    @property
    def can_undo(self) -> bool:
        """Whether there is a step to take back."""
        return bool(self._past)

    @property
    def can_redo(self) -> bool:
        """Whether there is a step that was taken back."""
        return bool(self._future)

    def undo(self) -> None:
        """Take back the last step, if there is one."""
        self._go(self._past, self._future)

    def redo(self) -> None:
        """Do again what was taken back last, if anything."""
        self._go(self._future, self._past)

    def _go(self, steps: list[_Step], back: list[_Step]) -> None:
        if steps:
            back.append((self._base, self._view))
            base, view = steps.pop()
            self._show(base, view, base.with_added(view.templates, view.joins))

    def snapshot(self) -> Snapshot:
        """The view at this moment, to compute from in any thread; the same object until the next change."""
        if self._snapshot is None:
            self._snapshot = Snapshot(self.table, self._view, self.revision, self._kept)
            self._kept = self._snapshot.kept
        return self._snapshot
