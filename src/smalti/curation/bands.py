"""An image or volume part by part: for its window, and for grey pixels of it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from smalti.curation.grey import Window, grey
from smalti.curation.planes import Picked

__all__ = ["BAND_BYTES", "Oddities", "bands", "significant_bits"]

BAND_BYTES = 8 << 20


def bands(one: Picked, times: range = range(1)) -> Iterator[np.ndarray]:
    """Pixels (slices, rows, columns) in order: rows of a slice that are stored together, as many as fit.

    A slice that is decoded as a whole comes as a whole.
    """
    n, height, width = one.shape
    image = one.image
    block = dict(zip(image.axes, image.block_shape or image.shape, strict=True))
    stored = min(height, block["Y"])
    fitting = max(1, BAND_BYTES // max(1, width * one.item))
    rows = max(stored, fitting // stored * stored)
    for time in times:
        for number in range(n):
            for top in range(0, height, rows):
                part = slice(number, number + 1), slice(top, min(top + rows, height)), slice(0, width)
                yield one.read(*part, time)


def significant_bits(one: Picked) -> int | None:
    """Bits that are used, as the file states them."""
    bits = one.image.metadata.get("significant_bits")
    return bits if isinstance(bits, int) else None


@dataclass(slots=True)
class Oddities:
    """What was seen in pixels that no grey can show."""

    nan: int = 0
    infinite: int = 0

    def seen(self, pixels: np.ndarray) -> np.ndarray:
        """Count in pixels on their way."""
        if pixels.dtype.kind == "f" and not np.isfinite(pixels).all():
            nan = int(np.isnan(pixels).sum())
            self.nan += nan
            self.infinite += int((~np.isfinite(pixels)).sum()) - nan
        return pixels

    def notes(self, window: Window) -> list[str]:
        """Sentences on what was seen."""
        found = []
        if self.nan:
            found.append(f"{self.nan:,} NaN became 0")
        if self.infinite:
            found.append(f"{self.infinite:,} infinite pixels became 0 or 255")
        if window.low == window.high:
            found.append(f"all its pixels are {window.low:g}; they became 0")
        return found

    def greyed(self, window: Window) -> Callable[[np.ndarray], np.ndarray]:
        """Makes pixels grey and counts in them."""
        return lambda pixels: grey(self.seen(pixels), window)
