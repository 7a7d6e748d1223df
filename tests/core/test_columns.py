import pytest

from smalti.core.columns import Column
from smalti.core.errors import UnknownNameError, UsageError


@pytest.mark.parametrize(
    ("dtype", "rollup", "words"),
    [
        ("float32", "mean", "type for column 'x' named 'float32'; did you mean 'Float32'"),
        ("Float32", "median", "roll-up for column 'x' named 'median'; did you mean"),
    ],
)
def test_an_unknown_type_or_rule_is_answered_with_the_nearest(dtype, rollup, words):
    with pytest.raises(UnknownNameError, match=words):
        Column("x", dtype, "", "", rollup)


@pytest.mark.parametrize("dtype", ["String", "Boolean", "Datetime", "List(Int64)"])
def test_the_mean_of_what_is_no_number_is_refused_with_rules_that_fit(dtype):
    with pytest.raises(UsageError, match=r"has no roll-up 'mean' over planes; add one that fits.*'same'"):
        Column("x", dtype, "", "")


def test_every_type_has_a_rule_that_fits():
    for dtype in ("Float32", "Int32", "UInt64", "Boolean", "String", "Binary", "Datetime", "List(String)"):
        assert Column("x", dtype, "", "", "same").dtype == dtype
