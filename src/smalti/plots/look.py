"""The look that all plots share: inks, axes, type, legend, and what is said when there is nothing."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import holoviews as hv
import holoviews.plotting.bokeh  # registers its options; hv.extension would publish to a notebook
import numpy as np
from bokeh.models import (
    BasicTicker,
    BoxZoomTool,
    FixedTicker,
    Label,
    Legend,
    LegendItem,
    Node,
    PanTool,
    ResetTool,
    SaveTool,
    WheelZoomTool,
)

from smalti.plots.drawing import Drawing

__all__ = ["ACCENT", "INK", "NEUTRAL", "finish", "short"]

INK = "#767676"
"""Axes and text where no page says better: 4.5:1 on white, 4:1 on a dark page."""

NEUTRAL = "#6F8BA0"
"""Rows that pass the filters, where colour does not tell groups apart."""

ACCENT = "#D6006C"
"""What is selected: far from every group's colour, for any colour vision, on light and dark."""

_TEXT = "var(--mui-palette-text-secondary, var(--jp-ui-font-color1, #767676))"
"""Ink of the page around: of the app, of JupyterLab, or of none."""

_INKS = ("axis-label-text-color", "major-label-text-color", "label-text-color", "text-color")


def finish(
    elements: Sequence[Any],
    drawing: Drawing,
    *,
    x_label: str = "",
    y_label: str = "",
    height: int,
    zooms: bool = False,
    legend: Sequence[tuple[str, str]] = (),
    hook: Callable[[Any, Any], None] | None = None,
    **options: Any,
) -> hv.Overlay:
    """Lay elements over each other, with the axes and the type that all plots have.

    Parameters
    ----------
    elements
        One for each layer of the drawing, in their order.
    drawing
        Gives the axes their ends.
    x_label, y_label
        Shown along the axes.
    height
        In screen pixels; the width follows the place it is put in.
    zooms
        Whether there are tools to zoom, pan and save.
    legend
        Name and colour of each group; none where a legend stands elsewhere.
    hook
        Changes the finished figure further.
    options
        Of `holoviews.Overlay.opts`.
    """
    return hv.Overlay(list(elements)).opts(
        responsive=True,
        height=height,
        xlabel=x_label,
        ylabel=y_label,
        toolbar="above" if zooms else None,
        default_tools=[],
        active_tools=[],
        show_legend=False,
        xlim=drawing.x_range,
        ylim=drawing.y_range,
        fontsize={"labels": "11px", "ticks": "11px"},
        hooks=[partial(_calm, drawing, zooms, tuple(legend)), *([hook] if hook else [])],
        backend="bokeh",
        **options,
    )


def _calm(drawing: Drawing, zooms: bool, legend: Sequence[tuple[str, str]], plot: Any, _element: Any) -> None:
    """Let the page's own background show, and draw no more lines than are read."""
    figure = plot.state
    figure.output_backend = "canvas"  # WebGL costs a context each, and a software one where there is no GPU
    figure.background_fill_color = figure.border_fill_color = figure.outline_line_color = None
    figure.background_fill_alpha = 0  # says the same to a theme that knows no None
    figure.styles = {f"--bk-{name}": _TEXT for name in _INKS}
    figure.min_border_left, figure.min_border_right = 44, 8
    figure.toolbar.logo, figure.toolbar.autohide = None, True
    if zooms:
        figure.add_tools(PanTool(), BoxZoomTool(), WheelZoomTool(), ResetTool(), SaveTool())
    figure.toolbar.active_scroll = None  # the wheel is the page's until somebody gives it to the plot
    figure.xgrid.grid_line_color = None
    figure.ygrid.grid_line_color, figure.ygrid.grid_line_alpha = INK, 0.18
    for ends, given in ((figure.x_range, drawing.x_range), (figure.y_range, drawing.y_range)):
        ends.reset_start, ends.reset_end = given
    for axis in figure.axis:
        axis.axis_line_color = axis.major_tick_line_color = INK
        axis.major_label_text_color = axis.axis_label_text_color = INK
        axis.minor_tick_line_color = None
        axis.axis_label_text_font_style = "normal"
        axis.axis_label_standoff = 4
        if isinstance(axis.ticker, BasicTicker):
            axis.ticker.desired_num_ticks = 5
            axis.formatter.power_limit_high = 7
    figure.yaxis.axis_line_color = figure.yaxis.major_tick_line_color = None
    if drawing.y_labels:
        figure.yaxis.ticker = FixedTicker(ticks=list(drawing.y_labels))
        figure.yaxis.major_label_overrides = dict(drawing.y_labels)
        figure.ygrid.grid_line_color = None
    figure.add_layout(_message(drawing.message))
    if len(legend) > 1:
        figure.add_layout(_legend(figure, legend), "right")


def _message(text: str) -> Label:
    middle = Node(target="frame", symbol="center")
    return Label(
        name="message",
        x=middle,
        y=middle,
        text=text,
        text_align="center",
        text_baseline="middle",
        text_color=INK,
        text_font_size="12px",
    )


def _legend(figure: Any, legend: Sequence[tuple[str, str]]) -> Legend:
    """Names beside a square each; taken from a renderer of its own that draws nothing."""
    colours = [colour for _, colour in legend]
    nowhere = [np.nan] * len(legend)
    keys = figure.scatter(
        "x",
        "y",
        source={"x": nowhere, "y": nowhere, "fill_color": colours},
        marker="square",
        fill_color="fill_color",
        line_color=None,
        name="legend",
    )
    items = [LegendItem(label=short(name), renderers=[keys], index=i) for i, (name, _) in enumerate(legend)]
    return Legend(
        items=items,
        border_line_color=None,
        background_fill_color=None,
        label_text_color=INK,
        label_text_font_size="11px",
        padding=0,
        margin=4,
    )


def short(text: str, most: int = 26) -> str:
    """A name that leaves room for the plot: its middle gives way, because names differ at their ends."""
    if len(text) <= most:
        return text
    head = (most - 1) // 2
    return f"{text[:head]}…{text[len(text) - (most - 1 - head) :]}"
