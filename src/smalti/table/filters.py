"""One filter: a column, an operation and a value, or a free expression; always one text in the end."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from keyword import iskeyword
from math import isnan
from typing import Any

import numpy as np
import polars as pl

from smalti.core.errors import UnknownNameError, UsageError
from smalti.table.reader import PART
from smalti.table.source import python

__all__ = ["OPS", "Filter", "free_name", "literal", "named", "plain"]


@dataclass(frozen=True, slots=True)
class Filter:
    """A condition that rows pass or not.

    Rows without a value never pass, inverted or not: only ``is_null`` asks for them.

    Parameters
    ----------
    name
        Unique in its view.
    column, op, value
        Column (or ``path[1]``), one of `OPS`, and what the operation takes: a number, text, ISO date or
        boolean; two of them for ``between``, a tuple for ``in``, None for ``is_null``.
    text
        A free expression instead of column, op and value.
    enabled
        Whether it counts.
    invert
        Whether rows that do not pass are kept instead.
    """

    name: str
    column: str = ""
    op: str = ""
    value: Any = None
    text: str = ""
    enabled: bool = True
    invert: bool = False

    def expression(self, group_by: str | None = None) -> str:
        """What `smalti.table.expression` reads; `group_by` is what outliers are looked for within."""
        if self.text:
            return f"not ({self.text})" if self.invert else self.text
        operation = OPS.get(self.op)
        if operation is None:
            raise UnknownNameError("operation", self.op, OPS)
        text = operation(self, group_by)
        return f"not ({text})" if self.invert else text

    @property
    def words(self) -> str:
        """The filter as a person would write it."""
        if self.text:
            said = self.text
        elif self.op in _WORDS:
            said = _WORDS[self.op].format(column=self.column, value=self.value, pair=self.value)
        else:
            said = f"{self.column} {self.op} {plain_words(self.value)}"
        return f"not: {said}" if self.invert else said


def plain_words(value: Any) -> str:
    """A value without quotes, long lists cut short."""
    if isinstance(value, tuple):
        more = f", … ({len(value):,})" if len(value) > 3 else ""
        return ", ".join(map(str, value[:3])) + more
    return str(value)


_WORDS = {
    "between": "{column} from {pair[0]} to {pair[1]}",
    "is_null": "{column} is not known",
    "is_top": "{column}: the {value:,} largest",
    "is_bottom": "{column}: the {value:,} smallest",
    "is_outlier": "{column} more than {value:g} robust SD from the median",
}


def named(column: str) -> str:
    """A column as expressions name it: bare where that is safe, else as ``pl.col('odd name')``."""
    # Python folds letters outside ASCII (µ, the micro sign, becomes μ), so such names go in quotes.
    bare = column.isascii() and column.isidentifier() and not iskeyword(column)
    return column if bare or PART.fullmatch(column) else f"pl.col({python(column)})"


def plain(value: Any) -> Any:
    """A value that can be written down: dates as ISO text, lists as tuples, NumPy's and Polars' as Python's.

    Raises
    ------
    UsageError
        It is NaN, or of a type that no filter takes.
    """
    if isinstance(value, np.generic | np.ndarray):
        value = value.tolist()
    if isinstance(value, pl.Series):
        value = value.to_list()
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, list | tuple | set | frozenset | range):
        return tuple(plain(item) for item in value)
    if isinstance(value, float) and isnan(value):
        raise UsageError("NaN is no value to compare with: it counts as missing; ask for is_null")
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise UsageError(f"a filter takes numbers, text, dates, True, False and lists of them, not {value!r}")


def literal(value: Any) -> str:
    """A plain value as expressions write it."""
    if isinstance(value, float) and value in (float("inf"), float("-inf")):
        return "1e999" if value > 0 else "-1e999"
    return python(value)


def _compared(symbol: str) -> Callable[[Filter, str | None], str]:
    def text(filter_: Filter, _: str | None) -> str:
        if filter_.value is None or isinstance(filter_.value, tuple):
            raise UsageError(f"{filter_.op} compares with one value; got {filter_.value!r}")
        return f"{named(filter_.column)} {symbol} {literal(filter_.value)}"

    return text


def _between(filter_: Filter, _: str | None) -> str:
    low, high = _several(filter_, 2)
    return f"{named(filter_.column)}.is_between({literal(low)}, {literal(high)})"


def _within(filter_: Filter, _: str | None) -> str:
    return f"{named(filter_.column)} in [{', '.join(map(literal, _several(filter_)))}]"


def _several(filter_: Filter, n: int | None = None) -> tuple[Any, ...]:
    values = filter_.value
    if not isinstance(values, tuple) or n not in (None, len(values)):
        raise UsageError(f"{filter_.op} takes a list{f' of {n} values' if n else ''}; got {values!r}")
    return values


def _contains(filter_: Filter, _: str | None) -> str:
    return f"{named(filter_.column)}.str.contains({python(_text(filter_))})"


def _regex(filter_: Filter, _: str | None) -> str:
    return f"{named(filter_.column)}.str.contains({python(_text(filter_))}, literal=False)"


def _text(filter_: Filter) -> str:
    if not isinstance(filter_.value, str):
        raise UsageError(f"{filter_.op} takes text; got {filter_.value!r}")
    return filter_.value


def _method(filter_: Filter, group_by: str | None) -> str:
    group = f", {python(group_by)}" if filter_.op == "is_outlier" and group_by else ""
    argument = "" if filter_.op == "is_null" else f"{literal(filter_.value)}{group}"
    if filter_.op == "is_null" and filter_.value is not None:
        raise UsageError(f"is_null takes no value; got {filter_.value!r}")
    return f"{named(filter_.column)}.{filter_.op}({argument})"


OPS: dict[str, Callable[[Filter, str | None], str]] = {
    **{symbol: _compared(symbol) for symbol in ("==", "!=", "<", "<=", ">", ">=")},
    "between": _between,
    "in": _within,
    "contains": _contains,
    "regex": _regex,
    "is_null": _method,
    "is_top": _method,
    "is_bottom": _method,
    "is_outlier": _method,
}
"""Operations by name; each gives the text of an expression."""


def free_name(wanted: str, taken: Iterable[str]) -> str:
    """`wanted`, or with the first number that makes it a new name."""
    names = set(taken)
    if wanted not in names:
        return wanted
    return next(name for n in range(2, len(names) + 3) if (name := f"{wanted} {n}") not in names)
