"""One histogram a chosen column, by group."""

from html import escape
from typing import Any

import panel as pn
import param

from smalti.app.choices import choice, choice_of_columns
from smalti.app.local import Plot
from smalti.app.state import PageState
from smalti.app.theme import html, stacked
from smalti.app.words import count, title
from smalti.plots.histogram import histogram
from smalti.plots.palette import colours_of
from smalti.table.stats import Distribution, distribution, spans_decades

__all__ = ["HistogramView"]


AXES = ("automatic", "linear", "logarithmic")


class HistogramView(pn.viewable.Viewer):  # type: ignore[misc]  # panel is untyped
    """Histograms of the images shown, and which columns they are of."""

    state = param.ClassSelector(class_=PageState, constant=True)
    columns = param.ListSelector(default=[], objects=[], doc="One histogram each.")
    axis = param.Selector(
        default=AXES[0], objects=AXES, doc="Automatic: logarithmic for values that span decades."
    )

    def __init__(self, **params: Any) -> None:
        super().__init__(**params)
        self.param.columns.objects = self.state.content.number_columns
        self._places = stacked(gap=14)
        self._waiting: list[str] = []
        self._loaded = self._drawing = False
        self.param.watch(self._place, "columns")
        self.param.watch(self._draw_soon, "axis")
        self.state.param.watch(self._draw_soon, ["shown", "group_by"])
        self.columns = self.state.content.histograms
        pn.state.onload(self._start)

    @property
    def controls(self) -> Any:
        """The choice of columns and axis."""
        columns = choice_of_columns(self.param.columns, "Histograms of")
        return stacked(columns, choice(self.param.axis, "Axis of values"), gap=16)

    def _place(self, *_: Any) -> None:
        self._places.objects = [stacked(gap=0, min_height=190) for _ in self.columns]
        self._draw_soon()

    def _start(self) -> None:
        self._loaded = True
        self._draw_soon()

    def _draw_soon(self, *_: Any) -> None:
        """Let the rest of the page go first, and a newer filter overtake: a plot takes 0.1 s to render."""
        self._waiting = list(self.columns)
        if self._loaded and not self._drawing:
            self._go_on()

    def _go_on(self) -> None:
        document = pn.state.curdoc
        self._drawing = bool(self._waiting)
        if self._drawing and document is not None and document.session_context is not None:
            document.add_next_tick_callback(self._draw_next)
        elif self._drawing:
            self._draw_next()

    def _draw_next(self) -> None:
        place = len(self.columns) - len(self._waiting)
        column = self._waiting.pop(0) if self._waiting else None  # the choice may have been emptied since
        self._go_on()  # first, so that the others come even when this one fails
        if column is not None:
            self._places[place].objects = self._parts(column)

    def _parts(self, column: str) -> list[Any]:
        state, content = self.state, self.state.content
        groups = state.groups
        log = self.axis == "logarithmic" or (self.axis == "automatic" and spans_decades(state.shown[column]))
        counts = distribution(state.shown, column, groups, log=log)
        parts = [
            html(
                f'<h3 title="{escape(content.meaning(column))}">{title(column, content.unit(column))}</h3>'
                f'<div class="faint">{_left_out(counts)}</div>'
            )
        ]
        if counts.n:
            plot = histogram(counts, colours_of(groups))
            parts.append(
                Plot(plot, backend="bokeh", sizing_mode="stretch_width", margin=0, linked_axes=False)
            )
        return parts

    def __panel__(self) -> Any:
        heading = html('<h2>Distributions <span class="unit">images by value</span></h2>')
        return stacked(heading, self._places, gap=12)


def _left_out(counts: Distribution) -> str:
    said = []
    if counts.n_missing:
        said.append(f"{count(counts.n_missing)} without a value")
    if counts.n_off_axis:
        said.append(
            f"{count(counts.n_off_axis)} {'at or below 0, or infinite' if counts.log else 'infinite'}"
        )
    return "; ".join(said)
