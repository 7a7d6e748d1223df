"""The distribution of one column, one outline a group."""

from collections.abc import Mapping
from typing import Any

import holoviews as hv
import holoviews.plotting.bokeh  # registers its options; hv.extension would publish to a notebook
import numpy as np
from bokeh.models import BasicTicker, BasicTickFormatter

from smalti.table.stats import Distribution

__all__ = ["histogram"]


INK = "#7A7A7A"
"""Axis and text: 4.3:1 on white and 4.3:1 on the dark page, so one plot serves both."""


def histogram(
    counts: Distribution, colours: Mapping[str, str], *, unit: str = "", height: int = 150
) -> hv.Overlay:
    """Draw counts as steps, the groups one over the other; hovering a bin names its range and counts.

    Parameters
    ----------
    counts
        From `smalti.table.stats.distribution`.
    colours
        Colour by name of the group, from `smalti.plots.palette.colours_of`.
    unit
        Unit of the column's values, shown under the axis.
    height
        In screen pixels; the width follows the place it is put in.
    """
    overlay = _outlines(counts, colours) * _bins(counts)
    return overlay.opts(
        responsive=True,
        height=height,
        logx=counts.log,
        xlabel=unit,
        ylabel="images",
        toolbar=None,
        default_tools=[],
        show_legend=False,
        xlim=(float(counts.edges[0]), float(counts.edges[-1])),
        ylim=(0, 1.08 * _top(counts)),
        fontsize={"labels": "11px", "ticks": "11px"},
        hooks=[_calm],
        backend="bokeh",
    )


def _outlines(counts: Distribution, colours: Mapping[str, str]) -> hv.Polygons:
    """All groups in one element, a shape each: 50 ms to render, 70 ms as areas, 110 ms as a shape a run."""
    shapes = [
        dict(zip("xy", _outline(counts.edges, n), strict=True)) | {"colour": colours[name]}
        for name, n in counts.counts.items()
    ]
    polygons = hv.Polygons(shapes, vdims=["colour"])
    return polygons.opts(
        fill_color="colour", line_color="colour", fill_alpha=0.28, line_width=1.6, backend="bokeh"
    )


def _outline(edges: np.ndarray, n: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Steps around each run of bins that hold anything, NaN between runs: no line where nothing is."""
    bounds = np.flatnonzero(np.diff(np.concatenate([[0], n > 0, [0]]))).reshape(-1, 2)
    gap = [np.nan]
    x = [[*np.repeat(edges[first : end + 1], 2), *gap] for first, end in bounds]
    y = [[0, *np.repeat(n[first:end], 2), 0, *gap] for first, end in bounds]
    return np.concatenate(x)[:-1], np.concatenate(y)[:-1]


def _bins(counts: Distribution) -> hv.Rectangles:
    """Bins of full height, seen only under the pointer: a thin bar could not be hit."""
    left, right = counts.edges[:-1], counts.edges[1:]
    spans = [f"{a:.4g} – {b:.4g}" for a, b in zip(left, right, strict=True)]
    fields = [f"group {i}" for i in range(len(counts.counts))]
    top = np.full(len(left), 1.08 * _top(counts))
    table = (left, np.zeros(len(left)), right, top, spans, *counts.counts.values())
    bins = hv.Rectangles(table, vdims=["values", *fields])
    tooltips = [
        (counts.column, "@values"),
        *((name, f"@{{{field}}}{{0,0}}") for name, field in zip(counts.counts, fields, strict=True)),
    ]
    return bins.opts(
        alpha=0, hover_alpha=0.12, color=INK, tools=["hover"], hover_tooltips=tooltips, backend="bokeh"
    )


def _top(counts: Distribution) -> float:
    return max((int(count.max()) for count in counts.counts.values()), default=1)


def _calm(plot: Any, _element: Any) -> None:
    """Let the page's own background show, and draw no more lines than are read."""
    figure = plot.state
    figure.output_backend = "canvas"  # WebGL costs a context each, and a software one where there is no GPU
    figure.background_fill_color = figure.border_fill_color = figure.outline_line_color = None
    figure.min_border_left, figure.min_border_right = 44, 8
    figure.xgrid.grid_line_color = None
    figure.ygrid.grid_line_color, figure.ygrid.grid_line_alpha = INK, 0.18
    figure.yaxis.ticker = BasicTicker(desired_num_ticks=3, min_interval=1)  # images are whole
    if isinstance(figure.xaxis[0].formatter, BasicTickFormatter):
        figure.xaxis.ticker.desired_num_ticks = 5
        figure.xaxis.formatter.power_limit_high = 7
    for axis in figure.axis:
        axis.axis_line_color = axis.major_tick_line_color = INK
        axis.major_label_text_color = axis.axis_label_text_color = INK
        axis.minor_tick_line_color = None
        axis.axis_label_standoff = 4
    figure.yaxis.axis_line_color = figure.yaxis.major_tick_line_color = None
