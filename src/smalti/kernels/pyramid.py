"""A coarser image: one value for each block of pixels, by one of six methods, the same however it is cut."""

from collections.abc import Callable, Mapping
from math import prod

import numpy as np

from smalti.kernels.blocks import fill_max, fill_means, fill_middles, fill_modes, fill_real_means
from smalti.kernels.gaussian import gaussian, reach

__all__ = ["METHODS", "REACHING", "coarse_shape", "coarser", "reach"]

Factors = tuple[int, int, int]
"""Pixels of a block along z, y, x."""

REACHING = ("gaussian",)
"""Methods whose values depend on pixels beyond their block; see `reach`."""


def coarse_shape(shape: tuple[int, ...], factors: tuple[int, ...]) -> tuple[int, ...]:
    """Blocks along each axis; nothing is dropped, the last may be smaller."""
    return tuple(-(-length // factor) for length, factor in zip(shape, factors, strict=True))


def coarser(
    method: str, pixels: np.ndarray, factors: Factors, before: Factors = (0, 0, 0), after: Factors = (0, 0, 0)
) -> np.ndarray:
    """Blocks of pixels (N, Z, Y, X) as one value each, of the same type.

    Parameters
    ----------
    method
        One of `METHODS`.
    pixels
        bool, integers or floats of at most 64 bits.
    factors
        Pixels of a block along z, y, x.
    before, after
        Pixels at both ends of z, y, x that belong to neighbours: `reach` of them, or as many as there are;
        only of methods that are `REACHING`.
    """
    if method in REACHING:
        return gaussian(pixels, factors, before, after)
    if max(factors) == 1:
        return pixels
    plain = np.ascontiguousarray(_computed(pixels))
    made = METHODS[method](plain, factors)
    with np.errstate(over="ignore"):  # of float16, whose mean is rounded once
        return made.astype(pixels.dtype, copy=False)


def _computed(pixels: np.ndarray) -> np.ndarray:
    """Pixels of a type that the loops know: they have neither truth values nor short floats."""
    if pixels.dtype == np.bool_:
        return pixels.view(np.uint8)
    return pixels.astype(np.float64) if pixels.dtype == np.float16 else pixels


def _mean(pixels: np.ndarray, factors: Factors) -> np.ndarray:
    """Means: of integers exact, halves to even; of floats those that are not NaN, summed in float64."""
    width, dtype = pixels.shape[-1], pixels.dtype
    out = _room(pixels, factors)
    if dtype.kind == "f":
        fill_real_means(pixels, factors, np.empty(width), np.empty(width, np.int64), out)
    elif dtype.itemsize == 8:
        return _long_mean(pixels, factors)
    else:
        narrow = dtype.itemsize <= 2 and prod(factors) <= 1 << 15
        kind = (np.int32 if dtype.kind == "i" else np.uint32) if narrow else np.int64
        fill_means(pixels, factors, np.empty(width, kind), out)
    return out


def _long_mean(pixels: np.ndarray, factors: Factors) -> np.ndarray:
    """Means of 64-bit integers, whose sums no type holds: both halves of their bits are summed apart."""
    high, low = _sums(pixels >> 32, factors), _sums(pixels & 0xFFFFFFFF, factors)
    counts = _sums(np.ones((1, *pixels.shape[1:]), np.int64), factors)
    whole, rest = np.divmod(high.view(np.int64), counts)
    more, rest = np.divmod((rest << 32) + low.view(np.int64), counts)
    up = (2 * rest > counts) | ((2 * rest == counts) & (more & 1 == 1))
    made: np.ndarray = (whole << 32).view(pixels.dtype) + (more + up).astype(pixels.dtype)
    return made


def _sums(pixels: np.ndarray, factors: Factors) -> np.ndarray:
    for axis, factor in enumerate(factors, start=1):
        pixels = np.add.reduceat(pixels, np.arange(0, pixels.shape[axis], factor), axis=axis)
    return pixels


def _max(pixels: np.ndarray, factors: Factors) -> np.ndarray:
    """Largest values, NaN only where all are."""
    out = _room(pixels, factors)
    fill_max(pixels, factors, np.empty(pixels.shape[-1], pixels.dtype), out)
    return out


def _mode(pixels: np.ndarray, factors: Factors) -> np.ndarray:
    """Most frequent values, of several the smallest; never a label that was not there."""
    out = _room(pixels, factors)
    fill_modes(pixels, factors, np.empty(prod(factors), pixels.dtype), out)
    return out


def _median(pixels: np.ndarray, factors: Factors) -> np.ndarray:
    """Medians; between two integers half way, halves to even."""
    low, high = _room(pixels, factors), _room(pixels, factors)
    fill_middles(pixels, factors, np.empty(prod(factors), pixels.dtype), low, high)
    if pixels.dtype.kind == "f":
        with np.errstate(over="ignore", invalid="ignore"):
            middle: np.ndarray = (low.astype(np.float64) + high) / 2
        return middle
    odd = low ^ high
    floor = (low & high) + (odd >> 1)
    made: np.ndarray = floor + (odd & floor & 1)
    return made


def _nearest(pixels: np.ndarray, factors: Factors) -> np.ndarray:
    """The pixel in the middle of each block, of an even number the one before it."""
    for axis, factor in enumerate(factors, start=1):
        starts = np.arange(0, pixels.shape[axis], factor)
        lengths = np.minimum(factor, pixels.shape[axis] - starts)
        pixels = pixels.take(starts + (lengths - 1) // 2, axis=axis)
    return pixels


def _room(pixels: np.ndarray, factors: Factors) -> np.ndarray:
    return np.empty(coarse_shape(pixels.shape, (1, *factors)), pixels.dtype)


METHODS: Mapping[str, Callable[[np.ndarray, Factors], np.ndarray]] = {
    "mean": _mean,
    "max": _max,
    "median": _median,
    "mode": _mode,
    "nearest": _nearest,
}
