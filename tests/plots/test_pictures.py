"""Pictures in a row, and what was measured of each beneath it."""

import holoviews as hv
import numpy as np
import pytest

from smalti.plots.pictures import picture_row

GREY = [np.linspace(0, 1000 * (i + 1), 40 * 60).reshape(40, 60) for i in range(3)]
COLOUR = [np.full((40, 60, 3), 50, np.uint8)] * 3


def drawn(pictures, values):
    figure = hv.render(picture_row(pictures, ["a", "b", "c"], values, title="blur, px"), backend="bokeh")
    found = {}
    for renderer in figure.renderers:
        found.setdefault(type(renderer.glyph).__name__, []).append(renderer.data_source.data)
    return figure, found


def test_each_picture_has_its_caption_above_and_its_value_below():
    _, found = drawn(GREY, {"tenengrad": [9.0, 4.0, 1.0]})
    words = {word: (x, y) for part in found["Text"] for x, y, word in zip(*part.values(), strict=True)}
    assert [x for word, (x, _) in words.items() if word in "abc941"] == [0.5, 1.5, 2.5] * 2
    assert words["9"][1] < 0 < words["a"][1]
    assert {"tenengrad", "blur, px"} < words.keys()


def test_pictures_share_the_contrast_of_the_first():
    _, found = drawn(GREY, {})
    levels = [np.asarray(part["image"][0]) for part in found["Image"]]
    assert [level.dtype for level in levels] == ["uint8"] * 3
    assert [int(level.max()) for level in levels] == [255] * 3
    assert np.median(levels[2]) == 255
    assert np.median(levels[0]) == pytest.approx(128, abs=1)


def test_colours_are_shown_as_they_are():
    _, found = drawn(COLOUR, {})
    pixels = np.asarray(found["ImageRGBA"][0]["image"][0]).view(np.uint8).reshape(40, 60, 4)
    assert (pixels == (50, 50, 50, 255)).all()


@pytest.mark.parametrize("missing", [None, float("nan")])
def test_a_value_that_is_missing_leaves_a_gap(missing):
    _, found = drawn(GREY, {"gain": [2.0, missing, 3.0]})
    heights = next(iter(found["Line"]))["y"]
    assert np.isfinite(heights).tolist() == [True, False, True]


def test_values_have_three_digits_and_none_that_the_line_cannot_show():
    _, found = drawn(GREY, {"bleaching": [0.0000565, 0.30001, 0.0496]})
    assert {"0.0001", "0.3", "0.0496"} < {word for part in found["Text"] for word in part["text"]}


def test_pictures_keep_their_shape_and_nothing_surrounds_them():
    figure, found = drawn(GREY, {"std": [1.0, 1.0, 1.0]})
    part = found["Image"][0]
    per_x = figure.width / (figure.x_range.end - figure.x_range.start)
    per_y = figure.height / (figure.y_range.end - figure.y_range.start)
    assert (part["dw"][0] * per_x) / (part["dh"][0] * per_y) == pytest.approx(60 / 40, rel=0.02)
    assert not any(axis.visible for axis in figure.axis)
    assert figure.background_fill_color is None
