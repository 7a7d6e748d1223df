"""Metrics that take many planes at once: what they give, as arrays that their columns take."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from smalti.core.columns import Column
from smalti.core.errors import UsageError
from smalti.processing.calls import Call, one_a_column
from smalti.processing.fit import MisfitError, fit
from smalti.processing.frames import Values, reason

__all__ = ["Troubles", "call_many", "fit_many", "of_lists"]

Troubles = dict[int, str]
"""What went wrong, by the place of the plane in its group."""

_WHOLE = {
    "Int32": (-(2**31), 2**31),
    "Int64": (-(2**63), 2**63),
    "UInt64": (0, 2**64),
}
"""Least value of a column of whole numbers, and the first that is too large."""


def call_many(call: Call, given: Mapping[str, Any], n: int) -> tuple[list[Values], Troubles]:
    """What a metric says of `n` planes, an array or list a column.

    Where it raises, or gives too few columns or values, all are null and every plane is told why; a value
    that does not fit its column is null.
    """
    columns = call.metric.columns
    try:
        with np.errstate(all="ignore"):
            found = one_a_column(call, call.function(given))
        values: list[Values] = []
        troubles: Troubles = {}
        for column, each in zip(columns, found, strict=True):
            fitted, wrong = fit_many(column, each, n)
            values.append(fitted)
            troubles = wrong | troubles
    except Exception as error:  # somebody's metric; it costs its own values only
        values, troubles = [_nulls(column, n) for column in columns], dict.fromkeys(range(n), reason(error))
    return values, {at: f"metric {call.metric.name}: {why}" for at, why in troubles.items()}


def fit_many(column: Column, found: Any, n: int) -> tuple[Values, Troubles]:
    """Values of `n` planes as their column takes them: numbers with NaN for null, or a list.

    Raises
    ------
    UsageError
        It is no array of one value a plane.
    """
    if found is None:
        return _nulls(column, n), {}
    if not isinstance(found, np.ndarray) or found.shape != (n,):
        got = f"an array {found.shape}" if isinstance(found, np.ndarray) else f"a {type(found).__name__}"
        raise UsageError(
            f"it gave {got} for column {column.name} of {n} planes; return an array ({n},), a value a plane"
        )
    takes = _TAKES.get(column.dtype)
    if takes is None or found.dtype.kind not in "biuf":
        return _one_by_one(column, found.tolist())
    fits = takes(column, found)
    misfits = {int(at): _misfit(column, found[at].item()) for at in np.flatnonzero(~fits)}
    if misfits or (found.dtype.kind == "f" and not np.isfinite(found).all()):
        return np.where(fits & np.isfinite(found), found, np.nan), misfits
    return found.astype(_kept(column, found.dtype)), {}  # a copy: it may be a view of much more


def of_lists(column: Column, values: list[Any]) -> Values:
    """Python's numbers as an array, where that holds them all; fitted before."""
    return np.array(values, np.float64) if column.dtype.startswith("Float") else values


def _nulls(column: Column, n: int) -> Values:
    return np.full(n, np.nan) if column.dtype in _TAKES else [None] * n


def _any(column: Column, found: np.ndarray) -> np.ndarray:
    return np.ones(found.shape, bool)


def _yes_or_no(column: Column, found: np.ndarray) -> np.ndarray:
    if found.dtype.kind == "b":
        return _any(column, found)
    fits: np.ndarray = (found == 0) | (found == 1) | ~np.isfinite(found)
    return fits


def _whole(column: Column, found: np.ndarray) -> np.ndarray:
    low, end = _WHOLE[column.dtype]
    if found.dtype.kind == "f":
        fits: np.ndarray = ((found == np.trunc(found)) & (found >= low) & (found < end)) | ~np.isfinite(found)
    else:
        fits = (found >= low) & (found <= end - 1)
    return fits


_TAKES: dict[str, Callable[[Column, np.ndarray], np.ndarray]] = {
    "Float32": _any,
    "Float64": _any,
    "Boolean": _yes_or_no,
    "Int32": _whole,
    "Int64": _whole,
    "UInt64": _whole,
}
"""Which values of an array of numbers a column takes, null or not."""


def _kept(column: Column, given: np.dtype) -> type:
    """The type of array that is kept where no value is missing."""
    if column.dtype.startswith("Float"):
        return np.float64
    if column.dtype == "Boolean":
        return np.bool_
    return np.uint64 if column.dtype == "UInt64" else np.int64


def _misfit(column: Column, value: Any) -> str:
    try:
        fit(column, value)
    except MisfitError as error:
        return str(error)
    return f"column {column.name} is {column.dtype}, got {value!r}"


def _one_by_one(column: Column, found: Sequence[Any]) -> tuple[Values, Troubles]:
    values: list[Any] = []
    troubles: Troubles = {}
    for at, value in enumerate(found):
        try:
            values.append(fit(column, value))
        except MisfitError as error:
            values.append(None)
            troubles[at] = str(error)
    return of_lists(column, values), troubles
