"""Rows counted by bin or by value: all, filtered, selected."""

import numpy as np

from smalti.table.aggregates import Categories, Counts
from smalti.table.kept import Kept

__all__ = ["categories", "counts"]


def counts(
    kept: Kept, state: np.ndarray, column: str, *, log: bool | None, by_group: bool, bins: int
) -> Counts:
    """Rows by bins of a column; `state` is 0, 1 or 2 for rows filtered away, filtered, selected."""
    found = kept.table.bins(column, log, bins)
    n = found.n
    away, filtered, selected = _by_state(found.index, n + 2, state)
    groups = _by_group(kept, found.index, n) if by_group else {}
    kept_rows = filtered + selected
    return Counts(
        column,
        found.edges,
        found.log,
        (away + kept_rows)[:n],
        kept_rows[:n],
        selected[:n],
        groups,
        int(kept_rows[n]),
        int(kept_rows[n + 1]),
    )


def categories(kept: Kept, state: np.ndarray, column: str, most: int) -> Categories:
    """Rows by value of a column."""
    groups, index = kept.table.groups(column, most)
    away, filtered, selected = _by_state(index, len(groups.names), state)
    kept_rows = filtered + selected
    return Categories(column, groups.names, away + kept_rows, kept_rows, selected)


def _by_state(index: np.ndarray, n: int, state: np.ndarray) -> np.ndarray:
    """Rows of each state by index, int64, (3, n)."""
    return np.bincount(index + np.uint16(n) * state, minlength=3 * n).reshape(3, n)


def _by_group(kept: Kept, index: np.ndarray, n: int) -> dict[str, np.ndarray]:
    """Filtered rows of each group by bin; groups without any are left out."""
    names = kept.groups.names
    place = index[kept.rows] + (n + 2) * kept.group_index[kept.rows].astype(np.int32)
    found = np.bincount(place, minlength=len(names) * (n + 2)).reshape(len(names), n + 2)[:, :n]
    return {name: row for name, row in zip(names, found, strict=True) if row.any()}
