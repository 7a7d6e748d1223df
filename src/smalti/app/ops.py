"""What a filter may ask of a column, in words, by what the column holds."""

from dataclasses import dataclass
from typing import Any, Literal

import polars as pl

from smalti.core.errors import UsageError
from smalti.table.filters import Filter
from smalti.table.whole import Table

__all__ = ["FEW", "Kind", "Op", "kind_of", "op_of", "ops", "value_of", "values_of"]

Kind = Literal["number", "text", "category", "flag", "time"]

Takes = Literal["nothing", "value", "pair", "count", "choice"]

FEW = 30
"""Most values of a text column that are offered as a choice."""


@dataclass(frozen=True, slots=True)
class Op:
    """One way to ask.

    Parameters
    ----------
    said
        As it stands between column and value: ``"is below"``.
    op, invert
        What `ViewState.add_filter` takes.
    takes
        Which fields the value comes from.
    value
        The value of one that takes nothing.
    """

    said: str
    op: str
    takes: Takes = "value"
    invert: bool = False
    value: Any = None


_MISSING = (Op("is missing", "is_null", "nothing"), Op("is not missing", "is_null", "nothing", invert=True))

_ORDERED = (
    Op("is below", "<"),
    Op("is above", ">"),
    Op("is between", "between", "pair"),
    Op("is", "=="),
    Op("is not", "!="),
    Op("is at most", "<="),
    Op("is at least", ">="),
)

_TEXT = (
    Op("contains", "contains"),
    Op("does not contain", "contains", invert=True),
    Op("is", "=="),
    Op("is not", "!="),
    Op("matches regex", "regex"),
)

_CHOICE = (Op("is one of", "in", "choice"), Op("is none of", "in", "choice", invert=True))

_OPS: dict[Kind, tuple[Op, ...]] = {
    "number": (
        *_ORDERED,
        Op("is an outlier by (SD)", "is_outlier"),
        Op("is among the largest", "is_top", "count"),
        Op("is among the smallest", "is_bottom", "count"),
        *_MISSING,
    ),
    "text": (*_TEXT, *_MISSING),
    "category": (*_CHOICE, *_TEXT, *_MISSING),
    "flag": (
        Op("is true", "==", "nothing", value=True),
        Op("is false", "==", "nothing", value=False),
        *_MISSING,
    ),
    "time": (*_ORDERED, *_MISSING),
}


def ops(kind: Kind) -> tuple[Op, ...]:
    """What may be asked of a kind of column, the usual first."""
    return _OPS[kind]


def op_of(filter_: Filter, kind: Kind) -> Op | None:
    """The way to ask that a filter uses; None where it is not one of these."""
    alike = [op for op in _OPS[kind] if op.op == filter_.op]
    fits = (op for op in alike if op.takes != "nothing" or op.value == filter_.value)
    return next((op for op in fits if op.invert == filter_.invert), None)


def kind_of(table: Table, column: str) -> Kind:
    """What a column holds; text with few values is a category.

    Raises
    ------
    UnknownNameError
        There is no such column.
    """
    dtype = table.dtype(column)
    if dtype.is_numeric():
        return "number"
    if dtype == pl.Boolean:
        return "flag"
    if dtype.is_temporal():
        return "time"
    return "category" if 0 < len(values_of(table, column)) <= FEW else "text"


def values_of(table: Table, column: str) -> list[str]:
    """Values of a text column in order, one more than `FEW` at most."""
    expr = table.term(column).expr
    found = table.images.lazy().select(expr.drop_nulls().unique().alias("value")).head(FEW + 1).collect()
    return sorted(map(str, found["value"]))


def value_of(op: Op, kind: Kind, first: str, second: str, chosen: list[str]) -> Any:
    """The value as typed, as `ViewState.add_filter` takes it.

    Raises
    ------
    UsageError
        A field is empty, or holds no number where one is needed.
    """
    if op.takes == "nothing":
        return op.value
    if op.takes == "choice":
        if not chosen:
            raise UsageError("no value is chosen; pick one or more")
        return chosen
    if op.takes == "pair":
        return [_typed(first, kind), _typed(second, kind)]
    return _typed(first, kind, whole=op.takes == "count")


def _typed(text: str, kind: Kind, whole: bool = False) -> Any:
    text = text.strip()
    if not text:
        raise UsageError("the value is empty; " + _WANTED.get(kind, "type what to look for"))
    if kind != "number":
        return text
    try:
        return int(text)
    except ValueError:
        if whole:
            raise UsageError(f"{text!r} is no count; type a whole number, such as 20") from None
    try:
        return float(text)
    except ValueError:
        raise UsageError(f"{text!r} is no number; type one such as 12.5 or 1e-3") from None


_WANTED = {"number": "type a number, such as 12.5", "time": "type a date, such as 2026-01-31"}
