"""Intensities to grey: the window of a source, and pixels in it as unsigned bytes."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from smalti.core.errors import SmaltiError
from smalti.core.image import Image

__all__ = ["PERCENTILES", "Intensity", "Window", "grey", "luma", "window_of"]

Intensity = Literal["range", "data", "percentile"]
"""All that the type can hold, as far as that means something; from the least to the greatest pixel; or
between two percentiles."""

PERCENTILES = (0.1, 99.9)

_BITS = (8, 10, 12, 14)
"""Depths of cameras whose pixels are stored in 16 bits."""

_PIECE = 1 << 20
_DIGIT = 16
"""Bits of a pixel that are counted at a time."""

_LUMA = (0.299, 0.587, 0.114)

Blocks = Callable[[], Iterable[np.ndarray]]
"""Gives the pixels of a source, block by block, as often as it is called."""


@dataclass(frozen=True, slots=True)
class Window:
    """Intensities that become 0 and 255."""

    low: float
    high: float


def window_of(
    dtype: np.dtype,
    blocks: Blocks,
    intensity: Intensity = "range",
    percentiles: tuple[float, float] = PERCENTILES,
    bits: int | None = None,
) -> Window:
    """The window of a source.

    ``range`` is 0 to 255 of unsigned bytes, -128 to 127 of signed ones, and reads nothing then. Of 16 bits
    without a negative pixel it is what the file states, or the least of 8, 10, 12, 14 and all bits that hold
    the greatest pixel. Of other types, which no detector fills, it is what the pixels hold.

    Parameters
    ----------
    dtype
        Of the pixels.
    blocks
        The pixels; NaN and infinite ones do not count.
    intensity, percentiles
        See `Intensity`. Percentiles are pixels, the least that so many are not above; where both are one,
        the least and the greatest pixel count.
    bits
        Bits that are used, as the file states them.

    Raises
    ------
    SmaltiError
        No pixel is finite.
    """
    if dtype == np.bool_:
        return Window(0, 1)
    if intensity == "range" and dtype.kind in "iu" and dtype.itemsize == 1:
        return Window(float(np.iinfo(dtype).min), float(np.iinfo(dtype).max))
    is_deep = intensity == "range" and dtype.kind in "iu" and dtype.itemsize == 2
    if is_deep and dtype.kind == "u" and bits and 8 <= bits <= 16:
        return Window(0, 2**bits - 1)
    low, high = _ends(blocks())
    if is_deep and low >= 0:
        return Window(0, next((2**n - 1 for n in _BITS if high < 2**n), float(np.iinfo(dtype).max)))
    if intensity != "percentile":
        return Window(low, high)
    return _between(dtype, blocks, low, high, percentiles)


def grey(pixels: np.ndarray, window: Window) -> np.ndarray:
    """Pixels of any real type as uint8; below the window, and NaN, become 0, above it 255."""
    if pixels.dtype == np.uint8 and (window.low, window.high) == (0, 255):
        return pixels
    span = window.high - window.low
    scale = 255 / span if span > 0 else 0.0
    exact = np.float64 if pixels.dtype.itemsize > 2 and pixels.dtype != np.float32 else np.float32
    made: np.ndarray = pixels.astype(exact)
    np.subtract(made, exact(window.low), out=made)
    np.multiply(made, exact(scale), out=made)
    np.nan_to_num(made, copy=False, nan=0.0, posinf=255.0, neginf=0.0)
    return np.clip(np.rint(made, out=made), 0, 255, out=made).astype(np.uint8)


def luma(pixels: np.ndarray, image: Image) -> np.ndarray:
    """Pixels (…, samples) of an image with colours as one grey; others as they are.

    Weights of ITU-R BT.601 of red, green and blue; alpha is left out, and the first of two samples is grey.
    Inks of print become colours first.
    Whole numbers stay whole.
    """
    if "S" not in image.axes:
        return pixels
    n = pixels.shape[-1]
    if n < 3:
        return pixels[..., 0]
    if image.samples == "CMYK" and pixels.dtype.kind == "u":  # inks on white paper
        full = np.iinfo(pixels.dtype).max
        paper = (full - pixels).astype(np.float32)
        pixels = np.rint(paper[..., :3] * paper[..., 3:] / full).astype(pixels.dtype)
    mixed = sum(weight * pixels[..., i].astype(np.float32) for i, weight in enumerate(_LUMA))
    made = np.asarray(mixed)
    return np.rint(made).astype(pixels.dtype) if pixels.dtype.kind in "iu" else made.astype(pixels.dtype)


def _ends(blocks: Iterable[np.ndarray]) -> tuple[float, float]:
    low, high = np.inf, -np.inf
    for block in _finite(blocks):
        low, high = min(low, float(block.min())), max(high, float(block.max()))
    if low > high:
        raise SmaltiError("no pixel of it is finite; there is nothing to show")
    return low, high


def _between(
    dtype: np.dtype, blocks: Blocks, low: float, high: float, percentiles: tuple[float, float]
) -> Window:
    """The window between two percentiles, which are pixels; exact however far single pixels lie away.

    Sixteen bits of the ordered patterns of the pixels are counted at a time, the highest first: bytes and 16
    bits are read once for that, 32 twice, 64 four times.
    """
    known, left = [0, 0], [0, 0]
    n_bits = 8 * dtype.itemsize
    for done in range(0, n_bits, _DIGIT):
        digit = min(_DIGIT, n_bits)
        shift = np.uint64(n_bits - done - digit)
        counts = np.zeros((2, 1 << digit), np.int64)
        for part in _in_pieces(_finite(blocks())):
            keys = _ordered(part)
            for i in range(2):
                those = keys[keys >> (shift + np.uint64(digit)) == known[i]] if done else keys
                digits = (those >> shift & np.uint64((1 << digit) - 1)).astype(np.int64)
                counts[i] += np.bincount(digits, minlength=1 << digit)
        for i in range(2):
            if not done:
                total = int(counts[i].sum())
                left[i] = min(max(1, -int(-percentiles[i] / 100 * total // 1)), total)
            sums = np.cumsum(counts[i])
            found = int(np.searchsorted(sums, left[i]))
            left[i] -= int(sums[found - 1]) if found else 0
            known[i] = known[i] << digit | found
    first, last = (_pixel(key, dtype) for key in known)
    return Window(first, last) if first < last else Window(low, high)  # nearly all pixels are of one value


def _in_pieces(blocks: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
    """A million pixels at a time: counting them takes eight bytes and more for each."""
    for block in blocks:
        flat = block.reshape(-1)
        for start in range(0, flat.size, _PIECE):
            yield flat[start : start + _PIECE]


def _ordered(pixels: np.ndarray) -> np.ndarray:
    """Whole numbers from 0, uint64, in the order of the pixels."""
    top = np.uint64(1 << (8 * pixels.dtype.itemsize - 1))
    bits = np.ascontiguousarray(pixels).view(f"u{pixels.dtype.itemsize}").astype(np.uint64)
    if pixels.dtype.kind == "u":
        return bits
    if pixels.dtype.kind == "i":
        return bits ^ top
    return np.where(bits & top, ~bits & (top | (top - np.uint64(1))), bits | top)


def _pixel(key: int, dtype: np.dtype) -> float:
    """The pixel of a number that `_ordered` gave."""
    top = 1 << (8 * dtype.itemsize - 1)
    if dtype.kind == "i":
        key ^= top
    elif dtype.kind == "f":
        key = key ^ top if key & top else ~key & (2 * top - 1)
    return float(np.array(key, f"u{dtype.itemsize}").view(dtype)[()])


def _finite(blocks: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
    for block in blocks:
        kept = block[np.isfinite(block)] if block.dtype.kind == "f" else block
        if kept.size:
            yield kept
