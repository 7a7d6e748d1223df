"""Pieces of a user's expression, with the kind of value each gives: mistakes are said in plain words."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import polars as pl

from smalti.core.errors import UsageError
from smalti.table.source import Source, col, lit

__all__ = ["Kind", "Term", "column", "comparable", "computed", "kind_of", "literal", "need"]

Kind = Literal["number", "text", "condition", "time", "list", "other", "nothing", "unknown"]
"""``nothing`` is None; ``unknown`` is a column whose type was not given and passes everywhere."""

_LARGEST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Term:
    """Part of an expression.

    Parameters
    ----------
    source
        What Polars computes; NaN is null.
    kind
        What that gives.
    text
        As the user wrote it.
    value
        The value itself when it is a literal; else None.
    wide
        Type to compute in, where the stored type would overflow unsaid: Polars wraps 8 − 16 of unsigned
        numbers to 18446744073709551608.
    raw
        `source` with NaN left as it is, for arithmetic to go on with; None where there cannot be any.
    """

    source: Source
    kind: Kind
    text: str
    value: Any = None
    wide: pl.DataType | None = None
    raw: Source | None = None

    @property
    def expr(self) -> pl.Expr:
        """What Polars computes."""
        return self.source.expr

    @property
    def number(self) -> Source:
        """What to compute with; NaN is null."""
        return self.source if self.wide is None else self.source.cast(self.wide)

    @property
    def operand(self) -> Source:
        """What arithmetic goes on with; NaN stays NaN in it, and becomes null once at the end."""
        return self.raw or self.number


def computed(raw: Source, text: str) -> Term:
    """A number that was computed: 0 / 0 and log(-1) give NaN, which Polars lets pass ``> 3``."""
    return Term(raw.call("fill_nan", None), "number", text, raw=raw)


def column(name: str, dtype: pl.DataType | None) -> Term:
    """A column of the table, of unknown kind when its type is."""
    if dtype is None:
        return Term(col(name), "unknown", name)
    wide: pl.DataType | None = None
    if dtype.is_integer() and dtype != pl.Int64:
        wide = pl.Int128() if dtype == pl.UInt64 else pl.Int64()
    return Term(col(name), kind_of(dtype), name, wide=wide)


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
        return Term(lit(None), "nothing", text)
    if isinstance(value, bool):
        return Term(lit(value), "condition", text, value)
    if isinstance(value, str):
        return Term(lit(value), "text", text, value)
    if isinstance(value, float) or (isinstance(value, int) and abs(value) <= _LARGEST):
        return Term(lit(value), "number", text, value)
    raise UsageError(f"`{text}` is not allowed: literals are numbers below 2⁶³, text, True, False and None")


def need(term: Term, kind: Kind, why: str) -> Term:
    """The term itself; UsageError unless it is of `kind`."""
    if term.kind in (kind, "unknown"):
        return term
    raise UsageError(f"`{term.text}` is a {_said(term.kind)}; {why} a {_said(kind)}")


def comparable(left: Term, right: Term) -> tuple[Source, Source]:
    """Two terms that may be compared; text beside a time is read as an ISO date.

    Raises
    ------
    UsageError
        They are of different kinds, or of one that has no order.
    """
    if left.kind == "time" and right.kind == "text":
        return left.source, _time(right)
    if left.kind == "text" and right.kind == "time":
        return _time(left), right.source
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
    return left.source, right.source


def _time(term: Term) -> Source:
    try:
        moment = datetime.fromisoformat(term.value or "")
    except ValueError:
        raise UsageError(
            f"`{term.text}` is no date; write it like '2026-01-31' or '2026-01-31 14:05'"
        ) from None
    return lit(moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment)


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
