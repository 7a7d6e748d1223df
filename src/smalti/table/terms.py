"""Pieces of a user's expression, with the kind of value each gives: mistakes are said in plain words."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import polars as pl

from smalti.core.errors import UsageError

__all__ = ["Kind", "Term", "column", "comparable", "kind_of", "literal", "need"]

Kind = Literal["number", "text", "condition", "time", "list", "other", "nothing", "unknown"]
"""``nothing`` is None; ``unknown`` is a column whose type was not given and passes everywhere."""

_LARGEST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Term:
    """Part of an expression.

    Parameters
    ----------
    expr
        What Polars computes.
    kind
        What that gives.
    text
        As the user wrote it.
    value
        The value itself when it is a literal; else None.
    wide
        Type to compute in, where the stored type would overflow unsaid: Polars wraps 8 − 16 of unsigned
        numbers to 18446744073709551608.
    """

    expr: pl.Expr
    kind: Kind
    text: str
    value: Any = None
    wide: pl.DataType | None = None

    @property
    def number(self) -> pl.Expr:
        """The expression to compute with."""
        return self.expr if self.wide is None else self.expr.cast(self.wide)


def column(name: str, dtype: pl.DataType | None) -> Term:
    """A column of the table, of unknown kind when its type is."""
    if dtype is None:
        return Term(pl.col(name), "unknown", name)
    wide: pl.DataType | None = None
    if dtype.is_integer() and dtype != pl.Int64:
        wide = pl.Int128() if dtype == pl.UInt64 else pl.Int64()
    return Term(pl.col(name), kind_of(dtype), name, wide=wide)


def kind_of(dtype: pl.DataType) -> Kind:
    """Kind of the values of a column."""
    if dtype.is_numeric():
        return "number"
    if dtype == pl.Boolean:
        return "condition"
    if dtype in (pl.String, pl.Categorical, pl.Enum):
        return "text"
    if dtype in (pl.Datetime, pl.Date):
        return "time"
    return "list" if isinstance(dtype, pl.List) else "other"


def literal(value: object, text: str) -> Term:
    """A number, text, True, False or None; UsageError for anything else."""
    if value is None:
        return Term(pl.lit(None), "nothing", text)
    if isinstance(value, bool):
        return Term(pl.lit(value), "condition", text, value)
    if isinstance(value, str):
        return Term(pl.lit(value), "text", text, value)
    if isinstance(value, float) or (isinstance(value, int) and abs(value) <= _LARGEST):
        return Term(pl.lit(value), "number", text, value)
    raise UsageError(f"`{text}` is not allowed: literals are numbers below 2⁶³, text, True, False and None")


def need(term: Term, kind: Kind, why: str) -> Term:
    """The term itself; UsageError unless it is of `kind`."""
    if term.kind in (kind, "unknown"):
        return term
    raise UsageError(f"`{term.text}` is a {_said(term.kind)}; {why} a {_said(kind)}")


def comparable(left: Term, right: Term) -> tuple[pl.Expr, pl.Expr]:
    """Two terms that may be compared; text beside a time is read as an ISO date.

    Raises
    ------
    UsageError
        They are of different kinds, or of one that has no order.
    """
    if left.kind == "time" and right.kind == "text":
        return left.expr, _time(right)
    if left.kind == "text" and right.kind == "time":
        return _time(left), right.expr
    for term in (left, right):
        if term.kind in ("list", "other"):
            raise UsageError(
                f"`{term.text}` is a {_said(term.kind)} and cannot be compared; {_HINTS[term.kind]}"
            )
        if term.kind == "nothing":
            raise UsageError("None cannot be compared; write x.is_null() or x.is_not_null()")
    if left.kind != right.kind and "unknown" not in (left.kind, right.kind):
        raise UsageError(
            f"`{left.text}` is a {_said(left.kind)} and `{right.text}` a {_said(right.kind)}; "
            f"compare it with a {_said(left.kind)}, {_EXAMPLES[left.kind]}"
        )
    return left.expr, right.expr


def _time(term: Term) -> pl.Expr:
    try:
        moment = datetime.fromisoformat(term.value or "")
    except ValueError:
        raise UsageError(
            f"`{term.text}` is no date; write it like '2026-01-31' or '2026-01-31 14:05'"
        ) from None
    return pl.lit(moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment)


def _said(kind: Kind) -> str:
    return _WORDS.get(kind, kind)


_WORDS: dict[Kind, str] = {"other": "value of a type without order", "nothing": "None", "unknown": "value"}

_HINTS: dict[Kind, str] = {
    "list": "ask `'DAPI' in channel_names` or channel_names.list.len()",
    "other": "ask whether it is_null()",
}

_EXAMPLES: dict[Kind, str] = {
    "number": "such as 0.5",
    "text": "such as 'ok'",
    "condition": "True or False",
    "time": "such as '2026-01-31'",
}
