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
    if wanted.dtype and np.dtype(wanted.dtype).kind == "f":  # before resizing, which rounds integers
        pixels = cast(pixels, np.dtype(wanted.dtype))
    if wanted.resize is not None and pixels.shape[1:] != tuple(wanted.resize):
        height, width = wanted.resize
        pixels = _resized(pixels, (height, width), wanted.order)
    if wanted.dtype and pixels.dtype != wanted.dtype:
        pixels = cast(pixels, np.dtype(wanted.dtype))
    return np.ascontiguousarray(pixels)


def _resized(pixels: np.ndarray, size: tuple[int, int], order: int) -> np.ndarray:
    """As scikit-image resizes, smoothed where it shrinks; integers are rounded, not cut off.

    Order 0, and booleans, take the nearest pixel as it is: no value is there that was not before.
    """
    if order == 0 or pixels.dtype.kind == "b":
        rows, columns = (_nearest(*lengths) for lengths in zip(pixels.shape[1:], size, strict=True))
        return pixels[:, rows[:, np.newaxis], columns]
    from skimage.transform import resize

    values = pixels.astype(np.float64)
    found: np.ndarray = np.stack(
        [resize(channel, size, order=order, preserve_range=True) for channel in values]
    )
    if pixels.dtype.kind == "f":
        return found.astype(pixels.dtype, copy=False)
    ends = np.iinfo(pixels.dtype)
    rounded = np.rint(found)
    with np.errstate(invalid="ignore"):  # of 64 bits, float64 has no such number as the largest
        whole: np.ndarray = np.clip(rounded, ends.min, ends.max).astype(pixels.dtype)
    whole[rounded >= float(ends.max)] = ends.max
    return whole


def _nearest(length: int, wanted: int) -> np.ndarray:
    """Which pixel lies below the middle of each new one."""
    return (2 * np.arange(wanted) + 1) * length // (2 * wanted)


def statistics(pixels: np.ndarray) -> dict[str, float | int | None]:
    """Least, greatest and mean of the finite values, and the number of NaN; None where there is none."""
    finite, n_nan = pixels, 0
    if pixels.dtype.kind == "f":
        fine = np.isfinite(pixels)
        if not fine.all():
            finite, n_nan = pixels[fine], int(np.isnan(pixels).sum())
    if not finite.size:
        return {"min": None, "max": None, "mean": None, "n_nan": n_nan}
    return {"min": float(finite.min()), "max": float(finite.max()), "mean": _mean(finite), "n_nan": n_nan}


def _mean(values: np.ndarray) -> float:
    """The mean of finite values; exact sums of short unsigned integers take a third of the time."""
    if values.dtype in ("u1", "u2") and values.shape[-1] <= 1 << 16:
        return int(values.sum(axis=-1, dtype=np.uint32).sum(dtype=np.uint64)) / values.size
    with np.errstate(over="ignore"):
        mean = float(values.mean(dtype=np.float64))
        if not np.isfinite(mean):  # the sum was beyond float64, the mean is not
            mean = float((values.astype(np.float64) / values.size).sum())
    return mean


def pixel_hash(pixels: np.ndarray) -> str:
    """32 hex digits of xxh3-128 over pixels in C order, little endian."""
    little = np.ascontiguousarray(pixels, pixels.dtype.newbyteorder("<"))
    return xxhash.xxh3_128_hexdigest(little.view(np.uint8).data)
