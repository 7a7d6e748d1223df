"""Columns are told apart by what they hold, and every row has a group."""

import polars as pl
import pytest

from smalti.table.stats import (
    NOT_STATED,
    find_groups,
    group_columns,
    number_columns,
    spans_decades,
    with_spread,
)


def test_beyond_the_most_frequent_values_the_rest_is_one_group() -> None:
    frame = pl.DataFrame({"g": ["a"] * 3 + ["b"] * 2 + [f"c{i:03}" for i in range(498)], "x": 1.0})
    groups = find_groups(frame, "g", most=2)
    assert groups.names == ("a", "b", "498 others")
    counts = frame.select(groups.label().alias("group"))["group"].value_counts()
    assert dict(counts.iter_rows()) == {"a": 3, "b": 2, "498 others": 498}


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
