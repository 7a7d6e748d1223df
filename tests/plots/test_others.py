"""Boxes, curves, profiles, bubbles and bars: places, gaps and areas."""

from typing import Any

import numpy as np
import pytest

from smalti.plots import bars, boxes, intensity, profile, sizes
from smalti.plots.drawing import places_of
from smalti.plots.look import ACCENT, short
from smalti.table.aggregates import BoxStats, Categories, Curves, Dots, Profile, Sizes

COLOURS = {"a": "#0072B2", "b": "#E69F00", "c": "#009E73"}


def spread(**changes: Any) -> BoxStats:
    """Group b alone, with a value at 1, 2, 3."""
    dots = Dots(
        np.arange(3, dtype=np.int32), np.zeros(3, np.int16), np.array([1.0, 2, 3]), np.array([0, 0, 1], bool)
    )
    five = [np.array([value]) for value in (1.0, 1.5, 2.0, 2.5, 3.0)]
    grid = np.linspace(0, 4, 9)
    return BoxStats(
        "mean", ("b",), np.array([3]), *five, grid, np.exp(-((grid[None] - 2) ** 2)), dots, **changes
    )


def test_a_group_keeps_its_place_and_says_how_many_it_holds() -> None:
    drawing = boxes.arrange(spread(), COLOURS)
    assert drawing.y_labels == {2: "a  0", 1: "b  3", 0: "c  0"}
    box = drawing.layers["boxes"]
    assert (box["bottom"][0] + box["top"][0]) / 2 == pytest.approx(1)
    assert list(box["fill_color"]) == [COLOURS["b"]]


def test_dots_lie_under_their_box_and_selected_ones_apart() -> None:
    layers = boxes.arrange(spread(), COLOURS).layers
    assert list(layers["dots"]["x"]) == [1, 2]
    assert list(layers["selected"]["x"]) == [3]
    assert list(layers["dots"]["tint"]) == [1, 1]
    assert all(0.5 < y < 1 for y in layers["dots"]["y"])


def test_a_logarithmic_axis_has_no_violins_and_starts_above_0() -> None:
    drawing = boxes.arrange(spread(), COLOURS, log=True)
    assert drawing.layers["violins"]["xs"] == [[], [], []]
    assert drawing.x_range[0] > 0


def test_the_open_image_is_a_line_in_the_accent_over_the_means() -> None:
    mean = np.array([[0.5, 0.5]])
    curves = Curves(np.array([0.0, 1, 2]), False, ("b",), mean, mean, mean, np.array([2]), np.array([1.0, 0]))
    drawing = intensity.arrange(curves, COLOURS)
    assert drawing.layers["picked"]["line_color"] == [ACCENT]
    assert list(drawing.layers["picked"]["ys"][0]) == [1, 1, 0, 0]
    assert drawing.y_range[1] > 1
    assert [len(x) for x in drawing.layers["means"]["xs"]] == [0, 4, 0]


def test_a_band_ends_where_no_image_has_the_position() -> None:
    mean = np.array([[1.0, 1, np.nan, 2, 2, 2]])
    found = Profile("mean", "z", np.arange(6), ("a",), mean, np.full((1, 6), 0.5), np.full((1, 6), 2))
    layers = profile.arrange(found, COLOURS).layers
    assert [len(piece[0]) for piece in layers["bands"]["xs"][0]] == [4, 6]
    assert len(layers["dots"]["x"]) == 5


def test_bubbles_grow_with_the_number_of_images_and_small_ones_lie_on_top() -> None:
    found = Sizes(
        np.array([64, 512]), np.array([64, 512]), np.zeros(2, np.int16), np.array([1, 100]), np.array([1, 0])
    )
    layers = sizes.arrange(found, COLOURS).layers
    assert list(layers["bubbles"]["x"]) == [512, 64]
    assert layers["bubbles"]["size"][0] > 3 * layers["bubbles"]["size"][1]
    assert list(layers["selected"]["x"]) == [64]


@pytest.mark.parametrize(("width", "is_wide"), [(70, False), (640, True)])
def test_sizes_far_apart_are_on_logarithmic_axes(width: int, is_wide: bool) -> None:
    none = np.zeros(2, np.int64)
    found = Sizes(np.array([64, width]), np.array([64, 64]), none.astype(np.int16), none + 1, none)
    assert sizes.is_wide(found) is is_wide


def test_bars_say_how_many_of_each_value_pass() -> None:
    found = Categories("status", ("ok", "unreadable"), np.array([9, 3]), np.array([5, 3]), np.array([1, 0]))
    drawing = bars.arrange(found)
    assert drawing.y_labels == {1: "ok  5", 0: "unreadable  3"}
    assert list(drawing.layers["filtered"]["right"]) == [5, 3]


def test_the_first_name_is_at_the_top() -> None:
    assert places_of(["a", "b", "c"]) == {"a": 2, "b": 1, "c": 0}


def test_names_give_way_in_their_middle() -> None:
    assert short("abcdefghijkl", 9) == "abcd…ijkl"
    assert short("short") == "short"
