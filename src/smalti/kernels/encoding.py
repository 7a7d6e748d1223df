"""First pass over a plane: its range, and from that the numbers the second pass works with.

Integers that span less than 65,536 become *codes*, 8- or 16-bit offsets that are counted and summed
exactly. All other pixels become float64 distances from a value near their mean, so that squares keep their
digits on any offset.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from smalti.kernels._compile import compiled
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
        Least and greatest code or distance that may occur.
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

    def encode(self, rows: np.ndarray) -> np.ndarray:
        """Codes (uint8 or uint16) or distances (float64) of native colour samples, same shape."""
        if not self.exact:
            return np.subtract(rows, self.zero, dtype=np.float64)
        if rows.dtype.itemsize <= 2:
            # Two's complement: an unsigned difference is right even where the signed one would wrap.
            unsigned = rows.view(f"u{rows.dtype.itemsize}")
            return (
                unsigned - unsigned.dtype.type(self.zero % 256**rows.dtype.itemsize)
                if self.zero
                else unsigned
            )
        return (rows - rows.dtype.type(self.zero)).astype(np.uint16)


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
        return Encoding(False, mean, low - mean, high - mean, n, n_zero=n_zero)
    if layout.dtype.kind == "u" and layout.dtype.itemsize == 2:
        return Encoding(True, 0, low, high, n)
    return Encoding(True, low, 0, high - low, n)


def _of_floats(strips: Iterable[np.ndarray]) -> Encoding:
    found = np.array([0.0, 0.0, 0.0, 0.0, np.inf, -np.inf, 0.0])
    for rows in strips:
        scan(rows.reshape(-1), found)
    n_finite, n_nan, n_inf, n_zero = (int(count) for count in found[:4])
    low, high, total = found[4:].tolist()
    if not n_finite:
        return Encoding(False, 0.0, float("nan"), float("nan"), 0, n_nan, n_inf)
    mean = min(max(total / n_finite, low), high)
    return Encoding(False, mean, low - mean, high - mean, n_finite, n_nan, n_inf, n_zero)


@compiled
def scan(values: np.ndarray, found: np.ndarray) -> None:
    """Add numbers of finite, NaN, infinite and zero values, finite range and sum to `found` (7,)."""
    finite = 0.0
    nan = 0.0
    zero = 0.0
    low = found[4]
    high = found[5]
    total = 0.0
    for i in range(values.size):
        value = values[i]
        good = abs(value) < np.inf
        finite += 1.0 if good else 0.0
        nan += 1.0 if value != value else 0.0
        zero += 1.0 if value == 0.0 else 0.0
        total += value if good else 0.0
        least = value if good else low
        most = value if good else high
        low = least if least < low else low
        high = most if most > high else high
    found[0] += finite
    found[1] += nan
    found[2] += values.size - finite - nan
    found[3] += zero
    found[4] = low
    found[5] = high
    found[6] += total
