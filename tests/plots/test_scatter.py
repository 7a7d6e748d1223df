"""Every filtered row is a point or counted in a pixel, and what is selected stands out."""

import holoviews as hv
import numpy as np
import pytest
from bokeh.document import Document
from bokeh.models import ColorBar
from hypothesis import given, settings
from hypothesis import strategies as st

from smalti.plots.drawing import with_room
from smalti.plots.look import ACCENT
from smalti.plots.scatter import arrange, scatter
from smalti.plots.shade import shade
from smalti.plots.tint import Tint
from smalti.table.aggregates import Density, Points

COLOURS = {"a": "#FF0000", "b": "#0000FF"}


def points(selected: list[bool]) -> Points:
    rows = np.arange(len(selected), dtype=np.int32)
    ends = (0.0, float(max(len(rows), 1)))
    return Points(
        "x",
        "y",
        rows,
        rows * 1.0,
        rows * 2.0,
        (rows % 2).astype(np.int16),
        np.array(selected, bool),
        ends,
        ends,
    )


@settings(max_examples=30, deadline=None)
@given(selected=st.lists(st.booleans(), max_size=30))
def test_selected_points_are_bright_and_the_rest_faint(selected: list[bool]) -> None:
    layers = arrange(points(selected), COLOURS).layers
    n = len(selected)
    expected = (n, sum(selected)) if 0 < sum(selected) < n else (0, n)
    assert (len(layers["faint"]["x"]), len(layers["bright"]["x"])) == expected


def test_it_zooms_and_pans_but_leaves_the_wheel_to_the_page() -> None:
    figure = hv.render(scatter(points([False, True]), COLOURS), backend="bokeh")
    kinds = {type(tool).__name__ for tool in figure.tools}
    assert kinds == {"PanTool", "BoxZoomTool", "WheelZoomTool", "ResetTool", "SaveTool", "HoverTool"}
    assert figure.toolbar.active_scroll is None


def test_points_are_called_by_name() -> None:
    bright = arrange(points([False, True]), COLOURS, names=["one.tif", "two.tif"]).layers["bright"]
    assert bright["label"] == ["two.tif"]


@pytest.mark.parametrize("log", [False, True], ids=["linear", "logarithmic"])
def test_values_colour_points_on_one_scale_beside_the_plot(log: bool) -> None:
    tint = Tint("mean (intensity)", np.array([1.0, np.nan, 100.0]), (1.0, 1000.0), log, "cividis")
    plot = scatter(points([False, True, False]), COLOURS, tint=tint)
    for _ in range(2):  # two pages, of which each has models of its own
        figure = hv.render(plot, backend="bokeh")
        (scale,) = figure.select(ColorBar)
        assert (scale.title, scale.color_mapper.low, scale.color_mapper.high) == ("mean (intensity)", 1, 1000)
        Document().add_root(figure)
    faint = next(renderer for renderer in figure.renderers if renderer.name == "faint")
    np.testing.assert_equal(np.asarray(faint.data_source.data["tint"]), np.float32([1, np.nan, 100]))


def density(groups: np.ndarray, selected: np.ndarray | None = None) -> Density:
    filtered = groups.sum(axis=0)
    edges = np.linspace(0, 1, groups.shape[2] + 1), np.linspace(0, 1, groups.shape[1] + 1)
    chosen = np.zeros_like(filtered) if selected is None else selected
    return Density("x", "y", *edges, filtered, chosen, groups, (0.0, 1.0), (0.0, 1.0))


def bytes_of(pixels: np.ndarray) -> np.ndarray:
    return pixels.view(np.uint8).reshape(*pixels.shape, 4)


@pytest.mark.parametrize("shading", ["log", "equalised"])
def test_colours_mix_by_counts_and_empty_cells_show_the_page(shading: str) -> None:
    groups = np.array([[[3, 0, 1]], [[1, 0, 0]]], dtype=np.int32)
    pixels = bytes_of(shade(density(groups), list(COLOURS.values()), shading))[0]
    assert pixels[0, :3].tolist() == [191, 0, 64]  # three red, one blue
    assert pixels[1, 3] == 0
    assert pixels[0, 3] == 255
    assert 75 < pixels[2, 3] < 255  # one image alone is seen


def test_a_selection_is_in_the_accent_and_the_rest_fades() -> None:
    groups = np.array([[[4, 4]]], dtype=np.int32)
    pixels = bytes_of(shade(density(groups, np.array([[1, 0]])), ["#FF0000"]))[0]
    assert "#{:02X}{:02X}{:02X}".format(*pixels[0, :3]) == ACCENT
    assert pixels[1, 3] < 80 < pixels[0, 3]


@settings(max_examples=30, deadline=None)
@given(
    low=st.floats(allow_nan=False, allow_infinity=False),
    high=st.floats(allow_nan=False, allow_infinity=False),
)
def test_an_axis_has_finite_ends_with_all_values_between(low: float, high: float) -> None:
    low, high = min(low, high), max(low, high)
    if max(abs(low), abs(high)) < 1e308:
        start, end = with_room((low, high))
        assert np.isfinite([start, end]).all()
        assert start <= low <= high <= end
        assert start < end or abs(low) < 1e-300
