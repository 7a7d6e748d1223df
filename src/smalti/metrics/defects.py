"""Faults of detectors and borders without a picture."""

import numpy as np

from smalti.core.columns import Column
from smalti.core.plugin import metric
from smalti.kernels.accumulators import Moments, Profiles, Stencil

__all__ = ["black_border", "dead_lines", "hot_pixels"]

STANDS_OUT = 6
"""Steps between ordinary neighbouring lines (their median) by which a dead line differs from the next."""

LEAST = 0.01
"""Share of the range of the plane by which it differs at least."""


@metric(
    Column("dead_rows", "Int64", "", "Rows of one value that stand out from their neighbours.", "max"),
    Column("dead_columns", "Int64", "", "Columns of one value that stand out from their neighbours.", "max"),
)
def dead_lines(moments: Moments, profiles: Profiles) -> tuple[int | None, int | None]:
    """How many lines are stuck: without any variation, at a level that the picture has not there.

    A line counts when all its pixels are equal and its mean is farther from that of the nearest lines with
    variation, on both sides, than six times the median step between neighbouring lines and a hundredth of the
    range of the plane (own definition).
    Lines of the minimum along an edge are a border, see `black_border`. Null when no line varies.
    """
    return (
        _dead(profiles.row_mean, profiles.row_constant, moments),
        _dead(profiles.column_mean, profiles.column_constant, moments),
    )


@metric(
    Column("black_border", "Float32", "share", "Share of the plane in empty lines along its edges."),
)
def black_border(moments: Moments, profiles: Profiles) -> float | None:
    """How much of the plane is a border of its darkest value, as registration and padding leave it.

    Area of the whole rows and columns at the four edges that hold nothing but the minimum of the plane, over
    the area of the plane. Null for planes of one value.
    """
    if not moments.min < moments.max:
        return None
    top, bottom = _border(profiles.row_mean, profiles.row_constant, moments)
    left, right = _border(profiles.column_mean, profiles.column_constant, moments)
    height, width = profiles.row_mean.size, profiles.column_mean.size
    return 1 - (height - top - bottom) * (width - left - right) / (height * width)


@metric(
    Column("hot_pixels", "Int64", "", "Pixels that stand alone far above their eight neighbours.", "max"),
)
def hot_pixels(stencil: Stencil) -> int | None:
    """How many pixels stand out alone, as hot pixels, cosmic rays and salt noise do.

    A pixel counts when it exceeds the mean of its 3×3 window by 2.75 of the window's standard deviations, of
    √8 that are possible, and by 8 grey levels (of floats, 8/255 of the range): it is then 12 or more standard
    deviations of its neighbours above them (an outlier test as by Grubbs 1950, Ann. Math. Stat. 21, 27).
    Points of light that optics spread over several pixels do not count, stars sharper than a pixel do. Noise
    alone gives 6 in a million. The outermost pixels are not judged. Null without a window.
    """
    return int(stencil.n_hot) if stencil.n_windows else None


def _dead(mean: np.ndarray, constant: np.ndarray, moments: Moments) -> int | None:
    if not constant.any():
        return 0 if np.isfinite(mean).any() else None
    first, last = _border(mean, constant, moments)
    mean, constant = mean[first : mean.size - last], constant[first : mean.size - last]
    alive = np.flatnonzero(~constant & np.isfinite(mean))
    if not alive.size:
        return None
    dead = np.flatnonzero(constant)
    if not dead.size:
        return 0
    steps = np.abs(np.diff(mean[alive]))[np.diff(alive) == 1]
    least = LEAST * (moments.max - moments.min)
    if steps.size:
        least = max(least, STANDS_OUT * float(np.median(steps)))
    after = np.searchsorted(alive, dead)
    above = np.abs(mean[dead] - mean[alive[np.maximum(after - 1, 0)]])
    below = np.abs(mean[dead] - mean[alive[np.minimum(after, alive.size - 1)]])
    return int(np.count_nonzero(np.minimum(above, below) > least))


def _border(mean: np.ndarray, constant: np.ndarray, moments: Moments) -> tuple[int, int]:
    """Number of constant lines of the minimum from the start on and to the end; (0, 0) where all are such."""
    if not (constant[0] or constant[-1]):
        return 0, 0
    with np.errstate(over="ignore"):  # means are rounded: the minimum is met to some digits
        close = 1e-9 * (moments.max - moments.min)
    empty = constant & (np.abs(mean - moments.min) <= close)
    others = np.flatnonzero(~empty)
    return (int(others[0]), int(empty.size - 1 - others[-1])) if others.size else (0, 0)
