"""How many rows have each value of a column of words."""

import holoviews as hv
import numpy as np

from smalti.plots.drawing import Columns, Drawing, places_of
from smalti.plots.look import ACCENT, INK, NEUTRAL, finish, short
from smalti.plots.marks import boxes
from smalti.table.aggregates import Categories

__all__ = ["arrange", "bars"]

_HEIGHT = 20
"""Screen pixels for each value."""

_ROOM = 1.04


def bars(found: Categories, *, height: int | None = None) -> hv.Overlay:
    """Draw a bar a value: all rows faint, the filtered ones solid, the selected ones in the accent.

    Parameters
    ----------
    found
        From `Snapshot.categories`.
    height
        In screen pixels; None for what the number of values needs.
    """
    drawing = arrange(found)
    layers = drawing.layers
    tips = [
        (found.column, "@name"),
        ("all", "@n_all{0,0}"),
        ("filtered", "@n_filtered{0,0}"),
        ("selected", "@n_selected{0,0}"),
    ]
    elements = [
        boxes("all", layers["all"], fill_color=INK, fill_alpha=0.22, line_color=None),
        boxes("filtered", layers["filtered"], fill_color=NEUTRAL, line_color=None),
        boxes("selected", layers["selected"], fill_color=ACCENT, line_color=None),
        boxes(
            "values",
            layers["values"],
            fill_color=INK,
            fill_alpha=0,
            line_alpha=0,
            hover_fill_alpha=0.12,
            tools=["hover"],
            hover_tooltips=tips,
        ),
    ]
    height = height or 44 + _HEIGHT * max(len(found.names), 2)
    return finish(elements, drawing, x_label="images", height=height)


def arrange(found: Categories) -> Drawing:
    """The arrays of `bars`."""
    place = places_of(found.names)
    y = np.array(list(place.values()), dtype=np.float64)
    top = _ROOM * max(int(found.all.max(initial=0)), 1)
    layers: dict[str, Columns] = {
        "all": _bars(y, found.all),
        "filtered": _bars(y, found.filtered),
        "selected": _bars(y, found.selected),
        "values": {
            **_bars(y, np.full(len(y), top)),
            "name": [short(name) for name in found.names],
            "n_all": found.all,
            "n_filtered": found.filtered,
            "n_selected": found.selected,
        },
    }
    labels = {
        at: f"{short(name)}  {n:,}"
        for (name, at), n in zip(place.items(), found.filtered.tolist(), strict=True)
    }
    message = "" if found.names else f"No image has a {found.column}"
    return Drawing(layers, (0.0, top), (-0.6, max(len(y), 1) - 0.4), labels, message)


def _bars(y: np.ndarray, n: np.ndarray) -> Columns:
    return {"left": np.zeros(len(y)), "bottom": y - 0.38, "right": n.astype(np.float64), "top": y + 0.38}
