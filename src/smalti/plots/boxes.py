"""One column's spread in each group: violin, box and single rows in one drawing."""

from collections.abc import Mapping

import holoviews as hv
import numpy as np

from smalti.plots.drawing import Columns, Drawing, places_of, span_of, with_room
from smalti.plots.look import ACCENT, INK, finish, short
from smalti.plots.marks import boxes as rectangles
from smalti.plots.marks import by_group, dots, outlines, segments, shapes
from smalti.table.aggregates import BoxStats, Dots

__all__ = ["arrange", "boxes"]

_HEIGHT = 54
"""Screen pixels for each group."""

_VIOLIN, _BOX, _MEDIAN = 0.3, 0.1, 0.14
"""Half heights, where a group's place is 1 high; the median is higher, so that a flat box hides nothing."""


def boxes(
    stats: BoxStats,
    colours: Mapping[str, str],
    *,
    log: bool = False,
    label: str = "",
    height: int | None = None,
) -> hv.Overlay:
    """Draw each group's distribution as a half violin, its quartiles as a box, and rows as dots.

    Groups run down the plot, so that long names stay legible; a group without a value keeps its place.

    Parameters
    ----------
    stats
        From `Snapshot.boxes`.
    colours
        Colour by name of the group, from `smalti.plots.palette.colours_of`.
    log
        Whether values run along a logarithmic axis, which leaves out those not above 0; and violins, because
        a density over values is none over their logarithms.
    label
        Under the axis; the column's name where empty.
    height
        In screen pixels; None for what the number of groups needs.
    """
    drawing = arrange(stats, colours, log=log)
    layers = drawing.layers
    tips = [
        ("", "@name"),
        ("median", "@median{0.[0000]a}"),
        ("quartiles", "@quartiles"),
        ("images", "@n{0,0}"),
    ]
    elements = [
        shapes("violins", layers["violins"], fill_alpha=0.3, line_alpha=0.8),
        dots("dots", layers["dots"], mapper=by_group(colours.values()), size=4, alpha=0.55, line_color=None),
        segments("whiskers", layers["whiskers"], line_color=INK, line_width=1.2),
        rectangles(
            "boxes", layers["boxes"], fill_alpha=0.85, line_color=INK, tools=["hover"], hover_tooltips=tips
        ),
        segments("medians", layers["medians"], line_color=INK, line_width=3),
        dots("selected", layers["selected"], size=6, color=ACCENT, alpha=0.9, line_color=None),
    ]
    height = height or 64 + _HEIGHT * len(colours)
    return finish(elements, drawing, x_label=label or stats.column, height=height, logx=log)


def arrange(stats: BoxStats, colours: Mapping[str, str], *, log: bool = False) -> Drawing:
    """The arrays of `boxes`; the axis is that of the whole table, so that no filter moves it."""
    place = places_of(colours)
    y = np.array([place[name] for name in stats.names], dtype=np.float64)
    n = dict(zip(stats.names, stats.n.tolist(), strict=True))
    tints = np.array([colours[name] for name in stats.names], dtype=object)  # an empty list is no colour
    layers: dict[str, Columns] = {
        "violins": outlines([[] for _ in colours], colours.values()) if log else _violins(stats, colours, y),
        "dots": _strewn(stats.dots, ~stats.dots.selected, y, len(colours)),
        "whiskers": _whiskers(stats, y),
        "boxes": {
            "left": stats.q1,
            "bottom": y - _BOX,
            "right": stats.q3,
            "top": y + _BOX,
            "fill_color": tints,
            "name": list(stats.names),
            "median": stats.median,
            "quartiles": [f"{a:.4g} – {b:.4g}" for a, b in zip(stats.q1, stats.q3, strict=True)],
            "n": stats.n,
        },
        "medians": {"x0": stats.median, "y0": y - _MEDIAN, "x1": stats.median, "y1": y + _MEDIAN},
        "selected": _strewn(stats.dots, stats.dots.selected, y, len(colours)),
    }
    message = "" if stats.names else f"No image here has a {stats.column}"
    labels = {at: f"{short(name)}  {n.get(name, 0):,}" for name, at in place.items()}
    return Drawing(
        layers,
        with_room(span_of(stats.grid, stats.low, stats.high, stats.dots.value, log=log), log=log),
        (-0.6, len(colours) - 0.4),
        labels,
        message,
    )


def _violins(stats: BoxStats, colours: Mapping[str, str], y: np.ndarray) -> Columns:
    """The upper half only: the dots have the lower one."""
    paths = {}
    for name, middle, density in zip(stats.names, y, stats.density, strict=True):
        held = np.flatnonzero(density > 0.002)
        if held.size:
            span = slice(max(held[0] - 1, 0), held[-1] + 2)
            x, up = stats.grid[span], density[span]
            paths[name] = [
                (
                    np.concatenate([x[:1], x, x[-1:]]),
                    middle + np.concatenate([[0], up * _VIOLIN, [0]]) + _MEDIAN,
                )
            ]
    return outlines([paths.get(name, []) for name in colours], colours.values())


def _whiskers(stats: BoxStats, y: np.ndarray) -> Columns:
    return {
        "x0": np.concatenate([stats.low, stats.q3]),
        "y0": np.tile(y, 2),
        "x1": np.concatenate([stats.q1, stats.high]),
        "y1": np.tile(y, 2),
    }


def _strewn(found: Dots, which: np.ndarray, y: np.ndarray, n_places: int) -> Columns:
    """Strewn below the box by row number, so that a dot keeps its place whatever else is shown."""
    spread = (found.rows[which].astype(np.uint32) * np.uint32(2_654_435_761)) / 2**32  # Knuth (1998), hashing
    places = y[found.group[which]]
    return {
        "x": found.value[which],
        "y": places - _MEDIAN - 0.04 - 0.2 * spread,
        "tint": (n_places - 1 - places).astype(np.float32),
    }
