"""A metric along t, z or c: mean and spread of each group."""

from collections.abc import Mapping
from typing import Any

import holoviews as hv
import numpy as np
from bokeh.models import BasicTicker

from smalti.plots.drawing import Columns, Drawing, span_of, with_room
from smalti.plots.look import finish, short
from smalti.plots.marks import dots, lines, outlines, shapes
from smalti.table.aggregates import Profile

__all__ = ["arrange", "profile"]

NAMES = {"t": "time point", "z": "z slice", "c": "channel"}
"""What a position along a dimension is called."""


def profile(
    found: Profile, colours: Mapping[str, str], *, label: str = "", height: int = 300, legend: bool = True
) -> hv.Overlay:
    """Draw means as lines, ± one standard deviation over images as bands; hovering says of how many images.

    Parameters
    ----------
    found
        From `Snapshot.profile`.
    colours
        Colour by name of the group, from `smalti.plots.palette.colours_of`.
    label
        Beside the axis of values; the metric's name where empty.
    height
        In screen pixels; the width follows the place it is put in.
    legend
        Whether groups are named beside the plot.
    """
    drawing = arrange(found, colours)
    layers = drawing.layers
    tips = [
        ("", "@name"),
        (NAMES[found.dimension], "@x{0}"),
        (found.column, "@y{0.[0000]a} ± @sd{0.[0000]a}"),
        ("images", "@n{0,0} (@share{0%})"),
    ]
    elements = [
        shapes("bands", layers["bands"], fill_alpha=0.16, line_alpha=0),
        lines("means", layers["means"], line_width=2),
        dots("dots", layers["dots"], size=6, line_color=None, tools=["hover"], hover_tooltips=tips),
    ]
    return finish(
        elements,
        drawing,
        x_label=NAMES[found.dimension],
        y_label=label or found.column,
        height=height,
        legend=[(name, colours[name]) for name in found.names] if legend else (),
        hook=_whole,
    )


def arrange(found: Profile, colours: Mapping[str, str]) -> Drawing:
    """The arrays of `profile`."""
    at = {name: i for i, name in enumerate(found.names)}
    x = found.positions.astype(np.float64)
    sd = np.nan_to_num(found.sd)  # one image has no spread
    bands = [_bands(x, found.mean[at[name]], sd[at[name]]) if name in at else [] for name in colours]
    layers: dict[str, Columns] = {
        "bands": outlines(bands, colours.values()),
        "means": {
            "xs": [x if name in at else x[:0] for name in colours],
            "ys": [found.mean[at[name]] if name in at else x[:0] for name in colours],
            "line_color": list(colours.values()),
        },
        "dots": _dots(found, colours, sd),
    }
    known = np.isfinite(found.mean).any()
    message = "" if known else f"No plane of these images has a {found.column}"
    y_range = with_room(span_of(found.mean - sd, found.mean + sd))
    ends = (float(x[0]) - 0.25, float(x[-1]) + 0.25) if len(x) else (0.0, 1.0)
    return Drawing(layers, ends, y_range, message=message)


def _bands(x: np.ndarray, mean: np.ndarray, sd: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """An outline for each run of positions that some image has; one position alone has no width to fill."""
    known = np.isfinite(mean)
    bounds = np.flatnonzero(np.diff(np.concatenate([[0], known, [0]]))).reshape(-1, 2)
    runs = [slice(first, end) for first, end in bounds if end - first > 1]
    return [
        (
            np.concatenate([x[run], x[run][::-1]]),
            np.concatenate([(mean + sd)[run], (mean - sd)[run][::-1]]),
        )
        for run in runs
    ]


def _dots(found: Profile, colours: Mapping[str, str], sd: np.ndarray) -> Columns:
    group, position = np.nonzero(np.isfinite(found.mean))
    names = [found.names[i] for i in group]
    n = found.n_images[group, position]
    return {
        "x": found.positions[position].astype(np.float64),
        "y": found.mean[group, position],
        "fill_color": np.array([colours[name] for name in names], dtype=object),  # an empty list is no colour
        "name": [short(name) for name in names],
        "sd": sd[group, position],
        "n": n,
        "share": n / found.n_images.max(axis=1, initial=1)[group],
    }


def _whole(plot: Any, _element: Any) -> None:
    figure = plot.state
    figure.xaxis.ticker = BasicTicker(min_interval=1)
