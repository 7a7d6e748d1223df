"""Colourfulness and cast."""

import numpy as np
import pytest

RGB = np.random.default_rng(0).integers(0, 255, (40, 50, 3), dtype="u1")


def test_colourfulness_follows_hasler_and_suesstrunk(measure):
    red, green, blue = np.moveaxis(RGB.astype(float), -1, 0)
    rg, yb = red - green, (red + green) / 2 - blue
    expected = np.hypot(rg.std(), yb.std()) + 0.3 * np.hypot(rg.mean(), yb.mean())
    assert measure(RGB, "RGB")["colourfulness"] == pytest.approx(expected)


def test_grey_is_without_colour_and_cast(measure):
    row = measure(np.dstack([RGB[..., 0]] * 3), "RGB")
    assert (row["colourfulness"], row["colour_cast"]) == (0, 0)


def test_a_cast_is_the_distance_from_grey(measure):
    plane = np.full((10, 10, 3), (90, 100, 110), "u1")
    assert measure(plane, "RGB")["colour_cast"] == pytest.approx(0.1)


def test_grey_planes_and_other_samples_have_no_colour(measure):
    assert measure(RGB[..., 0])["colourfulness"] is None
    assert measure(RGB, "???")["colour_cast"] is None
