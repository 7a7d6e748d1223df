"""The bins of a column: fixed by the whole table, with the bin of every row looked up once."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from smalti.table.stats import spans_decades

__all__ = ["Bins", "bin_rows", "edges_of"]

FEWEST = 8


@dataclass(frozen=True, slots=True)
class Bins:
    """Bins of one column.

    Parameters
    ----------
    edges
        float64, ascending, one more than bins; the last bin includes its upper edge.
    log
        Whether the bins are of one width on a logarithmic axis.
    index
        Bin of each row, in the smallest unsigned type; n for rows without a value, n + 1 for those that the
        axis cannot show: infinite, or not above 0 on a logarithmic axis.
    """

    edges: np.ndarray
    log: bool
    index: np.ndarray

    @property
    def n(self) -> int:
        """Number of bins."""
        return len(self.edges) - 1


def bin_rows(values: pl.Series, log: bool | None, bins: int) -> Bins:
    """The bins of a column, and the bin of each row.

    Parameters
    ----------
    values
        Numbers, null where missing.
    log
        None for what shows more; see `smalti.table.stats.spans_decades`.
    bins
        The most bins there are; twice the square root of the number of values where that is less, so that
        few images do not fall apart into bins of one. Whole numbers that span no more than `bins` values
        get one bin a value, centred on it.
    """
    if log is None:
        log = spans_decades(values)
    numbers = values.cast(pl.Float64).to_numpy()
    known = ~np.isnan(numbers)  # a missing value arrives as NaN, and NaN is null in every table
    shown = np.isfinite(numbers) & (numbers > 0) if log else np.isfinite(numbers)
    found = numbers[shown]
    edges = edges_of(found, bins, log=log, whole=values.dtype.is_integer())
    n = len(edges) - 1
    kind = np.uint8 if n + 2 <= 256 else np.uint16
    index = np.full(len(numbers), n, kind)
    index[known & ~shown] = n + 1
    index[shown] = np.clip(np.searchsorted(edges, found, side="right") - 1, 0, n - 1)
    return Bins(edges, log, index)


def edges_of(values: np.ndarray, bins: int, *, log: bool, whole: bool) -> np.ndarray:
    """Edges of the bins of finite values (above 0 if `log`), float64."""
    if not values.size:
        return np.array([1.0, 10.0]) if log else np.array([0.0, 1.0])
    low, high = float(values.min()), float(values.max())
    if whole and not log and high - low < bins:
        return np.arange(low, high + 2) - 0.5
    bins = min(bins, max(FEWEST, round(2 * len(values) ** 0.5)))
    if log:
        return np.geomspace(low, high, bins + 1) if low < high else np.array([low / 2, low * 2])
    if low == high:
        margin = abs(low) / 2 or 0.5
        return np.array([low - margin, low + margin])
    return 2 * np.linspace(low / 2, high / 2, bins + 1)  # high - low may be beyond the largest double
