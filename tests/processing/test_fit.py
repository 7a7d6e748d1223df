from datetime import UTC, datetime

import numpy as np
import pytest

from smalti.core.columns import Column
from smalti.core.plugin import metric
from smalti.processing.calls import call_all, call_given
from smalti.processing.fit import MisfitError, fit


def column(dtype, name="y"):
    return Column(name, dtype, "", "", "none")


def call(given, *columns):
    made = metric(*columns, name="x")(lambda: given).__smalti__
    return call_all([call_given(made)], {})


@pytest.mark.parametrize(
    ("dtype", "value", "expected"),
    [
        ("Float32", np.float32(0.5), 0.5),
        ("Float64", 3, 3.0),
        ("Int64", np.int16(-3), -3),
        ("Int64", 7.0, 7),
        ("UInt64", np.uint64(2**64 - 1), 2**64 - 1),
        ("Boolean", np.bool_(True), True),
        ("List(Int64)", np.arange(3), [0, 1, 2]),
        ("List(Float32)", [1, None, np.nan, np.float32(2)], [1.0, None, None, 2.0]),
        ("Datetime", datetime(2020, 1, 2, tzinfo=UTC), datetime(2020, 1, 2)),
        ("String", np.str_("a"), "a"),
        ("Float32", None, None),
    ],
)
def test_what_fits_becomes_the_plain_type_of_the_column(dtype, value, expected):
    got = fit(column(dtype), value)
    assert (got, type(got)) == (expected, type(expected))


@pytest.mark.parametrize(
    ("dtype", "value"),
    [
        ("Float32", "abc"),
        ("Float32", [1.0]),
        ("Float32", np.ones(2)),
        ("Float64", 1j),
        ("Float64", 10**400),
        ("Int64", 2**63),
        ("Int64", 0.5),
        ("Int64", float("nan")),
        ("UInt64", -1),
        ("Boolean", 1),
        ("String", b"a"),
        ("List(String)", ["a", 1]),
        ("List(Float32)", ["a"]),
        ("List(Float32)", 1.0),
    ],
)
def test_what_does_not_fit_is_said_with_column_type_and_value(dtype, value):
    with pytest.raises(MisfitError, match=rf"column y is .*, got {type(value).__name__} "):
        fit(column(dtype), value)


def test_a_value_that_does_not_fit_is_null_and_its_neighbours_stay():
    values, trouble = call(("abc", np.float32(2)), column("Float32"), column("Float32", "z"))
    assert values == [None, 2.0]
    assert trouble == "metric x: column y is Float32, got str 'abc'"


@pytest.mark.parametrize(
    ("given", "got"), [((1.0,), "1 values"), ((1.0, 2.0, 3.0), "3 values"), (1.0, "one float")]
)
def test_a_wrong_number_of_values_gives_nulls_and_says_so(given, got):
    values, trouble = call(given, column("Float32"), column("Float32", "z"))
    assert values == [None, None]
    assert trouble == f"metric x: it gave {got} for 2 columns; return a tuple in the order declared"
