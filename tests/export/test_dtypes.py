"""Types of pixels against brute force: exact numbers of Python, every pair of types, every extreme value."""

from fractions import Fraction
from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smalti.core.errors import SmaltiError
from smalti.export.dtypes import DTYPES, cast, holds, promoted

TYPES = [np.dtype(name) for name in DTYPES]
PAIRS = list(product(TYPES, TYPES))


def extremes(dtype):
    """Values at which casts go wrong, all of the type."""
    if dtype.kind == "b":
        return np.array([False, True])
    if dtype.kind in "iu":
        ends = np.iinfo(dtype)
        near = {sign * (2**bits + off) for bits in range(64) for off in (-1, 0, 1) for sign in (1, -1)}
        wanted = {*near, 0, ends.min, ends.min + 1, ends.max - 1, ends.max}
        return np.array(sorted(value for value in wanted if ends.min <= value <= ends.max), dtype)
    ends = np.finfo(dtype)
    with np.errstate(over="ignore"):
        powers = np.array(
            [sign * (2.0**bits + off) for bits in range(65) for off in (-1, 0, 0.5, 1) for sign in (1, -1)]
        )
        odd = [0.0, -0.0, 0.5, -0.5, ends.max, ends.min, ends.tiny, ends.smallest_subnormal, 1e30, 70000]
        return np.concatenate([powers, odd, [np.nan, np.inf, -np.inf]]).astype(dtype)


def exact(value):
    """A number that Python compares without rounding; a text for what is not finite."""
    number = value.item()
    return str(number) if number != number or abs(number) == float("inf") else Fraction(number)


def nearest(value, dtype):
    """The value in another type, exactly or as the nearest float; None where the type has nothing for it."""
    number = value.item()
    if dtype.kind == "f" and value.dtype.kind == "f":
        with np.errstate(over="ignore", under="ignore"):
            made = dtype.type(number)
        return None if np.isfinite(value) and not np.isfinite(made) else made
    if not np.isfinite(value) or number != int(number):
        return None
    if dtype.kind == "f":
        with np.errstate(over="ignore"):
            made = dtype.type(int(number))
        return made if np.isfinite(made) and int(made) == int(number) else None
    low, high = (0, 1) if dtype.kind == "b" else (np.iinfo(dtype).min, np.iinfo(dtype).max)
    return dtype.type(int(number)) if low <= number <= high else None


@pytest.mark.parametrize(("source", "made"), PAIRS, ids=lambda dtype: dtype.name)
def test_a_cast_keeps_every_value_or_is_refused(source, made):
    for value in extremes(source):
        expected = nearest(value, made)
        pixels = np.full((1, 2, 3), value)
        if expected is None:
            with pytest.raises(SmaltiError, match=f"6 of its {source} values are none of {made}"):
                cast(pixels, made)
        else:
            found = cast(pixels, made)
            assert found.dtype == made
            assert {exact(one) for one in found.ravel()} == {exact(expected)}, value


@pytest.mark.parametrize(("wide", "narrow"), PAIRS, ids=lambda dtype: dtype.name)
def test_a_type_holds_another_when_it_has_each_of_its_values(wide, narrow):
    values = extremes(narrow)
    fitting = [
        made is not None and exact(made) == exact(value)
        for value in values
        for made in [nearest(value, wide)]
    ]
    assert holds(wide, narrow) == all(fitting)


@pytest.mark.parametrize("n", [1, 2, 3])
def test_the_promoted_type_is_the_narrowest_that_holds_all(n):
    for some in combinations(TYPES, n):
        found = promoted(some)
        floats = any(dtype.kind == "f" for dtype in some)
        fitting = [dtype for dtype in TYPES if all(holds(dtype, one) for one in some)]
        fitting = (
            [dtype for dtype in fitting if dtype.kind == "f"]
            if floats
            else [d for d in fitting if d.kind != "f"]
        )
        assert (found is None) == (not fitting)
        assert found is None or found.itemsize == min(dtype.itemsize for dtype in fitting)


@pytest.mark.parametrize(
    ("some", "made"),
    [
        (("uint8", "int8"), "int16"),
        (("uint8", "float16"), "float16"),
        (("uint16", "float16"), "float32"),
        (("int32", "float32"), "float64"),
        (("uint32", "int8"), "int64"),
        (("bool", "int8"), "int8"),
        (("uint64", "int64"), None),
        (("int64", "float64"), None),
        (("uint64", "int8"), None),
    ],
)
def test_types_are_promoted_as_one_would(some, made):
    assert promoted(map(np.dtype, some)) == (None if made is None else np.dtype(made))


def test_one_wrong_value_among_many_is_counted_and_shown():
    pixels = np.arange(250, 260, dtype=np.uint16).reshape(1, 2, 5)
    with pytest.raises(
        SmaltiError, match="4 of its uint16 values are none of uint8, such as 256; give a wider"
    ):
        cast(pixels, np.dtype("uint8"))


@given(
    st.sampled_from(TYPES),
    st.sampled_from(TYPES),
    st.binary(min_size=8, max_size=64).map(lambda b: b[: len(b) // 8 * 8]),
)
@settings(max_examples=300, deadline=None)
def test_any_bytes_are_cast_as_python_would(source, made, data):
    values = np.frombuffer(data, np.uint8) % 2 == 1 if source.kind == "b" else np.frombuffer(data, source)
    expected = [nearest(value, made) for value in values]
    if None in expected:
        with pytest.raises(SmaltiError, match=f"^{expected.count(None)} of its"):
            cast(values, made)
    else:
        assert [exact(one) for one in cast(values, made)] == [exact(one) for one in expected]
