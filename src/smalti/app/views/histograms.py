"""One histogram a chosen column: all, filtered and selected, or by group; a box across selects."""

from functools import partial
from html import escape
from typing import Any

import param

from smalti.app.choices import choice, choice_of_columns
from smalti.app.figure import Figure, Gestures, Picture
from smalti.app.linked import Linked
from smalti.app.session import Session
from smalti.app.theme import html, side_by_side, stacked
from smalti.app.views.plotted import AXES, AXES_DOC, colours, is_grouped, numbers, offer, python
from smalti.app.words import title
from smalti.core.words import count
from smalti.plots.drawing import Range
from smalti.plots.histogram import arrange, histogram
from smalti.table.aggregates import Counts
from smalti.table.picks import Mode
from smalti.table.view import Snapshot

__all__ = ["HistogramsView"]

SHOWN = ("selection", "groups")
SCALES = {"images": "count", "share": "share"}

_GRID = {
    "display": "grid",
    "grid-template-columns": "repeat(auto-fill, minmax(min(300px, 100%), 1fr))",
    "gap": "18px 24px",
}


class HistogramsView(Linked):
    """Histograms of the columns chosen, and how they are drawn."""

    columns = param.ListSelector(default=[], objects=[], doc="One histogram each.")
    axis = param.Selector(default="automatic", objects=list(AXES), doc=AXES_DOC)
    shown = param.Selector(default="selection", objects=SHOWN, doc="All, filtered and selected; or groups.")
    scale = param.Selector(default="images", objects=list(SCALES), doc="What bars are as high as.")

    options = ("columns", "axis", "shown", "scale")

    def __init__(self, session: Session, **params: Any) -> None:
        super().__init__(session)
        offer(self, numbers(session), "columns")
        self._figures: dict[str, Figure] = {}
        self._heads: dict[str, Any] = {}
        self._grid = side_by_side(styles=_GRID)
        self.param.update(**({"columns": session.content.histograms} | params))

    @property
    def controls(self) -> Any:
        """See `Linked`."""
        parameters = self.param
        choices = (
            choice(parameters.shown, "Compare"),
            choice(parameters.scale, "Heights"),
            choice(parameters.axis, "Axis of values"),
        )
        columns = choice_of_columns(parameters.columns, "Histograms of")
        return stacked(columns, side_by_side(*choices, styles={"gap": "12px"}), gap=12)

    def compute(self, snapshot: Snapshot) -> list[tuple[Counts, Picture]]:
        """See `Linked`."""
        by_group = self.shown == "groups" and is_grouped(snapshot)
        log, scale, tints = AXES[self.axis], SCALES[self.scale], colours(snapshot)
        found = [snapshot.counts(column, log=log, by_group=by_group) for column in self.columns]
        return [(counts, self._picture(counts, tints, scale)) for counts in found]

    def _picture(self, counts: Counts, tints: Any, scale: Any) -> Picture:
        kind = (counts.log, scale, tuple(tints) if counts.groups else ())
        unit = self.session.content.unit(counts.column)
        make = partial(histogram, counts, tints, unit=unit, scale=scale, legend=False)
        return Picture(arrange(counts, tints, scale), kind, make)

    def show(self, found: list[tuple[Counts, Picture]]) -> None:
        """See `Linked`."""
        columns = [counts.column for counts, _ in found]
        if columns != list(self._figures):
            self._place(columns)
        for counts, picture in found:
            self._heads[counts.column].object = self._head(counts)
            self._figures[counts.column].paint(picture)

    def _place(self, columns: list[str]) -> None:
        """A place for each column; what is there already is kept."""
        figures = {name: self._figures.get(name) or self._figure(name) for name in columns}
        self._heads = {name: self._heads.get(name) or html("") for name in columns}
        self._figures = figures
        self._grid.objects = [stacked(self._heads[name], figures[name], gap=0) for name in columns]

    def _figure(self, column: str) -> Figure:
        return Figure(Gestures(box=partial(self._box, column), tap=self._tap, flat=True))

    def _box(self, column: str, x_range: Range, _y_range: Range, mode: Mode) -> None:
        self.session.state.select_box(column, x_range, mode=mode)

    def _tap(self, _x_range: Range, _y_range: Range, mode: Mode) -> None:
        if mode == "replace" and self.session.state.n[2]:
            self.session.state.clear_selection()

    def _head(self, counts: Counts) -> str:
        content = self.session.content
        name = title(counts.column, content.unit(counts.column))
        left_out = f'<div class="faint">{_left_out(counts)}</div>'
        return f'<h3 title="{escape(content.meaning(counts.column))}">{name}</h3>{left_out}'

    @property
    def body(self) -> Any:
        """See `Linked`."""
        return self._grid

    @property
    def code(self) -> str:
        """See `Linked`."""
        by_group = self.shown == "groups" and is_grouped(self.session.state.snapshot())
        options = f"log={AXES[self.axis]}, by_group={by_group}"
        drawn = f"histogram(view.counts(column, {options}), colours, scale={SCALES[self.scale]!r})"
        return python(self.session, "histogram", _layout(self.columns, drawn))


def _layout(columns: list[str], drawn: str) -> str:
    return f"import holoviews as hv\n\nhv.Layout([{drawn} for column in {columns!r}]).cols(2)"


def _left_out(counts: Counts) -> str:
    said = []
    if counts.n_missing:
        said.append(f"{count(counts.n_missing)} without a value")
    if counts.n_off_axis:
        why = "at or below 0, or infinite" if counts.log else "infinite"
        said.append(f"{count(counts.n_off_axis)} {why}")
    return "; ".join(said)
