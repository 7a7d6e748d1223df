"""Box statistics, densities and single dots of one column, group by group."""

from dataclasses import replace

import numpy as np

from smalti.table.aggregates import BoxStats, Dots
from smalti.table.kept import Kept

__all__ = ["box_stats"]

POINTS = 128
"""Values of a density curve."""

FEWEST = 5
"""Rows from which on a density is drawn."""

MOST_DOTS = 300
"""Dots a group."""

_REACH = 1.5


def box_stats(kept: Kept, column: str, picked: np.ndarray) -> BoxStats:
    """The spread of a column over the filtered rows with a finite value.

    Quartiles are interpolated between neighbours (Hyndman & Fan 1996, type 7, as in NumPy); whiskers end at
    the last values within 1.5 interquartile ranges of the box (Tukey 1977); densities are Gaussian with
    Silverman's bandwidth (1986, eq. 3.31).
    """
    found = kept.memo.get(("boxes", column), lambda: _box_stats(kept, column))
    return replace(found, dots=replace(found.dots, selected=picked[found.dots.rows]))


def _box_stats(kept: Kept, column: str) -> BoxStats:
    rows = kept.finite_in_order(column)
    groups, values = kept.group_index[rows], kept.table.numbers(column)[rows]
    low, high = kept.table.extent(column)
    grid = np.linspace(low, high, POINTS) if low < high else np.linspace(low - 0.5, high + 0.5, POINTS)
    present = np.flatnonzero(np.bincount(groups, minlength=len(kept.groups.names)))
    parts = [np.flatnonzero(groups == group) for group in present]
    five = np.array([_five(values[part]) for part in parts]).reshape(len(parts), 5)
    dots = [part[_dots(rows[part], values[part], row)] for part, row in zip(parts, five, strict=True)]
    chosen = np.concatenate([np.zeros(0, np.int64), *dots])
    return BoxStats(
        column=column,
        names=tuple(kept.groups.names[group] for group in present),
        n=np.array([len(part) for part in parts], np.int64),
        low=five[:, 0],
        q1=five[:, 1],
        median=five[:, 2],
        q3=five[:, 3],
        high=five[:, 4],
        grid=grid,
        density=np.array([_density(values[part], grid) for part in parts]).reshape(len(parts), POINTS),
        dots=Dots(
            rows=rows[chosen],
            group=np.repeat(np.arange(len(parts), dtype=np.int16), [len(dot) for dot in dots]),
            value=values[chosen],
            selected=np.zeros(len(chosen), bool),
        ),
    )


def _five(values: np.ndarray) -> tuple[float, ...]:
    """Whisker, quartiles and whisker of ascending values."""
    q1, median, q3 = (_quantile(values, share) for share in (0.25, 0.5, 0.75))
    reach = _REACH * (q3 - q1)
    first = int(np.searchsorted(values, q1 - reach, side="left"))
    last = int(np.searchsorted(values, q3 + reach, side="right")) - 1
    return float(values[first]), q1, median, q3, float(values[last])


def _quantile(values: np.ndarray, share: float) -> float:
    """Interpolated quantile of ascending values, without sorting them again as NumPy would."""
    place = share * (len(values) - 1)
    below = int(place)
    above = min(below + 1, len(values) - 1)
    part = place - below
    return float(values[below] * (1 - part) + values[above] * part)


def _density(values: np.ndarray, grid: np.ndarray) -> np.ndarray:
    """Smoothed share of values along the grid, its maximum 1; zeros for too few or equal values."""
    n = len(values)
    if n < FEWEST or values[0] == values[-1]:
        return np.zeros(len(grid))
    quartiles = _quantile(values, 0.75) - _quantile(values, 0.25)
    spreads = [spread for spread in (float(values.std()), quartiles / 1.34) if spread > 0]
    step = grid[1] - grid[0]
    width = max(0.9 * min(spreads) * n**-0.2 / step, 0.5)  # in steps; narrower ones fall between them
    edges = np.append(grid - step / 2, grid[-1] + step / 2)
    counts = np.diff(np.searchsorted(values, edges, side="left")).astype(np.float64)
    reach = int(np.ceil(4 * width))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / width) ** 2)
    smooth = np.convolve(counts, kernel)[reach : reach + len(grid)]
    return smooth / smooth.max() if smooth.max() > 0 else smooth


def _dots(rows: np.ndarray, values: np.ndarray, five: np.ndarray) -> np.ndarray:
    """Places of the dots to draw: all of few, else outliers first, then rows by a fixed shuffle."""
    if len(rows) <= MOST_DOTS:
        return np.arange(len(rows))
    # Knuth's multiplicative hash of the row number: the same rows are drawn whatever else is filtered away.
    shuffled = (rows.astype(np.uint64) * np.uint64(2654435761)) & np.uint64(0xFFFFFFFF)
    inside = (values >= five[0]) & (values <= five[4])
    first = shuffled + (inside.astype(np.uint64) << np.uint64(32))
    return np.sort(np.argpartition(first, MOST_DOTS)[:MOST_DOTS])
