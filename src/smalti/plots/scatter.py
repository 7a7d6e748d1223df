"""Two columns against each other: a point a row, or where rows are too many a shaded density."""

from collections.abc import Mapping, Sequence
from typing import Any

import holoviews as hv
import numpy as np

from smalti.plots.drawing import Columns, Drawing, with_room
from smalti.plots.look import INK, finish
from smalti.plots.marks import by_group, dots, image
from smalti.plots.shade import Shading, shade
from smalti.plots.tint import Tint
from smalti.table.aggregates import Density, Points

__all__ = ["arrange", "scatter"]


def scatter(
    rows: Points | Density,
    colours: Mapping[str, str],
    *,
    names: Sequence[str] | None = None,
    tint: Tint | None = None,
    shading: Shading = "log",
    x_label: str = "",
    y_label: str = "",
    height: int = 420,
    legend: bool = True,
) -> hv.Overlay:
    """Draw rows by two columns, coloured by group; what is selected stands out, the rest fades.

    Parameters
    ----------
    rows
        From `Snapshot.points`, or `Snapshot.density` for more rows than a browser draws.
    colours
        Colour by name of the group, from `smalti.plots.palette.colours_of`.
    names
        What each point is called when it is hovered, one for each of `rows.rows`; None for the row number.
    tint
        Values that colour points in place of their groups, which colour densities always.
    shading
        How counts become opacity where a density is drawn.
    x_label, y_label
        Beside the axes; the columns' names where empty.
    height
        In screen pixels; the width follows the place it is put in.
    legend
        Whether groups are named beside the plot.
    """
    drawing = arrange(rows, colours, names=names, tint=tint, shading=shading)
    layers = drawing.layers
    if isinstance(rows, Density):
        elements = [image("density", layers["density"])]
    else:
        tips = [("", "@label"), (rows.x_column, "@x{0.[0000]a}"), (rows.y_column, "@y{0.[0000]a}")]
        if tint is not None:
            tips.append((tint.label, "@tint{0.[0000]a}"))
        hover: dict[str, Any] = {"tools": ["hover"], "hover_tooltips": tips}
        mapper = by_group(colours.values()) if tint is None else tint.mapper
        elements = [
            # Grey: many faint points over each other would come out in their colour, as if selected.
            dots("faint", layers["faint"], size=5, color=INK, alpha=0.15, line_color=None, **hover),
            dots("bright", layers["bright"], mapper=mapper, size=6, alpha=0.75, line_color=None, **hover),
        ]
    return finish(
        elements,
        drawing,
        x_label=x_label or rows.x_column,
        y_label=y_label or rows.y_column,
        height=height,
        zooms=True,
        legend=list(colours.items()) if legend and tint is None else (),
        hook=None if tint is None or isinstance(rows, Density) else tint.scale_beside,
        logx=rows.log[0],
        logy=rows.log[1],
    )


def arrange(
    rows: Points | Density,
    colours: Mapping[str, str],
    *,
    names: Sequence[str] | None = None,
    tint: Tint | None = None,
    shading: Shading = "log",
) -> Drawing:
    """The arrays of `scatter`."""
    x_range, y_range = (
        with_room(ends, log=log) for ends, log in zip((rows.x_range, rows.y_range), rows.log, strict=True)
    )
    if isinstance(rows, Density):
        message = "" if rows.filtered.any() else "No image to show here"
        return Drawing({"density": _picture(rows, colours, shading)}, x_range, y_range, message=message)
    message = "" if len(rows.x) else "No image has both values"
    labels = np.asarray(names if names is not None else [f"row {row}" for row in rows.rows], dtype=object)
    chosen = rows.selected if rows.selected.any() else np.ones(len(rows.x), dtype=bool)
    faint = np.full(len(rows.x), not chosen.all())
    tints = (rows.group if tint is None else tint.values).astype(np.float32)
    layers = {"faint": _points(rows, labels, tints, faint), "bright": _points(rows, labels, tints, chosen)}
    return Drawing(layers, x_range, y_range, message=message)


def _points(rows: Points, labels: np.ndarray, tints: np.ndarray, which: np.ndarray) -> Columns:
    return {"x": rows.x[which], "y": rows.y[which], "tint": tints[which], "label": labels[which].tolist()}


def _picture(rows: Density, colours: Mapping[str, str], shading: Shading) -> Columns:
    left, right = float(rows.x_edges[0]), float(rows.x_edges[-1])
    low, high = float(rows.y_edges[0]), float(rows.y_edges[-1])
    pixels = shade(rows, list(colours.values()), shading)
    return {"image": [pixels], "x": [left], "y": [low], "dw": [right - left], "dh": [high - low]}
