"""The base of every view that is one plot."""

from collections.abc import Callable, Mapping
from html import escape
from typing import Any

from smalti.app.figure import Figure, Gestures, Picture
from smalti.app.linked import Linked
from smalti.app.session import Session
from smalti.app.theme import html, stacked
from smalti.plots.palette import colours_of
from smalti.table.stats import ALL, number_columns
from smalti.table.view import Snapshot, Table

__all__ = [
    "AXES",
    "AXES_DOC",
    "NO_NUMBERS",
    "Plotted",
    "colours",
    "is_grouped",
    "is_log",
    "numbers",
    "offer",
    "plain_title",
    "python",
]


AXES = {"automatic": None, "linear": False, "logarithmic": True}

NO_NUMBERS = "This table has no column of numbers."

AXES_DOC = "Automatic: logarithmic for values that span decades."


class Plotted(Linked):
    """A view of one plot; a subclass gives `compute`, which makes a picture."""

    def __init__(self, session: Session, gestures: Gestures | None = None, **params: Any) -> None:
        super().__init__(session, **params)
        self.figure = Figure(gestures)
        self._absent = html("", visible=False, css_classes=["absent"])

    def show(self, found: Picture | str) -> None:
        """Show a picture, or say why there is none to draw."""
        said = escape(found) if isinstance(found, str) else ""
        self._absent.param.update(object=said, visible=bool(said))
        self.figure.visible = not said
        if not isinstance(found, str):
            self.figure.paint(found)

    @property
    def body(self) -> Any:
        """See `Linked`."""
        return stacked(self._absent, self.figure, gap=0)

    def label(self, column: str) -> str:
        """A column's name with its unit, as plain text."""
        return plain_title(column, self.session.content.unit(column))


def offer(view: Linked, find: Callable[[Table], list[str]], *names: str) -> None:
    """Let parameters of a view choose among columns of the state's table, also when some are joined later.

    Parameters
    ----------
    view
        The view.
    find
        The columns of a table that can be chosen.
    names
        Parameters: one column or a list of columns each. A column that is gone is chosen no longer.
    """
    state = view.session.state
    offered: list[Table] = []

    def renew(*_: Any) -> None:
        if offered and offered[0] is state.table:
            return
        offered[:] = [state.table]
        columns = find(state.table)
        for name in names:
            view.param[name].objects = columns
            chosen = getattr(view, name)
            if (kept := _kept(chosen, columns)) != chosen:
                setattr(view, name, kept)

    renew()
    state.param.watch(renew, "revision")


def _kept(chosen: Any, columns: list[str]) -> Any:
    """What can still be chosen of one column or a list of columns."""
    if isinstance(chosen, list):
        return [column for column in chosen if column in columns]
    return chosen if chosen in columns else next(iter(columns), None)


def numbers(session: Session) -> Callable[[Table], list[str]]:
    """Columns of numbers of a table; those of the project itself are known already."""
    content = session.content
    return lambda table: content.number_columns if table is content.table else number_columns(table.images)


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
        f"project = smalti.open({str(session.content.project.source)!r})",
        f"view = ViewState.from_dict(project.view.table, {session.state.to_dict()!r}).snapshot()",
        "colours = colours_of(view.groups)",
        call,
    ]
    return "\n".join(lines) + "\n"
