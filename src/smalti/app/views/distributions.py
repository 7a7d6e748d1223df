"""One column's spread in each group: violin, box and single rows."""

from typing import Any

import param

from smalti.app.choices import choice
from smalti.app.figure import Picture
from smalti.app.session import Session
from smalti.app.theme import side_by_side
from smalti.app.views.plotted import (
    AXES,
    AXES_DOC,
    NO_NUMBERS,
    Plotted,
    colours,
    is_log,
    numbers,
    offer,
    python,
)
from smalti.plots.boxes import arrange, boxes
from smalti.table.view import Snapshot

__all__ = ["DistributionsView"]


class DistributionsView(Plotted):
    """Boxes of one column, a group each."""

    column = param.Selector(doc="Column of numbers.")
    axis = param.Selector(default="automatic", objects=list(AXES), doc=AXES_DOC)

    options = ("column", "axis")

    def __init__(self, session: Session, **params: Any) -> None:
        super().__init__(session)
        offer(self, numbers(session), "column")
        usual = session.content.histograms[:1]
        self.param.update(**({"column": usual[0]} if usual else {}) | params)

    @property
    def controls(self) -> Any:
        """See `Linked`."""
        column = choice(self.param.column, "Values", searchable=True)
        return side_by_side(column, choice(self.param.axis, "Axis of values"), styles={"gap": "12px"})

    def compute(self, snapshot: Snapshot) -> Picture | str:
        """See `Linked`."""
        if self.column is None:
            return NO_NUMBERS
        found, tints, log = (
            snapshot.boxes(self.column),
            colours(snapshot),
            is_log(snapshot, self.axis, self.column),
        )
        label = self.label(found.column)
        return Picture(
            arrange(found, tints, log=log),
            (found.column, log, tuple(tints)),
            lambda: boxes(found, tints, log=log, label=label),
        )

    @property
    def code(self) -> str:
        """See `Linked`."""
        log = is_log(self.session.state.snapshot(), self.axis, self.column)
        return python(self.session, "boxes", f"boxes(view.boxes({self.column!r}), colours, log={log})")
