"""Groups and their distributions count every row once."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smalti.table.stats import (
    NOT_STATED,
    distribution,
    find_groups,
    group_columns,
    number_columns,
    spans_decades,
    with_spread,
)

NUMBERS = st.lists(st.none() | st.floats(width=32, allow_nan=False), max_size=40)


@settings(max_examples=30, deadline=None)
@given(values=NUMBERS, log=st.booleans(), n_groups=st.integers(1, 12))
def test_every_row_is_counted_once(values: list[float | None], log: bool, n_groups: int) -> None:
    frame = pl.DataFrame(
        {"x": values, "g": [i % n_groups for i in range(len(values))]}, schema_overrides={"x": pl.Float32}
    )
    counts = distribution(frame, "x", find_groups(frame, "g"), log=log)
    in_bins = sum(int(n.sum()) for n in counts.counts.values())
    assert in_bins == counts.n
    assert counts.n + counts.n_missing + counts.n_off_axis == frame.height
    assert (np.diff(counts.edges) > 0).all()


def test_bins_agree_with_numpy() -> None:
    values = np.random.default_rng(0).normal(size=500)
    counts = distribution(pl.DataFrame({"x": values}), "x", find_groups(pl.DataFrame(), None), bins=20)
    assert counts.counts["all"].tolist() == np.histogram(values, 20)[0].tolist()


def test_few_integers_get_a_bin_each() -> None:
    frame = pl.DataFrame({"bits": [8, 8, 12]})
    counts = distribution(frame, "bits", find_groups(frame, None))
    assert counts.edges.tolist() == [7.5, 8.5, 9.5, 10.5, 11.5, 12.5]
    assert counts.counts["all"].tolist() == [2, 0, 0, 0, 1]


def test_beyond_the_most_frequent_values_the_rest_is_one_group() -> None:
    frame = pl.DataFrame({"g": ["a"] * 3 + ["b"] * 2 + [f"c{i:03}" for i in range(498)], "x": 1.0})
    groups = find_groups(frame, "g", most=2)
    assert groups.names == ("a", "b", "498 others")
    assert {k: int(n.sum()) for k, n in distribution(frame, "x", groups).counts.items()} == {
        "a": 3,
        "b": 2,
        "498 others": 498,
    }


def test_rows_without_a_value_form_a_group() -> None:
    frame = pl.DataFrame({"g": ["a", None, None]})
    assert find_groups(frame, "g").names == (NOT_STATED, "a")


def test_columns_worth_grouping_by_repeat_but_vary() -> None:
    frame = pl.DataFrame(
        {"one": "a", "two": ["a", "b"] * 3, "each": list("abcdef"), "name": ["a", "a"] * 3, "x": 0.5}
    )
    assert group_columns(frame) == ["two"]


def test_columns_without_two_finite_values_have_no_spread() -> None:
    frame = pl.DataFrame(
        {"null": [None, None], "inf": [1.0, float("inf")], "same": [2, 2], "x": [1.0, 2.0], "t": ["a", "b"]}
    )
    assert number_columns(frame) == ["inf", "same", "x"]
    assert with_spread(frame, ["x", "same", "inf", "absent", "t"]) == ["x"]


@pytest.mark.parametrize(
    ("values", "spans"),
    [([1.0, 50.0, 200.0], True), ([1.0, 20.0], False), ([0.0, 1.0, 900.0], False), ([None], False)],
    ids=["two decades", "one", "with zero", "null"],
)
def test_a_logarithmic_axis_is_for_positive_values_over_decades(values: list[float], spans: bool) -> None:
    assert spans_decades(pl.Series(values, dtype=pl.Float64)) is spans


def test_the_widest_range_of_doubles_has_finite_edges() -> None:
    frame = pl.DataFrame({"x": [-1.7e308, 1.7e308]})
    assert np.isfinite(distribution(frame, "x", find_groups(frame, None)).edges).all()
