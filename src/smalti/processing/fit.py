"""A value from a plugin or a file as its column takes it, or a word on why it cannot stand there."""

import reprlib
from collections.abc import Callable
from datetime import datetime
from functools import partial
from math import isfinite
from numbers import Real
from typing import Any

import numpy as np

from smalti.core.columns import Column, Dtype
from smalti.core.errors import SmaltiError

__all__ = ["PLAIN", "MisfitError", "fit"]

_FLOAT: frozenset[type] = frozenset({float, type(None)})
_NULL: frozenset[type] = frozenset({type(None)})
PLAIN: dict[Dtype, frozenset[type]] = {
    "Float32": _FLOAT,
    "Float64": _FLOAT,
    "Int32": _NULL,  # a whole number may be out of range
    "Int64": _NULL,
    "UInt64": _NULL,
    "Boolean": frozenset({bool, type(None)}),
    "String": frozenset({str, type(None)}),
    "Binary": frozenset({bytes, type(None)}),
    "Datetime": _NULL,
    "List(Float32)": _NULL,
    "List(Float64)": _NULL,
    "List(Int64)": _NULL,
    "List(String)": _NULL,
}
"""Python types that fit as they are: nothing to convert, nothing to look at."""


class MisfitError(SmaltiError):
    """A value that its column cannot hold."""


def fit(column: Column, value: Any) -> Any:
    """The value as the plain Python type of the column; NumPy scalars are welcome, None stays None.

    A time loses its zone, as `Image.acquired_at` does.

    Raises
    ------
    MisfitError
        It is of another type, or out of range.
    """
    if type(value) in PLAIN[column.dtype]:
        return value
    try:
        return None if value is None else _AS[column.dtype](_python(value))
    except (TypeError, ValueError, OverflowError):
        said = f"{type(value).__name__} {reprlib.repr(value)}"
        raise MisfitError(f"column {column.name} is {column.dtype}, got {said}") from None


def _python(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def _float(value: Any) -> float:
    return float(_of(Real, value))


def _float_or_gap(value: Any) -> float | None:
    found = None if value is None else _float(value)
    return found if found is not None and isfinite(found) else None


def _int(value: Any, low: int, high: int) -> int:
    whole = value if type(value) is int else int(_of(Real, value))
    if whole != value or not low <= whole <= high:
        raise ValueError
    return whole


def _datetime(value: Any) -> datetime:
    found: datetime = _of(datetime, value)
    return found.replace(tzinfo=None)


def _list(value: Any, item: Callable[[Any], Any]) -> list[Any]:
    return [item(_python(part)) for part in _of((list, tuple, np.ndarray), value)]


def _of(types: type | tuple[type, ...], value: Any) -> Any:
    if not isinstance(value, types):
        raise TypeError
    return value


_INT64 = partial(_int, low=-(2**63), high=2**63 - 1)
_STRING = partial(_of, str)

_AS: dict[Dtype, Callable[[Any], Any]] = {
    "Float32": _float,
    "Float64": _float,
    "Int32": partial(_int, low=-(2**31), high=2**31 - 1),
    "Int64": _INT64,
    "UInt64": partial(_int, low=0, high=2**64 - 1),
    "Boolean": partial(_of, bool),
    "String": _STRING,
    "Binary": partial(_of, bytes),
    "Datetime": _datetime,
    "List(Float32)": partial(_list, item=_float_or_gap),
    "List(Float64)": partial(_list, item=_float_or_gap),
    "List(Int64)": partial(_list, item=_INT64),
    "List(String)": partial(_list, item=_STRING),
}
