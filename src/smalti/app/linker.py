"""One change at a time, the latest first: views computed off the event loop, shown on it."""

import logging
from concurrent.futures import Future
from functools import partial
from typing import Any, Protocol

import param

from smalti.app.loop import Soon, pool, scheduler
from smalti.core.errors import SmaltiError
from smalti.table.view import Snapshot, ViewState

__all__ = ["Linker", "View"]

log = logging.getLogger(__name__)


class View(Protocol):
    """What the linker drives."""

    trouble: str
    """Why the view could not follow; empty while it does."""

    def in_sight(self) -> bool:
        """Whether anybody sees it; a view out of sight is brought up to date when it is seen."""

    def compute(self, snapshot: Snapshot) -> Any:
        """What to show, from one state of the table; runs in another thread and touches no widget."""

    def show(self, found: Any) -> None:
        """Bring the screen up to date with what `compute` gave; runs on the event loop."""


class Linker(param.Parameterized):  # type: ignore[misc]  # param is untyped
    """Keeps the views of one session up to date with its state.

    While a change is computed, further ones only leave a mark; then the latest is taken. A view that fails
    says so and keeps what it shows.

    Parameters
    ----------
    state
        What is watched.
    """

    busy = param.Boolean(default=False, doc="Whether some view is not up to date yet.")

    def __init__(self, state: ViewState) -> None:
        super().__init__()
        self._state = state
        self._views: list[View] = []
        self._stale: set[int] = set()
        self._running = False
        self._left = 0
        self._soon = scheduler()
        state.param.watch(self._changed, "revision")

    def add(self, view: View) -> None:
        """Drive a view from now on."""
        self._views.append(view)
        self.refresh(view)

    def refresh(self, *views: View) -> None:
        """Bring these up to date, all without any: their options changed, or they came in sight."""
        self._stale.update(map(id, views or self._views))
        self._go_on()

    def _changed(self, _event: Any) -> None:
        self.refresh()

    def _go_on(self) -> None:
        todo = [view for view in self._views if id(view) in self._stale and view.in_sight()]
        self.busy = bool(todo) or self._running
        if self._running or not todo:
            return
        self._running = True
        self._stale.difference_update(map(id, todo))
        self._left = len(todo)
        snapshot = self._state.snapshot()
        for view in todo:
            if self._soon is None:  # no event loop: a script, or a test
                self._show(view, _computed(view, snapshot))
            else:
                job = pool().submit(_computed, view, snapshot)
                job.add_done_callback(partial(self._hand_over, self._soon, view))

    def _hand_over(self, soon: Soon, view: View, job: Future[Any]) -> None:
        soon(lambda: self._show(view, job.result()))

    def _show(self, view: View, found: Any) -> None:
        try:
            if isinstance(found, Exception):
                view.trouble = _words(found)
            else:
                view.show(found)
                view.trouble = ""
        except Exception as error:
            log.exception("a view could not be shown")
            view.trouble = _words(error)
        self._left -= 1
        if not self._left:
            self._running = False
            self._go_on()


def _computed(view: View, snapshot: Snapshot) -> Any:
    try:
        return view.compute(snapshot)
    except SmaltiError as error:
        return error
    except Exception as error:  # the page lives on, and says so
        log.exception("a view could not be computed")
        return error


def _words(error: Exception) -> str:
    return str(error) if isinstance(error, SmaltiError) else f"{type(error).__name__}: {error}"
