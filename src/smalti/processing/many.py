"""Metrics called with many planes at once, or with one after the other; columns as their tables take them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from smalti.core.columns import Column
from smalti.core.errors import UsageError
from smalti.core.plugin import PLANE_NEEDS
from smalti.kernels.several import Several
from smalti.processing.calls import Call, call_all, one_a_column
from smalti.processing.fit import PLAIN, MisfitError, fit
from smalti.processing.frames import Values, reason

__all__ = ["Troubles", "call_planes", "fit_many"]

_SUMS = tuple(name for name in PLANE_NEEDS if name != "plane")

Troubles = dict[int, str]
"""What went wrong, by the place of the plane in its group."""

_WHOLE = {
    "Int32": (-(2**31), 2**31),
    "Int64": (-(2**63), 2**63),
    "UInt64": (0, 2**64),
}
"""Least value of a column of whole numbers, and the first that is too large."""

_NUMBERS = frozenset({"Float32", "Float64", "Boolean", *_WHOLE})

_KEPT: dict[str, type] = {"Boolean": np.bool_, "UInt64": np.uint64}
"""Types of arrays, where not int64."""


def call_planes(
    calls: Sequence[Call], planes: np.ndarray | None, several: Several, beats: Sequence[Callable[[], None]]
) -> tuple[list[Values], Troubles]:
    """See `smalti.processing.metric_set.MetricSet.measure_many`; those of many go first."""
    given = {name: getattr(several, name) for name in _SUMS} | {"plane": planes}
    values: dict[int, list[Values]] = {}
    troubles: Troubles = {}
    ones = [at for at, call in enumerate(calls) if not call.metric.options["many"]]
    for at in sorted(set(range(len(calls))).difference(ones)):
        values[at], wrong = _call_many(calls[at], given, several.n)
        troubles = wrong | troubles
    if ones:
        columns, wrong = _call_each([calls[at] for at in ones], planes, several, beats)
        troubles = wrong | troubles
        values |= {at: [next(columns) for _ in calls[at].metric.columns] for at in ones}
    return [each for at in range(len(calls)) for each in values[at]], troubles


def _call_each(
    calls: Sequence[Call], planes: np.ndarray | None, several: Several, beats: Sequence[Callable[[], None]]
) -> tuple[Iterator[Values], Troubles]:
    """Columns of metrics that take one plane at a time."""
    rows, troubles = [], {}
    for at in range(several.n):
        if beats:
            beats[at]()
        sums = several.plane(at)
        given = {name: getattr(sums, name) for name in _SUMS}
        row, trouble = call_all(calls, given | {"plane": None if planes is None else planes[at]})
        rows.append(row)
        if trouble:
            troubles[at] = trouble
    columns = (column for call in calls for column in call.metric.columns)
    each = (_of_lists(c, list(values)) for c, values in zip(columns, zip(*rows, strict=True), strict=True))
    return each, troubles


def _call_many(call: Call, given: Mapping[str, Any], n: int) -> tuple[list[Values], Troubles]:
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
    if column.dtype not in _NUMBERS or found.dtype.kind not in "biuf":
        return _one_by_one(column, found.tolist())
    if column.dtype.startswith("Float"):
        return found.astype(np.float64), {}  # a copy: it may be a view of much more
    known = np.isfinite(found)
    fits = (_yes_or_no if column.dtype == "Boolean" else _whole)(column, found) | ~known
    misfits = {int(at): _misfit(column, found[at].item()) for at in np.flatnonzero(~fits)}
    if misfits and found.dtype.kind in "iu":  # as a float, a neighbour above 2⁵³ would lose digits
        return [None if at in misfits else value for at, value in enumerate(found.tolist())], misfits
    if misfits or not known.all():
        return np.where(fits & known, found, np.nan), misfits
    return found.astype(_KEPT.get(column.dtype, np.int64)), {}


def _of_lists(column: Column, values: list[Any]) -> Values:
    """Python's numbers as an array, where that holds them all; fitted before."""
    return np.array(values, np.float64) if column.dtype.startswith("Float") else values


def _nulls(column: Column, n: int) -> Values:
    return np.full(n, np.nan) if column.dtype in _NUMBERS else [None] * n


def _yes_or_no(column: Column, found: np.ndarray) -> np.ndarray:
    fits: np.ndarray = (found == 0) | (found == 1)
    return fits if found.dtype.kind in "bf" else np.zeros(found.shape, bool)


def _whole(column: Column, found: np.ndarray) -> np.ndarray:
    low, end = _WHOLE[column.dtype]
    below = found < end if found.dtype.kind == "f" else found <= end - 1  # 2⁶³ − 1 is no float64
    fits: np.ndarray = (found == np.trunc(found)) & (found >= low) & below
    return fits


def _misfit(column: Column, value: Any) -> str:
    try:
        fit(column, value)
    except MisfitError as error:
        return str(error)
    return f"column {column.name} is {column.dtype}, got {value!r}"


def _one_by_one(column: Column, found: list[Any]) -> tuple[Values, Troubles]:
    if frozenset(map(type, found)) <= PLAIN[column.dtype]:
        return _of_lists(column, found), {}
    values: list[Any] = []
    troubles: Troubles = {}
    for at, value in enumerate(found):
        try:
            values.append(fit(column, value))
        except MisfitError as error:
            values.append(None)
            troubles[at] = str(error)
    return _of_lists(column, values), troubles
