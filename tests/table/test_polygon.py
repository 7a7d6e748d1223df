from fractions import Fraction

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from smalti.table.expression import read
from smalti.table.polygon import edges, inside, thinned

numbers = st.sampled_from([-2.0, -1.0, 0.0, 0.5, 1.0, 2.0, 3.5])
polygons = st.lists(st.tuples(numbers, numbers), min_size=3, max_size=9)
GRID = [(x / 2, y / 2) for x in range(-5, 8) for y in range(-5, 8)]


def even_odd(x, y, vertices):
    """Whether a ray to the right crosses the outline an odd number of times, side by side."""
    crossings = 0
    for start, end in zip(vertices, [*vertices[1:], vertices[0]], strict=True):
        (x0, y0), (x1, y1) = sorted((start, end), key=lambda vertex: vertex[1])
        if y0 < y <= y1:
            crossings += x < x0 + Fraction(x1 - x0) * Fraction(y - y0) / Fraction(y1 - y0)
    return crossings % 2 == 1


@given(vertices=polygons)
@settings(max_examples=30, deadline=None)
def test_points_are_inside_where_a_plain_loop_says_so(vertices):
    frame = pl.DataFrame(GRID, schema=["x", "y"], orient="row")
    term = read(f"x.in_polygon(y, {vertices})", frame.schema)
    expected = [even_odd(x, y, vertices) for x, y in GRID]
    assert frame.select(term.expr).to_series().to_list() == expected
    assert frame.select(eval(term.source.code, {"pl": pl})).to_series().to_list() == expected


@given(turn=st.integers(0, 8), vertices=polygons)
@settings(max_examples=30, deadline=None)
def test_neither_where_a_polygon_begins_nor_its_sense_matters(turn, vertices):
    x, y = (pl.Series(values) for values in zip(*GRID, strict=True))
    outline = np.array(vertices)
    sides, turned = edges(outline), edges(np.roll(outline, turn, axis=0)[::-1])
    if len(sides):
        assert inside(x, y, sides).to_list() == inside(x, y, turned).to_list()


def test_a_point_that_is_not_known_is_neither_inside_nor_outside():
    frame = pl.DataFrame(
        {"x": [1.0, None, 1.0, float("inf"), 1.0], "y": [1.0, 1.0, None, 1.0, -float("inf")]}
    )
    term = read("x.in_polygon(y, [(0, 0), (2, 0), (2, 2), (0, 2)])", frame.schema)
    expected = [True, None, None, False, False]
    assert frame.select(term.expr).to_series().to_list() == expected
    assert frame.select(eval(term.source.code, {"pl": pl})).to_series().to_list() == expected


def test_a_hand_drawn_outline_keeps_its_shape_with_few_vertices():
    angle = np.linspace(0, 2 * np.pi, 500, endpoint=False)
    drawn = np.column_stack([1000 + 300 * np.cos(angle), 5 * np.sin(angle)])
    few = thinned(drawn)
    assert len(few) < 100
    points = np.random.default_rng(0).uniform((650, -6), (1350, 6), (2000, 2))
    x, y = (pl.Series(values) for values in points.T)
    differ = inside(x, y, edges(drawn)) != inside(x, y, edges(few))
    assert differ.sum() < 10


def test_an_outline_with_a_point_twice_is_thinned_too():
    square = np.repeat(np.array([(0, 0), (1, 0), (1, 1), (0, 1)], float), 40, axis=0)
    assert thinned(square).tolist() == [[0, 0], [1, 0], [1, 1], [0, 1]]
