"""The histogram shows what was counted, in colours that stay."""

from dataclasses import replace

import holoviews as hv
import numpy as np
import polars as pl
import pytest

from smalti.plots.histogram import arrange, histogram
from smalti.plots.look import ACCENT
from smalti.plots.palette import GROUP_COLOURS, REST_COLOUR, colours_of
from smalti.table.aggregates import Counts
from smalti.table.stats import find_groups

ALL = np.array([4, 0, 2])
COUNTS = Counts("x", np.array([0.0, 1.0, 2.0, 3.0]), False, ALL, ALL // 2, np.array([1, 0, 0]), {}, 0, 0)
COLOURS = {"a": "#0072B2", "b": "#E69F00"}


def test_values_beyond_the_palette_are_grey() -> None:
    frame = pl.DataFrame({"g": [str(i) for i in range(20)]})
    colours = list(colours_of(find_groups(frame, "g")).values())
    assert colours == [*GROUP_COLOURS, REST_COLOUR]


def test_bars_are_as_high_as_the_counts_and_the_selected_lie_on_top() -> None:
    bars = arrange(COUNTS, COLOURS).layers["bars"]
    assert list(bars["top"]) == [4, 2, 2, 1, 1]
    assert list(bars["fill_color"])[-1] == ACCENT


def test_shares_are_of_each_set_by_itself() -> None:
    drawing = arrange(COUNTS, COLOURS, "share")
    assert list(drawing.layers["bars"]["top"]) == pytest.approx([2 / 3, 1 / 3, 2 / 3, 1 / 3, 1])
    assert drawing.y_range[1] == pytest.approx(1.08)


def test_each_group_keeps_its_colour_and_outline_when_a_filter_removes_others() -> None:
    few = replace(COUNTS, groups={"b": np.array([1, 0, 2])})
    groups = arrange(few, COLOURS).layers["groups"]
    assert groups["fill_color"] == list(COLOURS.values())
    assert [len(pieces) for pieces in groups["xs"]] == [0, 2]  # b: two runs of bins, nothing between


def test_the_outline_encloses_as_many_images_as_were_counted() -> None:
    groups = arrange(replace(COUNTS, groups={"a": ALL}), {"a": "#0072B2"}).layers["groups"]
    pieces = zip(groups["xs"][0], groups["ys"][0], strict=True)
    assert sum(_area(x[0], y[0]) for x, y in pieces) == pytest.approx(6)  # bins one unit wide


def _area(x: np.ndarray, y: np.ndarray) -> float:
    pairs = zip(x, y, [*x[1:], x[0]], [*y[1:], y[0]], strict=True)
    return abs(sum(a * d - c * b for a, b, c, d in pairs)) / 2


def test_the_axis_is_that_of_the_bins_and_says_the_unit() -> None:
    decades = replace(COUNTS, edges=np.array([1.0, 10.0, 100.0, 1000.0]), log=True)
    figure = hv.render(histogram(decades, COLOURS, unit="px"), backend="bokeh")
    assert type(figure.x_scale).__name__ == "LogScale"
    assert figure.xaxis[0].axis_label == "px"
