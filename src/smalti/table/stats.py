"""Counts for the screen: groups with a name of their own, and one column's distribution in each of them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
import polars.selectors as cs

__all__ = [
    "ALL",
    "NOT_STATED",
    "Distribution",
    "Groups",
    "distribution",
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

MOST_BINS = 40

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


@dataclass(frozen=True, slots=True)
class Distribution:
    """How many rows of each group have a value in each bin.

    Parameters
    ----------
    column
        The column.
    edges
        float64, ascending, one more than bins; the last bin includes its upper edge.
    counts
        int64, one for each bin, by name of the group, in the order of the groups; groups without a row
        in any bin are left out.
    n
        Rows counted in a bin.
    n_missing
        Rows without a value.
    n_off_axis
        Rows left out because the axis cannot show them: infinite, or not above 0 on a logarithmic axis.
    log
        Whether the bins are of one width on a logarithmic axis.
    """

    column: str
    edges: np.ndarray
    counts: Mapping[str, np.ndarray]
    n: int
    n_missing: int
    n_off_axis: int
    log: bool = False


def spans_decades(values: pl.Series) -> bool:
    """Whether a logarithmic axis shows more: all but 5 % of the values above 0, over two decades or more."""
    low, high = values.quantile(0.05), values.max()
    return isinstance(low, float) and isinstance(high, int | float) and 0 < 100 * low <= high


def distribution(
    frame: pl.DataFrame, column: str, groups: Groups, *, bins: int | None = None, log: bool = False
) -> Distribution:
    """Count a column's values in bins, group by group.

    Integers that span no more than 40 values get one bin a value, centred on it.

    Parameters
    ----------
    frame
        Rows to count; not changed.
    column
        A column of numbers.
    groups
        From `find_groups`, of these rows or of the whole table.
    bins
        Number of bins over the range of the finite values; None for twice the square root of their number,
        between 8 and 40, so that few images do not fall apart into bins of one.
    log
        Whether bins have one width on a logarithmic axis.
    """
    values = frame[column].cast(pl.Float64).to_numpy()
    known = ~np.isnan(values)  # a missing value arrives as NaN, and NaN is null in every table
    shown = np.isfinite(values) & (values > 0) if log else np.isfinite(values)
    whole = frame.schema[column].is_integer()
    edges = _edges(values[shown], bins or min(MOST_BINS, max(8, round(2 * shown.sum() ** 0.5))), log, whole)
    place = np.clip(np.searchsorted(edges, values[shown], side="right") - 1, 0, len(edges) - 2)
    labels = frame.with_columns(groups.label().alias(_LABEL))[_LABEL].to_numpy()[shown]
    counts = {name: np.bincount(place[labels == name], minlength=len(edges) - 1) for name in groups.names}
    return Distribution(
        column,
        edges,
        {name: count for name, count in counts.items() if count.any()},
        n=int(shown.sum()),
        n_missing=int((~known).sum()),
        n_off_axis=int((known & ~shown).sum()),
        log=log,
    )


def _edges(values: np.ndarray, bins: int, log: bool, whole: bool) -> np.ndarray:
    if not values.size:
        return np.array([1.0, 10.0]) if log else np.array([0.0, 1.0])
    low, high = float(values.min()), float(values.max())
    if log:
        return np.geomspace(low, high, bins + 1) if low < high else np.array([low / 2, low * 2])
    if whole and high - low < MOST_BINS:
        return np.arange(low, high + 2) - 0.5
    if low == high:
        margin = abs(low) / 2 or 0.5
        return np.array([low - margin, low + margin])
    return 2 * np.linspace(low / 2, high / 2, bins + 1)  # high - low may be beyond the largest double
