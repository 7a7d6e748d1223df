"""The distribution of one column: all, filtered and selected rows, or one outline a group."""

from collections.abc import Mapping
from typing import Any, Literal

import holoviews as hv
import numpy as np
from bokeh.models import BasicTicker, NumeralTickFormatter

from smalti.plots.drawing import Columns, Drawing
from smalti.plots.look import ACCENT, INK, NEUTRAL, finish, short
from smalti.plots.marks import boxes, outlines, shapes
from smalti.table.aggregates import Counts

__all__ = ["Scale", "arrange", "histogram"]

Scale = Literal["count", "share"]
"""What bars are as high as: rows, or the share of their own set or group."""

_ROOM = 1.08


def histogram(
    counts: Counts,
    colours: Mapping[str, str],
    *,
    unit: str = "",
    scale: Scale = "count",
    height: int = 150,
    legend: bool = True,
) -> hv.Overlay:
    """Draw counts: all rows faint, the filtered ones solid, the selected ones in the accent.

    Where the record counts by group, each group is an outline in its colour instead. Hovering a bin names
    its range and what it holds.

    Parameters
    ----------
    counts
        From `Snapshot.counts`.
    colours
        Colour by name of the group, from `smalti.plots.palette.colours_of`.
    unit
        Unit of the column's values, shown under the axis.
    scale
        What the bars are as high as.
    height
        In screen pixels; the width follows the place it is put in.
    legend
        Whether groups are named beside the plot.
    """
    drawing = arrange(counts, colours, scale)
    if counts.groups:
        bars = shapes("groups", drawing.layers["groups"], fill_alpha=0.22, line_width=1.6)
    else:
        bars = boxes("bars", drawing.layers["bars"], line_color=None)
    return finish(
        [bars, _under_pointer(counts, colours, drawing.layers["bins"])],
        drawing,
        x_label=unit,
        y_label="images" if scale == "count" else "share",
        height=height,
        legend=_shown(counts, colours) if legend else (),
        logx=counts.log,
        hook=_whole if scale == "count" else _percent,
    )


def arrange(counts: Counts, colours: Mapping[str, str], scale: Scale = "count") -> Drawing:
    """The arrays of `histogram`."""
    heights = {name: _scaled(n, scale) for name, n in (counts.groups or _sets(counts)).items()}
    top = _ROOM * max((float(height.max(initial=0)) for height in heights.values()), default=0.0)
    top = top or 1.0
    layers: dict[str, Columns] = {}
    if counts.groups:
        layers["groups"] = _outlines(counts.edges, heights, colours)
    else:
        layers["bars"] = _bars(counts.edges, heights, scale)
    layers["bins"] = _bins(counts, colours, top)
    return Drawing(layers, _ends(counts.edges), (0.0, top), message=_message(counts))


def _ends(edges: np.ndarray) -> tuple[float, float]:
    return float(edges[0]), float(edges[-1])


def _message(counts: Counts) -> str:
    if counts.filtered.any():
        return ""
    return "No value to count in these images" if counts.all.any() else f"No image has a {counts.column}"


def _scaled(n: np.ndarray, scale: Scale) -> np.ndarray:
    return n.astype(np.float64) if scale == "count" else n / max(int(n.sum()), 1)


def _bars(edges: np.ndarray, heights: Mapping[str, np.ndarray], scale: Scale) -> Columns:
    """Bars of all sets in one layer, the selected ones on top: each further layer takes 15 ms to render."""
    held = {name: np.flatnonzero(height) for name, height in heights.items()}
    some = np.concatenate(list(held.values()))
    n = [len(which) for which in held.values()]
    return {
        "left": edges[:-1][some],
        "bottom": np.zeros(len(some)),
        "right": edges[1:][some],
        "top": np.concatenate([heights[name][which] for name, which in held.items()]),
        "fill_color": np.repeat(np.array([INK, NEUTRAL, ACCENT], dtype=object), n),
        # Shares of few rows may be higher than those of all, which must stay in sight behind them.
        "fill_alpha": np.repeat([0.22, 1.0, 0.9 if scale == "count" else 0.55], n),
    }


def _outlines(edges: np.ndarray, heights: Mapping[str, np.ndarray], colours: Mapping[str, str]) -> Columns:
    """A shape a group, for every group there can be, so that a filter changes no more than the points."""
    nothing = np.zeros_like(edges[:-1])
    steps = [_steps(edges, heights.get(name, nothing)) for name in colours]
    return outlines(steps, colours.values())


def _steps(edges: np.ndarray, height: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Steps around each run of bins that hold anything: no line where nothing is."""
    bounds = np.flatnonzero(np.diff(np.concatenate([[0], height > 0, [0]]))).reshape(-1, 2)
    return [
        (
            np.repeat(edges[first : end + 1], 2),
            np.concatenate([[0.0], np.repeat(height[first:end], 2), [0.0]]),
        )
        for first, end in bounds
    ]


def _bins(counts: Counts, colours: Mapping[str, str], top: float) -> Columns:
    """Bins of full height, seen only under the pointer: a thin bar could not be hit."""
    left, right = counts.edges[:-1], counts.edges[1:]
    nothing = np.zeros(len(left))
    n_of = [counts.groups.get(name, nothing) for name in colours] if counts.groups else _sets(counts).values()
    return {
        "left": left,
        "bottom": nothing,
        "right": right,
        "top": np.full(len(left), top),
        "values": [f"{a:.4g} – {b:.4g}" for a, b in zip(left, right, strict=True)],
        **{f"n{i}": n.astype(np.float64) for i, n in enumerate(n_of)},
    }


def _sets(counts: Counts) -> dict[str, np.ndarray]:
    return {"all": counts.all, "filtered": counts.filtered, "selected": counts.selected}


def _under_pointer(counts: Counts, colours: Mapping[str, str], columns: Columns) -> hv.Rectangles:
    names = colours if counts.groups else _sets(counts)
    tooltips = [(counts.column, "@values"), *((short(name), f"@n{i}{{0,0}}") for i, name in enumerate(names))]
    style = {"fill_alpha": 0, "line_alpha": 0, "hover_fill_alpha": 0.12, "fill_color": INK}
    return boxes("bins", columns, tools=["hover"], hover_tooltips=tooltips, **style)


def _shown(counts: Counts, colours: Mapping[str, str]) -> list[tuple[str, str]]:
    return [(name, colours[name]) for name in counts.groups if counts.groups[name].any()]


def _whole(plot: Any, _element: Any) -> None:
    plot.state.yaxis.ticker = BasicTicker(desired_num_ticks=3, min_interval=1)  # images are whole


def _percent(plot: Any, _element: Any) -> None:
    plot.state.yaxis.ticker = BasicTicker(desired_num_ticks=3)
    plot.state.yaxis.formatter = NumeralTickFormatter(format="0.[0]%")
