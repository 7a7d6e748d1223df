"""What a plot shows, as arrays: drawn once as a HoloViews object, then pushed into the figure in place."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

__all__ = ["Columns", "Drawing", "Range", "places_of", "repaint", "span_of", "with_room"]

Columns = Mapping[str, np.ndarray | Sequence[Any]]
"""Columns of one Bokeh source; one that is called like a visual property of the glyph sets it."""

Range = tuple[float, float]
"""Least and greatest value."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """One state of a plot.

    Parameters
    ----------
    layers
        Columns by name of the layer, the lowest first; a plot always has the same layers.
    x_range, y_range
        Ends of the axes.
    y_labels
        Words on the y axis by position; empty where it counts.
    message
        Said in the middle of the plot when there is nothing to draw.
    """

    layers: Mapping[str, Columns]
    x_range: Range
    y_range: Range
    y_labels: Mapping[int, str] = field(default_factory=dict)
    message: str = ""


def repaint(figure: Any, drawing: Drawing) -> None:
    """Push a drawing into the figure made of an earlier one; only what changed is sent to the browser.

    To render the plot anew takes 50–100 ms of Python, this 1 ms; the visitor's zoom stays where the ends
    of the axes do.
    """
    sources = {renderer.name: renderer.data_source for renderer in figure.renderers}
    for name, columns in drawing.layers.items():
        if not _same(columns, sources[name].data):
            sources[name].data = dict(columns)
    for axis, ends in ((figure.x_range, drawing.x_range), (figure.y_range, drawing.y_range)):
        if (axis.reset_start, axis.reset_end) != ends:
            axis.update(start=ends[0], end=ends[1], reset_start=ends[0], reset_end=ends[1])
    axis = figure.yaxis[0]
    if drawing.y_labels and axis.major_label_overrides != drawing.y_labels:
        axis.major_label_overrides = dict(drawing.y_labels)
    message = next(part for part in figure.center if part.name == "message")
    if message.text != drawing.message:
        message.text = drawing.message


def _same(new: Columns, old: Columns) -> bool:
    return new.keys() == old.keys() and all(_equal(new[name], old[name]) for name in new)


def _equal(new: Any, old: Any) -> bool:
    if new is old:
        return True
    if isinstance(new, np.ndarray) and isinstance(old, np.ndarray):
        return np.array_equal(new, old, equal_nan=new.dtype.kind == "f")
    if isinstance(new, list | tuple) and isinstance(old, list | tuple):
        return len(new) == len(old) and all(map(_equal, new, old))
    return type(new) is type(old) and bool(new == old)


def span_of(*values: np.ndarray, log: bool = False) -> Range:
    """Least and greatest of the values that an axis can show; 0 and 1, or 1 and 10, of none."""
    joined = np.concatenate([np.asarray(part, dtype=np.float64).ravel() for part in values])
    shown = joined[np.isfinite(joined) & (joined > 0)] if log else joined[np.isfinite(joined)]
    if not shown.size:
        return (1.0, 10.0) if log else (0.0, 1.0)
    return float(shown.min()), float(shown.max())


def with_room(ends: Range, *, log: bool = False) -> Range:
    """Room around the outermost values: none is cut, and one value alone stands in the middle."""
    low, high = ends
    if not (np.isfinite(low) and np.isfinite(high)):
        return (1.0, 10.0) if log else (0.0, 1.0)
    if log:
        factor = (high / low) ** 0.04 if high > low else 2.0
        return low / factor, high * factor
    # Halves, because the difference may be beyond the largest double.
    room = 0.04 * 2 * (high / 2 - low / 2) or abs(low) / 2 or 0.5
    return low - room, high + room


def places_of(names: Iterable[str]) -> dict[str, int]:
    """Places of names on an axis that counts upwards, the first name at the top."""
    return {name: place for place, name in reversed(list(enumerate(reversed(list(names)))))}
