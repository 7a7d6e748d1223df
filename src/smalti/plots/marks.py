"""The few elements that plots are made of, each with its columns in the browser under their own names."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

import holoviews as hv
import holoviews.plotting.bokeh  # registers its options; hv.extension would publish to a notebook
import numpy as np
from bokeh.core.properties import field
from bokeh.models import ColorMapper, LinearColorMapper

from smalti.plots.drawing import Columns

__all__ = ["Mapper", "boxes", "by_group", "dots", "image", "lines", "outlines", "segments", "shapes"]

Mapper = Callable[[], ColorMapper]
"""Makes the colours of numbers, anew for each figure: Bokeh lets no two pages share a model."""

_EDGES = {
    hv.Rectangles: ("left", "bottom", "right", "top"),
    hv.Segments: ("x0", "y0", "x1", "y1"),
    hv.Points: ("x", "y"),
}


def boxes(name: str, columns: Columns, **style: Any) -> hv.Rectangles:
    """Rectangles by ``left, bottom, right, top``."""
    return _element(hv.Rectangles, name, columns, style)


def segments(name: str, columns: Columns, **style: Any) -> hv.Segments:
    """Straight lines from ``x0, y0`` to ``x1, y1``."""
    return _element(hv.Segments, name, columns, style)


def dots(name: str, columns: Columns, *, mapper: Mapper | None = None, **style: Any) -> hv.Points:
    """Points at ``x, y``; with a mapper, filled with the colour of their ``tint``."""
    return _element(hv.Points, name, columns, style, mapper)


def by_group(colours: Iterable[str]) -> Mapper:
    """The colour of each group by its number: names of colours for 20,000 points take long to send."""
    palette = list(colours)
    return lambda: LinearColorMapper(palette=palette, low=-0.5, high=len(palette) - 0.5)


def image(name: str, columns: Columns) -> hv.RGB:
    """One picture of packed pixels ``image`` with its corner ``x, y`` and its size ``dw, dh``."""
    x, y, width, height = (float(columns[key][0]) for key in ("x", "y", "dw", "dh"))
    pixels = np.ascontiguousarray(columns["image"][0])
    channels = pixels.view(np.uint8).reshape(*pixels.shape, 4)[::-1]
    return _styled(hv.RGB(channels, bounds=(x, y, x + width, y + height)), name, columns, {})


def lines(name: str, columns: Columns, **style: Any) -> hv.Path:
    """Lines through ``xs, ys``, a list of arrays each."""
    return _shapes(hv.Path, name, columns, style)


def shapes(name: str, columns: Columns, **style: Any) -> hv.Polygons:
    """Filled outlines, from `outlines`."""
    return _shapes(hv.Polygons, name, columns, style)


def outlines(paths: Iterable[Sequence[tuple[np.ndarray, np.ndarray]]], colours: Iterable[str]) -> Columns:
    """Columns of `shapes`: one shape an entry, of any number of outlines (x, y), in one colour."""
    paths, colours = list(paths), list(colours)
    return {
        "xs": [[[x] for x, _ in pieces] for pieces in paths],
        "ys": [[[y] for _, y in pieces] for pieces in paths],
        "fill_color": colours,
        "line_color": colours,
    }


def _element(kind: Any, name: str, columns: Columns, style: Any, mapper: Mapper | None = None) -> Any:
    edges = _EDGES[kind]
    more = [column for column in columns if column not in edges]
    made = kind({column: np.asarray(values) for column, values in columns.items()}, list(edges), more)
    return _styled(made, name, columns, style, mapper)


def _shapes(kind: Any, name: str, columns: Columns, style: Any) -> Any:
    """HoloViews gets a triangle where there is nothing yet: of no shape it makes another glyph."""
    paths = [{"x": x, "y": y} for x, y in zip(*map(_flat, (columns["xs"], columns["ys"])), strict=True)]
    flat = np.zeros(3)
    return _styled(kind(paths or [{"x": flat, "y": flat}], ["x", "y"]), name, columns, style)


def _flat(values: Any) -> list[np.ndarray]:
    """The arrays in nested lists."""
    if isinstance(values, np.ndarray):
        return [values]
    return [array for part in values for array in _flat(part)]


def _styled(made: Any, name: str, columns: Columns, style: Any, mapper: Mapper | None = None) -> Any:
    return made.opts(
        hooks=[partial(_steady, name, columns, mapper)],
        apply_ranges=False,  # they are given, and to look for them in each layer takes 10 ms a plot
        default_tools=[],  # the plot has its own
        backend="bokeh",
        **style,
    )


def _steady(name: str, columns: Columns, mapper: Mapper | None, plot: Any, _element: Any) -> None:
    """Let source and glyph hold these columns whatever is in them: HoloViews leaves out what is constant."""
    renderer = plot.handles["glyph_renderer"]
    renderer.name = name
    renderer.selection_glyph = renderer.nonselection_glyph = None  # selecting is ours
    renderer.data_source.data = dict(columns)
    for column in columns:
        if column in renderer.glyph.dataspecs():
            setattr(renderer.glyph, column, field(column))
    if mapper is not None:
        renderer.glyph.fill_color = field("tint", mapper())
