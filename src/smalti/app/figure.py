"""A plot on the page: drawn once, then fed with new arrays; box, lasso and tap come back as calls."""

from collections.abc import Callable, Hashable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import holoviews as hv
import numpy as np
import panel as pn
from bokeh.core.property.descriptors import UnsetValueError
from bokeh.events import PanStart, RangesUpdate, Reset, SelectionGeometry, Tap
from bokeh.models import BoxSelectTool, LassoSelectTool, LogScale, Spacer

from smalti.plots.drawing import Drawing, Range, repaint
from smalti.plots.look import INK
from smalti.table.picks import Mode

__all__ = ["Figure", "Gestures", "Picture"]

REACH = 9
"""Screen pixels from a tap within which a point is meant."""

_AREA = {"fill_color": INK, "fill_alpha": 0.14, "line_color": INK, "line_dash": [4, 3], "line_width": 1.2}


@dataclass(frozen=True)
class Picture:
    """One state of a plot, and how to draw it from nothing.

    Parameters
    ----------
    drawing
        Its arrays.
    kind
        What cannot be pushed: columns, groups, kinds of axes. While it stays, only arrays are sent.
    make
        The plot as a HoloViews object.
    """

    drawing: Drawing
    kind: Hashable
    make: Callable[[], hv.Overlay]


@dataclass(frozen=True)
class Gestures:
    """What to call when somebody points at a figure; each gets the mode that the keys held down mean.

    Shift adds to what is selected, shift and ctrl take away. Bokeh's own selection is not used: the state
    is asked, and what it then says is drawn.

    Parameters
    ----------
    box
        ``box(x_range, y_range, mode)``.
    lasso
        ``lasso(vertices, mode)``, float64, (n, 2).
    tap
        ``tap(x_range, y_range, mode)``: the point nearest to their middle is meant.
    look
        ``look(x_range, y_range)``: what is in view after a zoom; None for all.
    flat
        Whether a box is as high as the figure.
    """

    box: Callable[[Range, Range, Mode], None] | None = None
    lasso: Callable[[np.ndarray, Mode], None] | None = None
    tap: Callable[[Range, Range, Mode], None] | None = None
    look: Callable[[Range | None, Range | None], None] | None = None
    flat: bool = False


class Figure(pn.pane.base.Pane):  # type: ignore[misc]  # panel is untyped
    """A HoloViews object drawn by Bokeh, brought up to date in place.

    A figure is made for each page it stands on, so one view may be shown in several cells.
    """

    priority = None  # never what Panel itself makes of an object

    def __init__(self, gestures: Gestures | None = None, **options: Any) -> None:
        super().__init__(None, **({"sizing_mode": "stretch_width", "margin": 0} | options))
        self._gestures = gestures or Gestures()
        self._picture: Picture | None = None
        self._mode: Mode = "replace"

    def paint(self, picture: Picture) -> None:
        """Show a picture: 1 ms where only arrays differ from the last, 50–100 ms where it is drawn anew."""
        same = self._picture is not None and self._picture.kind == picture.kind
        self._picture = picture
        if not same:
            self.object = picture.make()
            return
        for ref, (figure, _) in list(self._models.items()):
            self._apply_update({}, {"drawing": picture.drawing}, figure, ref)

    def _update_model(
        self, events: Any, msg: dict[str, Any], root: Any, model: Any, doc: Any, comm: Any
    ) -> None:
        drawing = msg.pop("drawing", None)
        if drawing is not None:
            repaint(model, drawing)
        if msg:
            super()._update_model(events, msg, root, model, doc, comm)

    def _get_model(self, doc: Any, root: Any = None, parent: Any = None, comm: Any = None) -> Any:
        if root is None:
            return self.get_root(doc, comm)
        figure = Spacer() if self._picture is None else self._drawn(self._picture)
        self._models[root.ref["id"]] = (figure, parent)
        return figure

    def _drawn(self, picture: Picture) -> Any:
        figure = hv.render(self.object, backend="bokeh")
        repaint(figure, picture.drawing)  # it may have been drawn for an earlier state
        figure.margin = 0
        self._listen(figure)
        return figure

    def _listen(self, figure: Any) -> None:
        does = self._gestures
        tools: list[Any] = []
        if does.box is not None:
            dimensions = "width" if does.flat else "both"
            tools.append(BoxSelectTool(renderers=[], dimensions=dimensions))
        if does.lasso is not None:
            tools.append(LassoSelectTool(renderers=[], continuous=False))
        if tools:
            for tool in tools:
                tool.overlay.update(**_AREA)
            figure.add_tools(*tools)
            figure.toolbar.active_drag = tools[0]
            figure.on_event(PanStart, self._begin)
            figure.on_event(SelectionGeometry, self._select)
        if does.tap is not None:
            figure.on_event(Tap, self._tap)
        if does.look is not None:
            look = does.look
            figure.on_event(
                RangesUpdate, lambda event: look(_ends(event.x0, event.x1), _ends(event.y0, event.y1))
            )
            figure.on_event(Reset, lambda _event: look(None, None))

    def _begin(self, event: Any) -> None:
        """Remember the keys: what a box or lasso sends when it ends does not tell them."""
        self._mode = _mode(event.modifiers)

    def _select(self, event: Any) -> None:
        if not event.final:
            return
        shape, does = event.geometry, self._gestures
        if shape["type"] == "rect" and does.box is not None:
            does.box(_ends(shape["x0"], shape["x1"]), _ends(shape["y0"], shape["y1"]), self._mode)
        elif shape["type"] == "poly" and does.lasso is not None and len(shape["x"]) > 2:
            does.lasso(np.column_stack([shape["x"], shape["y"]]).astype(np.float64), self._mode)

    def _tap(self, event: Any) -> None:
        figure = event.model
        assert self._gestures.tap is not None
        across = _within_reach(event.x, figure.x_range, figure.x_scale, _told(figure, "inner_width"))
        up = _within_reach(event.y, figure.y_range, figure.y_scale, _told(figure, "inner_height"))
        self._gestures.tap(across, up, _mode(event.modifiers))


def _mode(modifiers: Any) -> Mode:
    held = modifiers or {}
    if held.get("shift"):
        return "subtract" if held.get("ctrl") else "add"
    return "replace"


def _told(figure: Any, name: str) -> int:
    """A size that only the browser knows, or a usual one where it has not told it."""
    with suppress(UnsetValueError):
        return getattr(figure, name) or 400
    return 400


def _within_reach(at: float, shown: Any, scale: Any, size: int) -> Range:
    """What is no further than `REACH` from a place on an axis."""
    share = REACH / size
    if isinstance(scale, LogScale):
        factor = abs(shown.end / shown.start) ** share
        return at / factor, at * factor
    reach = share * abs(shown.end - shown.start)
    return at - reach, at + reach


def _ends(one: float, other: float) -> Range:
    return min(one, other), max(one, other)
