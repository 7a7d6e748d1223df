"""A coarser image by a Gaussian around the centre of each coarse pixel."""

from math import ceil, log, sqrt

import numpy as np

__all__ = ["gaussian", "reach"]

Factors = tuple[int, int, int]

PIECE = 1 << 18
"""Pixels taken at a time, whose sums of 64 bits stay in the processor's cache."""


def sigma(factor: int) -> float:
    """Width of the Gaussian in pixels: that of ITK's pyramids, half of whose height is where blocks meet."""
    return sqrt((factor**2 - 1) / (8 * log(2)))


def reach(factor: int) -> int:
    """Pixels on each side of a block that count: all within three times the width of the Gaussian."""
    return max(0, ceil(3 * sigma(factor) - (factor - 1) / 2))


def gaussian(pixels: np.ndarray, factors: Factors, before: Factors, after: Factors) -> np.ndarray:
    """Weighted means around the centres of blocks, over the pixels that there are and are not NaN.

    Integers are rounded, halves to even. Sums are float64, which holds integers below 2**53.

    Parameters
    ----------
    pixels
        (N, Z, Y, X).
    factors
        Pixels of a block along z, y, x.
    before, after
        Pixels at both ends of z, y, x that belong to neighbours; fewer than `reach` only at an image's end.
    """
    factor, far = factors[1], reach(factors[1])
    end = pixels.shape[2] - after[1]
    n_rows = -(-(end - before[1]) // factor)
    step = max(1, PIECE // max(1, pixels[:, :, 0].size * factor))
    made = []
    for row in range(0, n_rows, step):
        first = before[1] + row * factor
        stop = min(first + step * factor, end)
        low, high = max(0, first - far), min(stop + far, pixels.shape[2])
        ends = (before[0], first - low, before[2]), (after[0], high - stop, after[2])
        made.append(_piece(pixels[:, :, low:high], factors, *ends))
    return np.concatenate(made, axis=2)


def _piece(pixels: np.ndarray, factors: Factors, before: Factors, after: Factors) -> np.ndarray:
    real = pixels.dtype.kind == "f"
    values = pixels.astype(np.float64)
    known = ~np.isnan(values) if real else np.ones((1, *pixels.shape[1:]))
    values = np.where(known, values, 0) if real else values
    known = known.astype(np.float64)
    for axis, factor in enumerate(factors):
        ends = before[axis], after[axis]
        values = _along(values, 1 + axis, factor, *ends)
        known = _along(known, 1 + axis, factor, *ends)
    with np.errstate(invalid="ignore", over="ignore"):
        values /= known  # 0 by 0 where all are NaN
        return values.astype(pixels.dtype) if real else _whole(values, pixels.dtype)


def _whole(values: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """Rounded; the largest integer of 64 bits is none of float64, which would become one too large."""
    if dtype.itemsize == 8:
        info = np.iinfo(dtype)
        values = np.clip(values, float(info.min), np.nextafter(float(info.max), 0))
    made: np.ndarray = np.rint(values).astype(dtype)
    return made


def _along(values: np.ndarray, axis: int, factor: int, before: int, after: int) -> np.ndarray:
    if factor == 1:
        return values
    far = reach(factor)
    n = -(-(values.shape[axis] - before - after) // factor)
    needed = n * factor + 2 * far
    front = far - before
    pad = [(0, 0)] * values.ndim
    pad[axis] = front, max(0, needed - front - values.shape[axis])
    moved = np.moveaxis(np.pad(values, pad), axis, 0)
    made = np.zeros((n, *moved.shape[1:]))
    for k in range(factor + 2 * far):
        distance = k - far - (factor - 1) / 2
        made += np.exp(-0.5 * (distance / sigma(factor)) ** 2) * moved[k : k + n * factor : factor][:n]
    return np.moveaxis(made, 0, axis)
