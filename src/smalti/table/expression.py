"""The only reader of expressions that users write, such as ``saturated_high > 0.01 and c == 1``.

The text is parsed into a syntax tree and rebuilt as a Polars expression, piece by allowed piece; nothing is
evaluated, and what is not listed here or in `smalti.table.methods` is refused.
"""

import ast
import warnings
from collections.abc import Collection, Mapping
from typing import Literal

import polars as pl

from smalti.core.errors import UsageError
from smalti.table.reader import MAX_DEPTH, Reader
from smalti.table.terms import Term, need

__all__ = ["MAX_DEPTH", "MAX_LENGTH", "parse", "read"]

MAX_LENGTH = 8_000
"""Room for 200 ids of images, or a lasso."""

_BLANKS = dict.fromkeys(map(ord, "\t\n\r\f"), " ")  # a condition may be written over several lines


def parse(
    text: str,
    columns: Mapping[str, pl.DataType] | Collection[str],
    gives: Literal["condition", "value"] = "condition",
) -> pl.Expr:
    """Turn what a user wrote into a Polars expression.

    Allowed are column names, bare or as ``pl.col("x")``; numbers, text, True, False, None;
    ``+ - * / // % **``; comparisons, also chained (``0 < x < 1``); ``in`` and ``not in`` a list, a text or a
    list column; ``is None``; ``and or not`` and ``& | ~``; the methods of `smalti.table.methods`; ``is_in``;
    ``over`` (one column); ``is_top(k)``, ``is_bottom(k)``, ``is_outlier(k)``, within groups
    ``is_outlier(k, 'column')``; ``x.in_polygon(y, [(0, 0), (1, 0), (0, 1)])``; ``path[1]`` for a folder of
    the path. What a computation gives as NaN is null. A time may be compared with an ISO date in quotes.
    Patterns are Rust regexes and take linear time.

    Parameters
    ----------
    text
        At most 8,000 characters.
    columns
        Columns of the table; with their types, mistakes of type are found too.
    gives
        ``"condition"`` for a filter, ``"value"`` to allow anything.

    Raises
    ------
    UnknownNameError
        A column or method that does not exist.
    UsageError
        Anything else that is wrong, with the piece of text that is.
    """
    return read(text, columns, gives).expr


def read(
    text: str,
    columns: Mapping[str, pl.DataType] | Collection[str],
    gives: Literal["condition", "value"] = "condition",
) -> Term:
    """The same as `parse`, with the Python code beside the expression: ``read(...).source.code``."""
    known = columns if isinstance(columns, Mapping) else dict.fromkeys(columns)
    text = text.translate(_BLANKS).strip()
    term = Reader(text, known).read(_tree(text))
    if gives == "condition":
        need(term, "condition", "a filter is")
    if isinstance(columns, Mapping):
        _try(term, columns)
    return term


def _tree(text: str) -> ast.expr:
    if not text:
        raise UsageError("the expression is empty; write a condition, such as: mean > 100")
    if len(text) > MAX_LENGTH:
        raise UsageError(f"the expression has {len(text):,} characters; at most {MAX_LENGTH:,} are read")
    try:
        with warnings.catch_warnings(
            action="ignore"
        ):  # Python warns of "\d" in patterns, which is right here
            return ast.parse(text, mode="eval").body
    except SyntaxError as error:
        place = f" at character {error.offset}" if error.offset else ""
        raise UsageError(f"`{text}` is no expression: {error.msg}{place}") from None
    except (ValueError, RecursionError, MemoryError):
        raise UsageError("the expression cannot be read: it nests too deep or holds a NUL") from None


def _try(term: Term, schema: Mapping[str, pl.DataType]) -> None:
    """Run it on no rows: what Polars refuses must be said now, not when the table is read."""
    try:
        pl.DataFrame(schema=schema).select(term.expr)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        reason = str(error).partition("\n")[0]
        raise UsageError(f"`{term.text}` cannot be computed: {reason}") from None
