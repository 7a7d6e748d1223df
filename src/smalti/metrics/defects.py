"""Faults of detectors and borders without a picture."""

import numpy as np

from smalti.core.columns import Column
from smalti.core.plugin import metric
from smalti.kernels.accumulators import Moments, Profiles, Stencil
from smalti.metrics._rows import medians

__all__ = ["black_border", "dead_lines", "hot_pixels"]

STANDS_OUT = 6
"""Steps between ordinary neighbouring lines (their median) by which a dead line differs from the next."""

LEAST = 0.01
"""Share of the range of the plane by which it differs at least."""


@metric(
    Column("dead_rows", "Int64", "", "Rows of one value that stand out from their neighbours.", "max"),
    Column("dead_columns", "Int64", "", "Columns of one value that stand out from their neighbours.", "max"),
    many=True,
)
def dead_lines(moments: Moments[np.ndarray], profiles: Profiles[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
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
    many=True,
)
def black_border(moments: Moments[np.ndarray], profiles: Profiles[np.ndarray]) -> np.ndarray:
    """How much of the plane is a border of its darkest value, as registration and padding leave it.

    Area of the whole rows and columns at the four edges that hold nothing but the minimum of the plane, over
    the area of the plane. Null for planes of one value.
    """
    top, bottom = _border(profiles.row_mean, profiles.row_constant, moments)
    left, right = _border(profiles.column_mean, profiles.column_constant, moments)
    height, width = profiles.row_mean.shape[1], profiles.column_mean.shape[1]
    share = 1 - (height - top - bottom) * (width - left - right) / (height * width)
    return np.where(moments.min < moments.max, share, np.nan)


@metric(
    Column("hot_pixels", "Int64", "", "Pixels that stand alone far above their eight neighbours.", "max"),
    many=True,
)
def hot_pixels(stencil: Stencil[np.ndarray]) -> np.ndarray:
    """How many pixels stand out alone, as hot pixels, cosmic rays and salt noise do.

    A pixel counts when it exceeds the mean of its 3×3 window by 2.75 of the window's standard deviations, of
    √8 that are possible, and by 8 grey levels (of floats, 8/255 of the range): it is then 12 or more standard
    deviations of its neighbours above them (an outlier test as by Grubbs 1950, Ann. Math. Stat. 21, 27).
    Points of light that optics spread over several pixels do not count, stars sharper than a pixel do. Noise
    alone gives 6 in a million. The outermost pixels are not judged. Null without a window.
    """
    return np.where(stencil.n_windows > 0, stencil.n_hot, np.nan)


def _dead(mean: np.ndarray, constant: np.ndarray, moments: Moments[np.ndarray]) -> np.ndarray:
    alive = ~constant & np.isfinite(mean)
    found = np.where(alive.any(axis=1), 0.0, np.nan)
    if not constant.any():
        return found
    first, last = _border(mean, constant, moments)
    at = np.arange(mean.shape[1])
    dead = constant & (at >= first[:, None]) & (at < at.size - last[:, None])
    some = dead.any(axis=1) & alive.any(axis=1)
    if some.any():
        least = LEAST * (moments.max - moments.min)
        found[some] = _standing_out(mean[some], alive[some], dead[some], least[some])
    return found


def _standing_out(mean: np.ndarray, alive: np.ndarray, dead: np.ndarray, least: np.ndarray) -> np.ndarray:
    """How many of the lines `dead` stand out from those that are `alive`, of which each plane has one."""
    both = alive[:, 1:] & alive[:, :-1]
    step = medians(np.where(both, np.abs(np.diff(mean, axis=1)), np.nan), both.sum(axis=1))
    least = np.fmax(least, STANDS_OUT * step)  # NaN: no two neighbours are alive
    size = mean.shape[1]
    at = np.arange(size)
    before = np.maximum.accumulate(np.where(alive, at, -1), axis=1)
    after = np.minimum.accumulate(np.where(alive, at, size)[:, ::-1], axis=1)[:, ::-1]
    above = np.abs(mean - np.take_along_axis(mean, np.where(before < 0, after, before), axis=1))
    below = np.abs(mean - np.take_along_axis(mean, np.where(after == size, before, after), axis=1))
    found: np.ndarray = (dead & (np.minimum(above, below) > least[:, None])).sum(axis=1)
    return found


def _border(
    mean: np.ndarray, constant: np.ndarray, moments: Moments[np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Number of constant lines of the minimum from the start on and to the end; 0 where all are such."""
    if not mean.size:  # nothing has no first line
        return (np.zeros(len(mean), np.int64),) * 2
    close = 1e-9 * (moments.max - moments.min)  # means are rounded: the minimum is met to some digits
    others = ~(constant & (np.abs(mean - moments.min[:, None]) <= close[:, None]))
    return others.argmax(axis=1), others[:, ::-1].argmax(axis=1)
