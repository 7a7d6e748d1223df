"""Dead lines, hot pixels and borders are counted as they were put there."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smalti.testing.synthetic import synthetic

NUCLEI = synthetic("nuclei", 1, (200, 220))


@pytest.mark.parametrize("value", [0, 4095])
def test_dead_rows_and_columns_are_counted(measure, value: int):
    plane = NUCLEI.copy()
    plane[[20, 21, 150]] = value
    assert (measure(plane)["dead_rows"], measure(plane.T.copy())["dead_columns"]) == (3, 3)
    assert measure(plane)["dead_columns"] == 0


def test_empty_rows_of_a_dark_ground_are_not_dead(measure):
    plane = np.zeros((100, 100), "u1")
    plane[40:60, 30:50] = np.arange(20) + 20
    plane[::25, 7] = 1
    assert measure(plane)["dead_rows"] == 0


def test_a_border_is_no_dead_line(measure):
    plane = np.pad(NUCLEI, ((10, 0), (0, 20)))
    row = measure(plane)
    assert (row["dead_rows"], row["dead_columns"]) == (0, 0)
    assert row["black_border"] == pytest.approx(1 - NUCLEI.size / plane.size)


@given(edges=st.tuples(*[st.integers(0, 30)] * 4))
@settings(max_examples=20, deadline=None)
def test_the_border_is_the_share_that_was_padded(measure, edges: tuple[int, int, int, int]):
    top, bottom, left, right = edges
    plane = np.pad(NUCLEI, ((top, bottom), (left, right)))
    assert measure(plane)["black_border"] == pytest.approx(1 - NUCLEI.size / plane.size)


@pytest.mark.parametrize("dtype", ["u1", "u2", "f4"])
@pytest.mark.parametrize("n", [0, 1, 40])
def test_hot_pixels_are_counted(measure, dtype: str, n: int):
    rng = np.random.default_rng(0)
    plane = rng.normal(100, 3, (128, 128))
    at = rng.permutation(42 * 42)[:n]  # three pixels apart, so that each stands alone
    plane[1 + at // 42 * 3, 1 + at % 42 * 3] = 250
    assert measure(plane.astype(dtype))["hot_pixels"] == n


@pytest.mark.parametrize("name", ["nuclei", "micrograph", "stars"])
def test_pictures_and_points_of_light_have_none(measure, name: str):
    assert measure(synthetic(name, 3, (256, 256)))["hot_pixels"] == 0


def test_a_hot_pixel_in_colour_is_one(measure):
    plane = np.full((40, 40, 3), 90, "u1")
    plane[20, 20] = 255
    assert measure(plane, "RGB")["hot_pixels"] == 1


def test_flat_planes_have_no_border_and_no_lines_to_compare(measure):
    row = measure(np.zeros((30, 30), "u1"))
    assert (row["black_border"], row["dead_rows"], row["hot_pixels"]) == (None, None, 0)


@pytest.mark.parametrize("shape", [(0, 5), (5, 0), (0, 0)])
def test_a_plane_without_pixels_has_no_border_and_no_dead_lines(measure, shape: tuple[int, int]):
    row = measure(np.empty(shape, "f4"))
    assert [row[name] for name in ("black_border", "dead_rows", "dead_columns")] == [None] * 3
