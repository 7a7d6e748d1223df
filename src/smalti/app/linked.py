"""The base of every view on the page: computed off the event loop, kept when it fails."""

from abc import abstractmethod
from typing import Any

import panel as pn
import param

from smalti.app.alert import alert
from smalti.app.session import Session
from smalti.app.theme import stacked
from smalti.table.view import Snapshot

__all__ = ["Linked"]

KEPT = '<div class="faint">What is shown is from before.</div>'


class Linked(pn.viewable.Viewer, param.ParameterizedABC):  # type: ignore[misc]  # panel is untyped
    """A view of the session's state.

    A subclass makes its panes in ``__init__`` (after ``super().__init__``), and gives `compute`, `show`,
    `body` and, where it has choices of its own, `controls`. Its parameters named in `options` are such
    choices: a change computes this view again.

    Parameters
    ----------
    session
        State, content and linker.
    """

    trouble = param.String(default="", doc="Why the view could not follow; what it shows is older.")
    visible = param.Boolean(default=True, doc="Whether it is on a part of the page that is open.")

    options: tuple[str, ...] = ()

    def __init__(self, session: Session, **params: Any) -> None:
        super().__init__(**params)
        self.session = session
        self.param.watch(lambda *_events: session.linker.refresh(self), [*self.options, "visible"])

    def start(self) -> None:
        """Join the linker; the page calls it when it is loaded."""
        self.session.linker.add(self)

    def in_sight(self) -> bool:
        """See `smalti.app.linker.View`."""
        return bool(self.visible)

    @abstractmethod
    def compute(self, snapshot: Snapshot) -> Any:
        """See `smalti.app.linker.View`."""

    @abstractmethod
    def show(self, found: Any) -> None:
        """See `smalti.app.linker.View`."""

    @property
    @abstractmethod
    def body(self) -> Any:
        """The panes."""

    @property
    def controls(self) -> Any:
        """Widgets for `options`; None where there are none."""
        return None

    @property
    def code(self) -> str:
        """Python that makes the same plot of the same rows; empty where there is none."""
        return ""

    def __panel__(self) -> Any:
        return stacked(alert(self, after=KEPT), self.body, gap=8)
