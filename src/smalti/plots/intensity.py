"""Intensity histograms: the mean of each group with its spread, and one image over them."""

from collections.abc import Mapping
from typing import Any

import holoviews as hv
import numpy as np
from bokeh.models import BasicTicker, NumeralTickFormatter

from smalti.plots.drawing import Columns, Drawing
from smalti.plots.look import ACCENT, finish
from smalti.plots.marks import lines, outlines, shapes
from smalti.table.aggregates import Curves

__all__ = ["arrange", "intensity"]


def intensity(
    curves: Curves, colours: Mapping[str, str], *, unit: str = "", height: int = 300, legend: bool = True
) -> hv.Overlay:
    """Draw the share of pixels by intensity.

    A line is the mean over a group's images, the band around it holds eight of ten of them; the picked
    image is a line in the accent.

    Parameters
    ----------
    curves
        From `Snapshot.curves`.
    colours
        Colour by name of the group, from `smalti.plots.palette.colours_of`.
    unit
        Of the intensities.
    height
        In screen pixels; the width follows the place it is put in.
    legend
        Whether groups are named beside the plot.
    """
    drawing = arrange(curves, colours)
    layers = drawing.layers
    elements = [
        shapes("bands", layers["bands"], fill_alpha=0.18, line_alpha=0),
        lines("means", layers["means"], line_width=2),
        lines("picked", layers["picked"], line_width=1.6),
    ]
    return finish(
        elements,
        drawing,
        x_label="from darkest to brightest of each image" if curves.relative else unit or "intensity",
        y_label="pixels",
        height=height,
        zooms=True,
        legend=[(name, colours[name]) for name in curves.names] if legend else (),
        hook=_percent,
    )


def arrange(curves: Curves, colours: Mapping[str, str]) -> Drawing:
    """The arrays of `intensity`."""
    at = {name: i for i, name in enumerate(curves.names)}
    middles = (curves.edges[:-1] + curves.edges[1:]) / 2
    there_and_back = np.concatenate([middles, middles[::-1]])
    bands = [
        [(there_and_back, np.concatenate([curves.high[at[name]], curves.low[at[name]][::-1]]))]
        if name in at
        else []
        for name in colours
    ]
    means = [curves.mean[at[name]] if name in at else None for name in colours]
    layers: dict[str, Columns] = {
        "bands": outlines(bands, colours.values()),
        "means": _steps(curves.edges, means, list(colours.values())),
        "picked": _steps(curves.edges, [curves.picked], [ACCENT]),
    }
    message = "" if curves.names or curves.picked is not None else "No intensity histogram of these images"
    ends = float(curves.edges[0]), float(curves.edges[-1])
    return Drawing(layers, ends, (0.0, _top(curves)), message=message)


def _top(curves: Curves) -> float:
    """High enough for every line; a band may be cut, because one dark bin often holds most pixels."""
    shown = [*curves.mean, *([] if curves.picked is None else [curves.picked])]
    line = max((float(np.nanmax(values, initial=0)) for values in shown), default=0.0)
    band = float(np.nanmax(curves.high, initial=0))
    return max(1.1 * line, min(1.05 * band, 1.6 * line)) or 1.0


def _steps(edges: np.ndarray, heights: list[np.ndarray | None], colours: list[str]) -> Columns:
    """A line a height, each as wide as its bin; none where there is nothing, which keeps their order."""
    nothing = np.zeros(0)
    x = np.repeat(edges, 2)[1:-1]
    return {
        "xs": [nothing if height is None else x for height in heights],
        "ys": [nothing if height is None else np.repeat(height, 2) for height in heights],
        "line_color": colours,
    }


def _percent(plot: Any, _element: Any) -> None:
    figure = plot.state
    figure.yaxis.ticker = BasicTicker(desired_num_ticks=4)
    figure.yaxis.formatter = NumeralTickFormatter(format="0.[00]%")
