"""Facts of columns: which values form groups, which hold numbers, and on which axis these show most."""

from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl
import polars.selectors as cs

__all__ = [
    "ALL",
    "NOT_STATED",
    "Groups",
    "find_groups",
    "group_columns",
    "number_columns",
    "spans_decades",
    "with_spread",
]

ALL = "all"
"""Name of the one group there is when nothing is grouped."""

NOT_STATED = "not stated"
"""Name of the group of rows without a value."""

_LABEL = "__group"

_SINGLE = ("image_id", "path", "uri", "name", "stem", "error", "metadata", "size_bytes", "size_readable")
"""Columns that speak of one image each, however often a value repeats."""


@dataclass(frozen=True, slots=True)
class Groups:
    """Which values of a column form a group of their own.

    Parameters
    ----------
    column
        The column; None for one group of all rows.
    values
        Values as text, the most frequent first, ties in order of the text; a missing value is `NOT_STATED`.
    n_other
        Number of further values, which together form the last group.
    """

    column: str | None
    values: tuple[str, ...]
    n_other: int = 0

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all groups, the rest included."""
        return (*self.values, self.rest) if self.n_other else self.values

    @property
    def rest(self) -> str:
        """Name of the group of all further values."""
        return f"{self.n_other:,} others"

    def label(self) -> pl.Expr:
        """The name of each row's group."""
        if self.column is None:
            return pl.lit(ALL)
        text = _text(self.column)
        return pl.when(text.is_in(self.values)).then(text).otherwise(pl.lit(self.rest))


def find_groups(frame: pl.DataFrame, column: str | None, most: int = 7) -> Groups:
    """The groups of a column: its `most` most frequent values, and the rest as one."""
    if column is None:
        return Groups(None, (ALL,))
    found = (
        frame.select(_text(column).alias(_LABEL))
        .group_by(_LABEL)
        .len()
        .sort("len", _LABEL, descending=[True, False])
    )
    values = tuple(found[_LABEL].head(most))
    return Groups(column, values, found.height - len(values))


def _text(column: str) -> pl.Expr:
    return pl.col(column).cast(pl.String).fill_null(NOT_STATED)


def group_columns(frame: pl.DataFrame) -> list[str]:
    """Columns worth grouping by: text, booleans and integers whose values repeat, and are not all one."""
    candidates = frame.select(
        (cs.string() | cs.boolean() | cs.integer()) - cs.by_name(_SINGLE, require_all=False)
    )
    if not candidates.height or not candidates.width:
        return []
    n_values = candidates.select(pl.all().n_unique()).row(0, named=True)
    # Half the rows: above it most groups are single images.
    return [name for name, n in n_values.items() if 1 < n <= max(2, frame.height // 2)]


def number_columns(frame: pl.DataFrame) -> list[str]:
    """Columns that hold at least one finite number."""
    numbers = frame.select(cs.numeric())
    if not numbers.width:
        return []
    found = numbers.select(pl.all().cast(pl.Float64).is_finite().any()).row(0, named=True)
    return [name for name, has_number in found.items() if has_number]


def with_spread(frame: pl.DataFrame, names: Iterable[str]) -> list[str]:
    """Those of `names` that are columns of numbers with at least two different finite values."""
    numbers = set(number_columns(frame))
    present = [name for name in names if name in numbers]
    return [name for name in present if frame[name].filter(_finite(frame[name])).n_unique() > 1]


def _finite(values: pl.Series) -> pl.Series:
    return values.cast(pl.Float64).is_finite().fill_null(False)


def spans_decades(values: pl.Series) -> bool:
    """Whether a logarithmic axis shows more: all but 5 % of the values above 0, over two decades or more."""
    low, high = values.quantile(0.05), values.max()
    return isinstance(low, float) and isinstance(high, int | float) and 0 < 100 * low <= high
