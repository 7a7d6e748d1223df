"""First pass over a plane: its range, and from that the numbers the second pass works with.

Integers that span less than 65,536 become *codes*, 8- or 16-bit offsets that are counted and summed
exactly. All other pixels become float64 distances from a value near their mean, so that squares keep their
digits on any offset.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from smalti.kernels.layout import Layout, native

__all__ = ["Encoding"]

NARROW = 65_536


@dataclass(frozen=True, slots=True)
class Encoding:
    """What the first pass found and how the second pass writes pixels.

    Parameters
    ----------
    exact
        True for codes, False for float64 distances.
    zero
        The value that code or distance 0 stands for: a whole number when exact.
    low, high
        Least and greatest finite value that may occur; NaN when none is finite.
    n_finite, n_nan, n_inf, n_zero
        Numbers of colour samples; `n_zero` only when not exact.
    """

    exact: bool
    zero: float
    low: float
    high: float
    n_finite: int
    n_nan: int = 0
    n_inf: int = 0
    n_zero: int = 0

    @classmethod
    def of(cls, layout: Layout, strips: Iterable[np.ndarray]) -> "Encoding":
        """Read strips of rows once, unless the stored type has 8 bits and says enough."""
        kind, bits = layout.dtype.kind, layout.dtype.itemsize * 8
        if kind == "b" or (kind == "u" and bits == 8):
            return cls(True, 0, 0, 255, layout.n_samples)
        colours = (native(layout.colours(rows)) for rows in strips)
        return _of_integers(layout, colours) if kind in "iu" else _of_floats(colours)

    @property
    def first(self) -> float:
        """Least code or distance that may occur."""
        return self.low - self.zero

    @property
    def last(self) -> float:
        """Greatest code or distance that may occur."""
        return self.high - self.zero

    @property
    def all_finite(self) -> bool:
        """Whether every colour sample is finite."""
        return not (self.n_nan or self.n_inf)

    def encode(self, rows: np.ndarray) -> np.ndarray:
        """Codes (uint8 or uint16) or distances (float64) of native colour samples, same shape."""
        if not self.exact:
            away: np.ndarray = rows.astype(np.float64)
            away -= self.zero
            return away
        if rows.dtype.itemsize > 2:
            narrow: np.ndarray = rows - rows.dtype.type(self.zero)
            return narrow.astype(np.uint16)
        codes: np.ndarray = rows.view(f"u{rows.dtype.itemsize}")
        if self.zero:
            # Two's complement: an unsigned difference is right even where the signed one would wrap.
            codes = codes - codes.dtype.type(self.zero % 256**codes.dtype.itemsize)
        return codes


def _of_integers(layout: Layout, strips: Iterable[np.ndarray]) -> Encoding:
    lows, highs, total, n_zero = [], [], 0.0, 0
    for rows in strips:
        lows.append(int(rows.min()))
        highs.append(int(rows.max()))
        if rows.dtype.itemsize > 2:
            total += float(rows.sum(dtype=np.float64))
            n_zero += rows.size - int(np.count_nonzero(rows))
    low, high = min(lows, default=0), max(highs, default=0)
    n = layout.n_samples
    if high - low >= NARROW:
        mean = total / n
        return Encoding(False, mean, low, high, n, n_zero=n_zero)
    if layout.dtype.kind == "u" and layout.dtype.itemsize == 2:
        return Encoding(True, 0, low, high, n)
    return Encoding(True, low, low, high, n)


def _of_floats(strips: Iterable[np.ndarray]) -> Encoding:
    n = n_nan = n_inf = n_zero = 0
    low, high, total = float("inf"), float("-inf"), 0.0
    for rows in strips:
        # Least and most of a strip are finite only when all of it is; NumPy finds them at 0.1 ns a pixel.
        with np.errstate(invalid="ignore", over="ignore"):
            finite = rows
            if rows.size and not (np.isfinite(rows.min()) and np.isfinite(rows.max())):
                n_nan += int(np.isnan(rows).sum())
                n_inf += int(np.isinf(rows).sum())
                finite = rows[np.isfinite(rows)]
            if not finite.size:
                continue
            n += finite.size
            least, most = float(finite.min()), float(finite.max())
            low, high = min(low, least), max(high, most)
            total += float(finite.sum())
            if least <= 0 <= most:
                n_zero += finite.size - int(np.count_nonzero(finite))
    if not n:
        return Encoding(False, 0.0, float("nan"), float("nan"), 0, n_nan, n_inf)
    mean = min(max(total / n, low), high)
    return Encoding(False, mean, low, high, n, n_nan, n_inf, n_zero)
