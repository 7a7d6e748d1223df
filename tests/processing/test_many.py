"""What a metric of many planes gives, as its columns take it."""

import numpy as np
import pytest

from smalti.core.columns import Column
from smalti.core.errors import UsageError
from smalti.core.plugin import metric
from smalti.kernels.several import Several
from smalti.processing.frames import framed
from smalti.processing.growing import Growing, joined
from smalti.processing.many import fit_many
from smalti.processing.metric_set import MetricSet
from smalti.testing._values import plain

NAN, INF = np.nan, np.inf
GOOD = [
    ("Float32", [1.5, NAN, INF], [1.5, None, None]),
    ("Float64", np.array([1, 2], np.uint8), [1.0, 2.0]),
    ("Float64", np.array([1.5, None], object), [1.5, None]),
    ("Int64", [3.0, NAN, -INF], [3, None, None]),
    ("Int64", np.array([2**63 - 1, -(2**63)]), [2**63 - 1, -(2**63)]),
    ("Int32", np.array([1, 2], np.uint64), [1, 2]),
    ("UInt64", np.array([2**64 - 1], np.uint64), [2**64 - 1]),
    ("Boolean", [True, False], [True, False]),
    ("Boolean", [1.0, NAN, 0.0], [True, None, False]),
    ("String", np.array(["a", None], object), ["a", None]),
    ("String", np.array([np.str_("b")], object), ["b"]),
    ("List(Int64)", np.array([[1, 2], None], object), [[1, 2], None]),
]
BAD = [
    ("Int64", [0.5, 1.0], "float 0.5"),
    ("Int64", [2.0**63, 1.0], "float 9.22"),
    ("Int32", np.array([2**31, 1]), "int 2147483648"),
    ("UInt64", np.array([-1, 1]), "int -1"),
    ("Boolean", [2.0, 1.0], "float 2.0"),
    ("Boolean", np.array([1, 1]), "int 1"),
    ("String", np.array([b"a", "b"], object), "bytes b'a'"),
    ("Float64", np.array(["a", 1.0], object), "str 'a'"),
]


def column(dtype, name="y"):
    return Column(name, dtype, "", "", "none")


def array(values):
    return values if isinstance(values, np.ndarray) else np.array(values)


@pytest.mark.parametrize(("dtype", "values", "expected"), GOOD)
def test_arrays_stand_in_a_table_as_the_values_they_hold(dtype, values, expected):
    fitted, troubles = fit_many(column(dtype), array(values), len(expected))
    assert not troubles
    assert framed([fitted], [column(dtype)])["y"].to_list() == expected
    assert list(map(repr, plain(column(dtype), fitted))) == list(map(repr, expected))


@pytest.mark.parametrize(("dtype", "values", "got"), BAD)
def test_a_value_that_does_not_fit_is_null_and_said(dtype, values, got):
    fitted, troubles = fit_many(column(dtype), array(values), 2)
    table = framed([fitted], [column(dtype)])["y"]
    assert table[0] is None
    assert (table[1] is None) == (1 in troubles)
    assert troubles[0].startswith(f"column y is {dtype}, got {got}")


def test_a_whole_number_keeps_its_digits_beside_one_that_does_not_fit():
    fitted, _ = fit_many(column("UInt64"), np.array([-1, 2**62 + 1]), 2)
    assert framed([fitted], [column("UInt64")])["y"].to_list() == [None, 2**62 + 1]


@pytest.mark.parametrize(
    ("given", "got"), [(1.0, "a float"), ([1.0, 2.0], "a list"), (np.ones(3), r"an array \(3,\)")]
)
def test_what_is_no_array_of_one_value_a_plane_is_refused(given, got):
    with pytest.raises(UsageError, match=rf"{got} for column y of 2 planes; return an array \(2,\)"):
        fit_many(column("Float64"), given, 2)


def test_numbers_of_groups_that_differ_in_type_are_joined_as_they_are():
    table = Growing([column("Int64")])
    for number, values in enumerate(([2**62 + 1], [NAN], [3.0])):
        table.add(np.array([2 - number]), [fit_many(column("Int64"), np.array(values), 1)[0]])
    assert joined([table])["y"].to_list() == [3, None, 2**62 + 1]


def test_metrics_of_both_kinds_keep_their_order():
    @metric(column("Float64", "a"), column("Float64", "b"))
    def one():
        return 1.0, None

    @metric(column("Int64", "c"), many=True)
    def many():
        return np.array([5, 6])

    chosen = MetricSet((one.__smalti__, many.__smalti__, one.__smalti__), ())
    values, troubles = chosen.measure_many(None, Several(2))
    assert [plain(c, v) for c, v in zip(chosen.plane_columns, values, strict=True)] == [
        *([1.0, 1.0], [None, None]),
        [5, 6],
        *([1.0, 1.0], [None, None]),
    ]
    assert not troubles


def test_what_is_not_defined_for_planes_is_asked_of_no_metric():
    @metric(column("String"), many=True)
    def hue(colour):
        raise AssertionError

    values, troubles = MetricSet((hue.__smalti__,), ()).measure_many(None, Several(2))
    assert (values, troubles) == ([[None, None]], {})
