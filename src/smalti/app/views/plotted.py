"""The base of every view that is one plot."""

from collections.abc import Mapping
from typing import Any

from smalti.app.figure import Figure, Gestures, Picture
from smalti.app.linked import Linked
from smalti.app.session import Session
from smalti.plots.palette import colours_of
from smalti.table.stats import ALL
from smalti.table.view import Snapshot

__all__ = ["AXES", "AXES_DOC", "Plotted", "colours", "is_grouped", "is_log", "plain_title", "python"]


AXES = {"automatic": None, "linear": False, "logarithmic": True}

AXES_DOC = "Automatic: logarithmic for values that span decades."


class Plotted(Linked):
    """A view of one plot; a subclass gives `compute`, which makes a picture."""

    def __init__(self, session: Session, gestures: Gestures | None = None, **params: Any) -> None:
        super().__init__(session, **params)
        self.figure = Figure(gestures)

    def show(self, found: Picture) -> None:
        """See `Linked`."""
        self.figure.paint(found)

    @property
    def body(self) -> Any:
        """See `Linked`."""
        return self.figure

    def label(self, column: str) -> str:
        """A column's name with its unit, as plain text."""
        return plain_title(column, self.session.content.unit(column))


def colours(snapshot: Snapshot) -> Mapping[str, str]:
    """Colour of each group by name; the same for every state of a table with these groups."""
    return colours_of(snapshot.groups)


def is_log(snapshot: Snapshot, axes: str, column: str) -> bool:
    """Whether an axis is logarithmic, by a choice of `AXES`."""
    chosen = AXES[axes]
    return snapshot.counts(column).log if chosen is None else chosen


def is_grouped(snapshot: Snapshot) -> bool:
    """Whether there is more than the one group of all rows."""
    return snapshot.groups.values != (ALL,)


def plain_title(column: str, unit: str) -> str:
    """A column's name with its unit: ``"size_x (px)"``."""
    return f"{column} ({unit})" if unit else column


def python(session: Session, plot: str, call: str) -> str:
    """A script that draws the same plot of the same rows.

    Parameters
    ----------
    session
        Whose state and project.
    plot
        Module and function of `smalti.plots`.
    call
        The last line, with ``view`` as the snapshot and ``colours``.
    """
    lines = [
        "import smalti",
        "from smalti.plots.palette import colours_of",
        f"from smalti.plots.{plot} import {plot}",
        "from smalti.table.view import ViewState",
        "",
        f"project = smalti.open({str(session.content.project.path)!r})",
        f"view = ViewState.from_dict(project.view.table, {session.state.to_dict()!r}).snapshot()",
        "colours = colours_of(view.groups)",
        call,
    ]
    return "\n".join(lines) + "\n"
