import math
import re
from datetime import date, datetime

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smalti.core.errors import UnknownNameError, UsageError
from smalti.table.expression import parse
from smalti.table.filters import OPS, Filter, named, plain
from smalti.table.view import ViewState

NUMBERS = ("mean", "std", "n", "odd name", "µ", "empty", "same")


def passing(table, column, op, value=None, **options):
    state = ViewState(table)
    state.add_filter(column, op, value, **options)
    return np.flatnonzero(state.snapshot().keep).tolist()


def by_hand(table, column, test):
    """Rows whose value passes a plain Python test; null and NaN never do."""
    values = table.images[column].to_list()
    return [
        i
        for i, v in enumerate(values)
        if v is not None and not math.isnan(v if isinstance(v, float) else 0) and test(v)
    ]


COMPARED = {
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


@given(
    column=st.sampled_from(NUMBERS),
    op=st.sampled_from(sorted(COMPARED)),
    value=st.sampled_from([0, 2.5, -3.25, 5, 7.0, math.inf, -math.inf, 2**40]),
    invert=st.booleans(),
)
@settings(max_examples=30, deadline=None)
def test_comparisons_of_numbers_are_pythons_and_leave_null_and_nan_out(table, column, op, value, invert):
    expected = by_hand(table, column, lambda v: COMPARED[op](v, value) != invert)
    assert passing(table, column, op, value, invert=invert) == expected


@pytest.mark.parametrize("op", sorted(COMPARED))
@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("condition", "ünï 'q' \"d\""),
        ("condition", ""),
        ("condition", "c\\n"),
        ("day", date(2025, 1, 6)),
        ("acquired_at", datetime(2026, 1, 1, 6)),
        ("flat", True),
    ],
)
def test_comparisons_of_text_dates_and_booleans_are_pythons(table, column, op, value):
    expected = by_hand(table, column, lambda v: COMPARED[op](v, value))
    assert passing(table, column, op, value) == expected


@pytest.mark.parametrize("invert", [False, True])
@pytest.mark.parametrize(
    ("column", "op", "value", "test"),
    [
        ("mean", "between", (0, 2.5), lambda v: 0 <= v <= 2.5),
        ("n", "between", (5, 5), lambda v: v == 5),
        ("day", "between", (date(2025, 1, 3), "2025-01-08"), lambda v: 3 <= v.day <= 8),
        ("n", "in", [3, 5.0, 400], lambda v: v in (3, 5)),
        ("mean", "in", {2.5, math.inf}, lambda v: v in (2.5, math.inf)),
        ("condition", "in", ("a", ""), lambda v: v in ("a", "")),
        ("flat", "in", [True], lambda v: v),
        ("n", "in", [], lambda v: False),
        ("condition", "in", [], lambda v: False),
        ("condition", "contains", "ï 'q", lambda v: "ï 'q" in v),
        ("condition", "contains", ".", lambda v: "." in v),
        ("path", "regex", r"im0[2-5]_\d\.tif$", lambda v: re.search(r"im0[2-5]_\d\.tif$", v)),
        ("path", "contains", "y/z", lambda v: "y/z" in v),
    ],
)
def test_other_operations_do_what_plain_python_does(table, column, op, value, test, invert):
    expected = by_hand(table, column, lambda v: bool(test(v)) != invert)
    assert passing(table, column, op, value, invert=invert) == expected


@pytest.mark.parametrize("column", ["mean", "condition", "flat", "channel_names", "empty", "day", "same"])
def test_only_is_null_asks_for_missing_values(table, column):
    values = table.images[column].to_list()
    missing = [i for i, v in enumerate(values) if v is None]
    assert passing(table, column, "is_null") == missing
    assert passing(table, column, "is_null", invert=True) == [i for i in range(12) if i not in missing]


@pytest.mark.parametrize("column", ["mean", "n", "bits", "same", "empty"])
@pytest.mark.parametrize("k", [1, 3, 11, 50])
def test_top_and_bottom_keep_k_rows_and_ties_of_the_last(table, column, k):
    known = sorted(v for v in table.images[column].to_list() if v is not None)
    largest = by_hand(table, column, lambda v: v >= known[-k:][0])
    smallest = by_hand(table, column, lambda v: v <= known[:k][-1])
    assert passing(table, column, "is_top", k) == largest
    assert passing(table, column, "is_bottom", k) == smallest


def outliers(values, k):
    known = [v for v in values if v is not None]
    median = float(np.median(known)) if known else 0.0
    with np.errstate(invalid="ignore"):
        spread = 1.4826 * float(np.median([abs(v - median) for v in known])) if known else 0.0
    return [v is not None and abs(v - median) > k * spread for v in values]


