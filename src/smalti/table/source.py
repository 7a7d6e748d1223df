"""A Polars expression beside the Python text that makes it, so that the computed can be copied as code."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from math import isfinite
from operator import attrgetter
from typing import Any, Literal

import polars as pl

__all__ = ["Source", "col", "joined", "lit", "python"]

FEW = 20
"""Conditions that are joined one by one."""


@dataclass(frozen=True, slots=True)
class Source:
    """An expression, and its text.

    Parameters
    ----------
    expr
        What Polars computes.
    code
        Python that gives the same, with ``polars as pl`` (and ``datetime``) imported;
        a whole by itself, in parentheses where it needs them.
    bare
        Shorter text for the right-hand side of an operator: the value of a literal.
    """

    expr: pl.Expr
    code: str
    bare: str = ""

    def call(self, name: str, *args: Any, **named: Any) -> "Source":
        """A method of this expression by dotted name; arguments are sources or plain values."""
        said = [_code(value) for value in args] + [f"{key}={_code(value)}" for key, value in named.items()]
        method = attrgetter(name)(self.expr)
        found = method(*map(_expr, args), **{key: _expr(value) for key, value in named.items()})
        return Source(found, f"{self.code}.{name}({', '.join(said)})")

    def cast(self, dtype: pl.DataType, *, strict: bool = True) -> "Source":
        """The same in another type; null where a value does not fit, unless `strict`."""
        lenient = "" if strict else ", strict=False"
        expr = self.expr.cast(dtype, strict=strict)
        return Source(expr, f"{self.code}.cast(pl.{dtype.base_type().__name__}{lenient})")

    def with_operator(self, symbol: str, other: "Source") -> "Source":
        """Both, joined by one of Python's operators; `other` on the right."""
        return Source(
            _OPERATORS[symbol](self.expr, other.expr), f"({self.code} {symbol} {other.bare or other.code})"
        )

    def __invert__(self) -> "Source":
        return Source(~self.expr, f"(~{self.code})")


def col(name: str) -> Source:
    """A column."""
    return Source(pl.col(name), f"pl.col({python(name)})")


def lit(value: object) -> Source:
    """A literal."""
    return Source(pl.lit(value), f"pl.lit({python(value)})", python(value))


def python(value: object) -> str:
    """Python text of a plain value: ``repr`` in double quotes, and with a text for infinities."""
    if isinstance(value, str) and not {"'", '"'} & set(value):
        return f'"{repr(value)[1:-1]}"'
    if isinstance(value, list):
        return f"[{', '.join(map(python, value))}]"
    if isinstance(value, float) and not isfinite(value):
        return f'float("{value}")'
    return repr(value)


def joined(symbol: Literal["&", "|"], parts: Sequence[Source]) -> Source:
    """Conditions joined by and, or: flat, since Python reads at most 200 brackets inside each other."""
    if len(parts) == 1:
        return parts[0]
    if len(parts) <= FEW:
        expr = reduce(_OPERATORS[symbol], (part.expr for part in parts))
        return Source(expr, f"({f' {symbol} '.join(part.code for part in parts)})")
    name = "all_horizontal" if symbol == "&" else "any_horizontal"  # a chain of thousands ends Polars' stack
    whole: pl.Expr = getattr(pl, name)([part.expr for part in parts])
    return Source(whole, f"pl.{name}({', '.join(part.code for part in parts)})")


def _code(value: Any) -> str:
    return value.code if isinstance(value, Source) else python(value)


def _expr(value: Any) -> Any:
    return value.expr if isinstance(value, Source) else value


_OPERATORS = {
    "+": pl.Expr.__add__,
    "-": pl.Expr.__sub__,
    "*": pl.Expr.__mul__,
    "/": pl.Expr.__truediv__,
    "//": pl.Expr.__floordiv__,
    "%": pl.Expr.__mod__,
    "**": pl.Expr.__pow__,
    "==": pl.Expr.__eq__,
    "!=": pl.Expr.__ne__,
    "<": pl.Expr.__lt__,
    "<=": pl.Expr.__le__,
    ">": pl.Expr.__gt__,
    ">=": pl.Expr.__ge__,
    "&": pl.Expr.__and__,
    "|": pl.Expr.__or__,
}
