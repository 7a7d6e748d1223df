"""Widths and heights that occur, a bubble each."""

from collections.abc import Mapping
from typing import Any

import holoviews as hv
import numpy as np
from bokeh.models import FixedTicker, NumeralTickFormatter

from smalti.plots.drawing import Columns, Drawing, span_of, with_room
from smalti.plots.look import ACCENT, finish, short
from smalti.plots.marks import by_group, dots
from smalti.table.aggregates import Sizes

__all__ = ["arrange", "sizes"]

_SMALLEST, _LARGEST = 7.0, 44.0
"""Diameters in screen pixels; the area in between follows the number of images."""

_WIDE = 8.0
"""Sizes that differ by this factor or more are told apart on logarithmic axes only."""


def sizes(found: Sizes, colours: Mapping[str, str], *, height: int = 320, legend: bool = True) -> hv.Overlay:
    """Draw each size as a bubble in the colour of its most frequent group; selected images are a ring.

    Parameters
    ----------
    found
        From `Snapshot.sizes`.
    colours
        Colour by name of the group, from `smalti.plots.palette.colours_of`.
    height
        In screen pixels; the width follows the place it is put in.
    legend
        Whether groups are named beside the plot.
    """
    drawing = arrange(found, colours)
    layers = drawing.layers
    tips = [("", "@x{0} × @y{0} px"), ("images", "@n{0,0}"), ("selected", "@n_selected{0,0}"), ("", "@name")]
    elements = [
        dots(
            "bubbles",
            layers["bubbles"],
            mapper=by_group(colours.values()),
            alpha=0.65,
            line_color=None,
            tools=["hover"],
            hover_tooltips=tips,
        ),
        dots("selected", layers["selected"], fill_alpha=0, line_color=ACCENT, line_width=2.5),
    ]
    log = is_wide(found)
    return finish(
        elements,
        drawing,
        x_label="width in pixels",
        y_label="height in pixels",
        height=height,
        logx=log,
        logy=log,
        legend=list(colours.items()) if legend else (),
        hook=_doubled if log else None,
    )


def _doubled(plot: Any, _element: Any) -> None:
    """Ticks at powers of two, as sizes are; Bokeh's own leave out most of the axis here."""
    for axis in plot.state.axis:
        axis.ticker = FixedTicker(ticks=[2**power for power in range(20)])
        axis.formatter = NumeralTickFormatter(format="0,0")


def is_wide(found: Sizes) -> bool:
    """Whether sizes differ so much that the axes are logarithmic."""
    (left, right), (low, high) = (span_of(ends, log=True) for ends in (found.width, found.height))
    return bool(len(found.n)) and (right >= _WIDE * left or high >= _WIDE * low)


def arrange(found: Sizes, colours: Mapping[str, str]) -> Drawing:
    """The arrays of `sizes`; large bubbles first, so that small ones lie on top."""
    order = np.argsort(-found.n, kind="stable")
    width, height = found.width[order].astype(np.float64), found.height[order].astype(np.float64)
    n, n_selected, group = found.n[order], found.n_selected[order], found.group[order]
    most = int(n.max(initial=1))
    names = [short(name) for name in colours]
    chosen = n_selected > 0
    layers: dict[str, Columns] = {
        "bubbles": {
            "x": width,
            "y": height,
            "size": _diameter(n, most),
            "tint": group.astype(np.float32),
            "name": [names[i] for i in group],
            "n": n,
            "n_selected": n_selected,
        },
        "selected": {"x": width[chosen], "y": height[chosen], "size": _diameter(n_selected[chosen], most)},
    }
    log = is_wide(found)
    message = "" if len(n) else "No image here has a size"
    x_range, y_range = (_ends(values, log) for values in (width, height))
    return Drawing(layers, x_range, y_range, message=message)


def _diameter(n: np.ndarray, most: int) -> np.ndarray:
    return np.asarray(_SMALLEST + (_LARGEST - _SMALLEST) * np.sqrt(n / most))


def _ends(values: np.ndarray, log: bool) -> tuple[float, float]:
    """More than the usual room: a bubble is wider than a point."""
    ends = span_of(values, log=log)
    for _ in range(3):
        ends = with_room(ends, log=log)
    return ends
