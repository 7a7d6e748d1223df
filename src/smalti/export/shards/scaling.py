"""Pixels of any type as 8 bits between two limits."""

from functools import lru_cache
from math import isfinite

import numpy as np

__all__ = ["to_uint8"]


def to_uint8(pixels: np.ndarray, limits: tuple[float, float] | None) -> np.ndarray:
    """`low` and what is below become 0, `high` and what is above 255, NaN 0, the rest in between, rounded.

    All is 0 where the limits are equal, as of a constant image, or where there are none.
    """
    if limits is None or not limits[0] < limits[1]:
        return np.zeros(pixels.shape, np.uint8)
    pixels = pixels.astype(pixels.dtype.newbyteorder("="), copy=False)
    if pixels.dtype.kind in "iu" and pixels.dtype.itemsize <= 2:
        unsigned = pixels.view(f"u{pixels.dtype.itemsize}")
        return np.take(_table(pixels.dtype.str, *limits), unsigned)  # four times faster than to calculate
    return _scaled(pixels, *limits)


def _scaled(pixels: np.ndarray, low: float, high: float) -> np.ndarray:
    values = pixels.astype(np.float64)
    with np.errstate(invalid="ignore", over="ignore"):
        if not isfinite(high - low):  # of floats near the ends of their range
            values, low, high = values / 2, low / 2, high / 2
        values = (np.clip(values, low, high) - low) * (255 / (high - low))
    return np.rint(np.nan_to_num(values, nan=0.0)).astype(np.uint8)


@lru_cache(maxsize=64)
def _table(dtype: str, low: float, high: float) -> np.ndarray:
    """What each value becomes, by its bits."""
    bits = np.arange(1 << (8 * np.dtype(dtype).itemsize)).astype(f"u{np.dtype(dtype).itemsize}")
    return _scaled(bits.view(dtype), low, high)
