"""Filters and selections of a view, as rows of a table, as expressions with their code, and as one text."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
import polars as pl

from smalti.core.errors import UsageError
from smalti.table.filters import Filter
from smalti.table.picks import Pick, combined
from smalti.table.source import Source, col, joined, python
from smalti.table.whole import Table

__all__ = ["filter_key", "filter_source", "passing", "selected_rows", "selection_source", "selection_text"]

T = TypeVar("T")

LONG = 100
"""Values above which a list is looked up instead of being written as text and read again."""


def filter_key(filter_: Filter, group_by: str | None) -> Hashable:
    """What the rows that pass depend on."""
    if _is_long(filter_):
        return filter_.column, filter_.value, filter_.invert
    return filter_.expression(group_by)


def filter_source(table: Table, filter_: Filter, group_by: str | None) -> Source:
    """A filter as an expression with its code.

    Raises
    ------
    UnknownNameError, UsageError
        It does not fit the table.
    """
    if not _is_long(filter_):
        return table.condition(filter_.expression(group_by))
    if table.dtype(filter_.column) != pl.String or not all(isinstance(v, str) for v in filter_.value):
        raise UsageError(f"a list of {len(filter_.value):,} values must be text, in a column of text")
    source = table.term(filter_.column).call("is_in", list(filter_.value))
    return ~source if filter_.invert else source


def passing(table: Table, filter_: Filter, group_by: str | None) -> np.ndarray:
    """Rows that pass a filter, bool; not to be written to."""
    key = ("passing", filter_key(filter_, group_by))
    return table.memo.get(key, lambda: table.rows_where(filter_source(table, filter_, group_by)))


def _is_long(filter_: Filter) -> bool:
    return filter_.op == "in" and isinstance(filter_.value, tuple) and len(filter_.value) > LONG


def selected_rows(table: Table, picks: Sequence[Pick]) -> np.ndarray:
    """Rows that a selection chooses, filtered away or not; bool."""
    chosen = np.zeros(table.height, bool)
    for pick in picks:
        if pick.text:
            these = table.holds(pick.text)
        else:
            these = np.zeros(table.height, bool)
            these[pick.row_numbers] = True
        chosen = combined(pick.mode, chosen, these)
    return chosen


def selection_source(table: Table, picks: Sequence[Pick]) -> Source:
    """A selection as an expression with its code; rows without a value for a rule are not chosen."""

    def one(pick: Pick) -> Source:
        if pick.text:
            return table.condition(pick.text).call("fill_null", False)
        return col("image_id").call("is_in", _ids(table, pick))

    return _folded(picks, one, _SOURCES)


def selection_text(table: Table, picks: Sequence[Pick]) -> str:
    """A selection as one text that `smalti.table.expression` reads."""

    def one(pick: Pick) -> str:
        if pick.text:
            return f"({pick.text}).fill_null(False)"
        return f"image_id in {python(_ids(table, pick))}"

    return _folded(picks, one, _TEXTS)


def _ids(table: Table, pick: Pick) -> list[str]:
    ids: list[str] = table.images["image_id"].gather(pick.row_numbers).to_list()
    return ids


@dataclass(frozen=True, slots=True)
class _Algebra(Generic[T]):
    """How conditions are joined, in texts or in expressions."""

    either: Callable[[T, T], T]
    but_not: Callable[[T, T], T]
    one_of: Callable[[T, T], T]


_TEXTS: _Algebra[str] = _Algebra(
    either=lambda a, b: f"({a}) | ({b})",
    but_not=lambda a, b: f"({a}) & ~({b})",
    one_of=lambda a, b: f"({a}) != ({b})",
)

_SOURCES: _Algebra[Source] = _Algebra(
    either=lambda a, b: joined("|", [a, b]),
    but_not=lambda a, b: joined("&", [a, ~b]),
    one_of=lambda a, b: a.with_operator("!=", b),
)


def _folded(picks: Sequence[Pick], one: Callable[[Pick], T], algebra: _Algebra[T]) -> T:
    if not picks:
        raise UsageError("nothing is selected; select some images first")
    whole = one(picks[0])  # the first pick of a selection replaces
    for pick in picks[1:]:
        join = {"add": algebra.either, "subtract": algebra.but_not, "toggle": algebra.one_of}[pick.mode]
        whole = join(whole, one(pick))
    return whole
