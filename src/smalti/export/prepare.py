"""Pixels as they will be stored: resized and cast as asked, with what the table says of them."""

import numpy as np
import xxhash

from smalti.export.asked import Wanted
from smalti.export.dtypes import cast

__all__ = ["pixel_hash", "prepared", "statistics"]


def prepared(pixels: np.ndarray, wanted: Wanted) -> np.ndarray:
    """A picture (channels, height, width) resized and cast.

    Raises
    ------
    SmaltiError
        A value is none of the type that is wanted.
    """
    if wanted.resize is not None and pixels.shape[1:] != tuple(wanted.resize):
        height, width = wanted.resize
        pixels = _resized(pixels, (height, width), wanted.order)
    if wanted.dtype and pixels.dtype != wanted.dtype:
        pixels = cast(pixels, np.dtype(wanted.dtype))
    return np.ascontiguousarray(pixels)


def _resized(pixels: np.ndarray, size: tuple[int, int], order: int) -> np.ndarray:
    """As scikit-image resizes, smoothed where it shrinks; integers are rounded, not cut off."""
    from skimage.transform import resize

    channels = [
        resize(channel, size, order=0 if pixels.dtype.kind == "b" else order, preserve_range=True)
        for channel in _floats(pixels)
    ]
    found: np.ndarray = np.stack(channels)
    if pixels.dtype.kind not in "iu":
        return found.astype(pixels.dtype, copy=False)
    ends = np.iinfo(pixels.dtype)
    rounded = np.rint(found)
    whole: np.ndarray = np.clip(rounded, ends.min, ends.max).astype(pixels.dtype)
    whole[rounded >= float(ends.max)] = ends.max  # of 64 bits, float64 has no such number
    return whole


def _floats(pixels: np.ndarray) -> np.ndarray:
    return pixels if pixels.dtype.kind == "b" else pixels.astype(np.float64)


def statistics(pixels: np.ndarray) -> dict[str, float | int | None]:
    """Least, greatest and mean of the finite values, and the number of NaN; None where there is none."""
    finite, n_nan = pixels, 0
    if pixels.dtype.kind == "f":
        fine = np.isfinite(pixels)
        if not fine.all():
            finite, n_nan = pixels[fine], int(np.isnan(pixels).sum())
    if not finite.size:
        return {"min": None, "max": None, "mean": None, "n_nan": n_nan}
    return {
        "min": float(finite.min()),
        "max": float(finite.max()),
        "mean": float(finite.mean(dtype=np.float64)),
        "n_nan": n_nan,
    }


def pixel_hash(pixels: np.ndarray) -> str:
    """32 hex digits of xxh3-128 over pixels in C order, little endian."""
    little = np.ascontiguousarray(pixels, pixels.dtype.newbyteorder("<"))
    return xxhash.xxh3_128_hexdigest(little.view(np.uint8).data)