@pytest.mark.parametrize("column", ["std", "n", "odd name", "same", "empty"])
@pytest.mark.parametrize("k", [0, 1, 2.5])
def test_outliers_are_more_than_k_robust_deviations_from_the_median(table, column, k):
    values = table.images[column].to_list()
    expected = np.flatnonzero(outliers(values, k)).tolist()
    assert passing(table, column, "is_outlier", k) == expected


def test_outliers_are_looked_for_within_the_groups_of_the_view(table):
    state = ViewState(table)
    state.add_filter("n", "is_outlier", 1)
    state.group_by = "path[0]"
    folders = [path.split("/")[0] if "/" in path else None for path in table.images["path"]]
    values, expected = table.images["n"].to_list(), np.zeros(12, bool)
    for folder in set(folders):
        own = [i for i in range(12) if folders[i] == folder]
        expected[own] = outliers([values[i] for i in own], 1)
    assert state.snapshot().keep.tolist() == expected.tolist()


def test_a_long_list_is_looked_up_and_gives_the_same_rows(table):
    many = [f"{number:016x}" for number in range(5, 5000)]
    assert passing(table, "image_id", "in", many) == [5, 6, 7, 8, 9, 10, 11]
    assert passing(table, "image_id", "in", many, invert=True) == [0, 1, 2, 3, 4]
    with pytest.raises(UsageError, match="must be text"):
        passing(table, "n", "in", list(range(500)))


@pytest.mark.parametrize(
    ("arguments", "error", "said"),
    [
        (("maen", ">", 1), UnknownNameError, "did you mean 'mean'"),
        (("mean", "betwen", (1, 2)), UnknownNameError, "did you mean 'between'"),
        (("mean", ">", "a"), UsageError, "a number and"),
        (("mean", ">", None), UsageError, "compares with one value"),
        (("mean", ">", math.nan), UsageError, "NaN is no value"),
        (("mean", ">", object()), UsageError, "a filter takes"),
        (("mean", "between", 3), UsageError, "list of 2"),
        (("mean", "between", (3,)), UsageError, "list of 2"),
        (("mean", "in", 3), UsageError, "takes a list"),
        (("mean", "is_top", 0), UsageError, "a whole number from 1"),
        (("mean", "is_top", 2.5), UsageError, "a whole number from 1"),
        (("condition", "is_top", 2), UsageError, "works on"),
        (("mean", "is_outlier", -1), UsageError, "number of standard deviations"),
        (("mean", "contains", "a"), UsageError, "works on a text"),
        (("condition", "contains", 3), UsageError, "takes text"),
        (("condition", "regex", "("), UsageError, "cannot be computed"),
        (("mean", "is_null", 3), UsageError, "takes no value"),
        (("path[x]", "==", "a"), UsageError, "no column named"),
        (("channel_names", "==", "a"), UsageError, "cannot be compared"),
    ],
)
def test_a_wrong_filter_is_refused_in_words_and_changes_nothing(table, arguments, error, said):
    state = ViewState(table)
    with pytest.raises(error) as caught:
        state.add_filter(*arguments)
    assert said in str(caught.value)
    assert (state.view.filters, state.revision, state.can_undo) == ((), 0, False)


@pytest.mark.parametrize("name", ["mean", "odd name", "µ", "and", "True", "a'b\"c", "path[0]"])
def test_any_name_of_a_column_can_be_written(name):
    frame = pl.DataFrame({name: [1, 2], "path": ["x/1", "y/2"]})
    assert frame.filter(parse(f"{named(name)} is not None", frame.schema)).height == 2


def test_values_of_other_libraries_become_plain_ones():
    assert plain(np.float32(1.5)) == 1.5
    assert plain(np.array([1, 2])) == (1, 2)
    assert plain(pl.Series(["a", None])) == ("a", None)
    assert plain(datetime(2026, 1, 1, 12)) == "2026-01-01T12:00:00"


@pytest.mark.parametrize(
    ("filter_", "words"),
    [
        (Filter("f", "mean", "<", 12.5), "mean < 12.5"),
        (Filter("f", "mean", "<", 12.5, invert=True), "not: mean < 12.5"),
        (Filter("f", "mean", "between", (1, 2)), "mean from 1 to 2"),
        (Filter("f", "mean", "is_outlier", 3.5), "mean more than 3.5 robust SD from the median"),
        (Filter("f", "mean", "is_top", 1000), "mean: the 1,000 largest"),
        (Filter("f", "condition", "in", ("a", "b", "c", "d")), "condition in a, b, c, … (4)"),
        (Filter("f", "mean", "is_null"), "mean is not known"),
        (Filter("f", text="mean > std"), "mean > std"),
    ],
)
def test_a_filter_says_itself_in_words(filter_, words):
    assert filter_.words == words


def test_every_operation_has_words(table):
    values = {"between": (1, 2), "in": ("a",), "is_null": None}
    for op in OPS:
        assert Filter("f", "mean", op, values.get(op, 3)).words.startswith("mean")
