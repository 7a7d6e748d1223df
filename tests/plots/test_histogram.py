"""The histogram shows what was counted, in colours that stay."""

import holoviews as hv
import numpy as np
import polars as pl
import pytest

from smalti.plots.histogram import histogram
from smalti.plots.palette import GROUP_COLOURS, REST_COLOUR, colours_of
from smalti.table.stats import distribution, find_groups

FRAME = pl.DataFrame({"g": ["a", "a", "b"], "x": [1.0, 2.0, 9.0]})


def test_each_group_keeps_its_colour_when_a_filter_removes_others() -> None:
    groups = find_groups(FRAME, "g")
    colours = colours_of(groups)
    assert colours == {"a": GROUP_COLOURS[0], "b": GROUP_COLOURS[1]}
    few = distribution(FRAME.filter(pl.col("g") == "b"), "x", groups)
    polygons = histogram(few, colours).traverse(lambda element: element, [hv.Polygons])[0]
    assert set(polygons.dimension_values("colour", expanded=False)) == {GROUP_COLOURS[1]}


def test_values_beyond_the_palette_are_grey() -> None:
    frame = pl.DataFrame({"g": [str(i) for i in range(20)]})
    assert list(colours_of(find_groups(frame, "g")).values())[-1] == REST_COLOUR


def test_the_outline_encloses_as_many_images_as_were_counted() -> None:
    groups = find_groups(FRAME, "g")
    counts = distribution(FRAME, "x", groups, bins=8)
    polygons = histogram(counts, colours_of(groups)).traverse(lambda element: element, [hv.Polygons])[0]
    path = np.stack([polygons.dimension_values("x"), polygons.dimension_values("y")], axis=1)
    area = sum(_area(*run.T) for run in _runs(path))
    assert area == pytest.approx(3)  # three images, bins one unit wide


def _runs(path: np.ndarray) -> list[np.ndarray]:
    """The pieces between rows of NaN."""
    gaps = np.flatnonzero(np.isnan(path[:, 0]))
    return [piece[~np.isnan(piece[:, 0])] for piece in np.split(path, gaps)]


def _area(x: np.ndarray, y: np.ndarray) -> float:
    pairs = zip(x, y, [*x[1:], x[0]], [*y[1:], y[0]], strict=True)
    return abs(sum(a * d - c * b for a, b, c, d in pairs)) / 2


@pytest.mark.parametrize("log", [False, True], ids=["linear", "logarithmic"])
@pytest.mark.parametrize("values", [[1.0], [1.0, 1000.0], [2.0, 2.0]], ids=["one row", "decades", "constant"])
def test_it_renders(values: list[float], log: bool) -> None:
    frame = pl.DataFrame({"x": values})
    groups = find_groups(frame, None)
    figure = hv.render(
        histogram(distribution(frame, "x", groups, log=log), colours_of(groups), unit="px"), backend="bokeh"
    )
    assert figure.xaxis.axis_label == "px"
    assert figure.output_backend == "canvas"
