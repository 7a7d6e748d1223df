"""First pass over a plane: its range, and from that the numbers the second pass works with.

Integers that span less than 65,536 become *codes*, 8- or 16-bit offsets that are counted and summed
exactly. All other pixels become float64 distances from a value near their mean, so that squares keep their
digits on any offset.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from math import isfinite

import numpy as np

from smalti.kernels.layout import Layout, native

__all__ = ["Encoding", "FirstPass"]

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
        known = cls.known(layout)
        if known is not None and layout.dtype.itemsize == 1:
            return known
        first = FirstPass(layout)
        for rows in strips:
            first.add(rows)
        return first.encoding()

    @classmethod
    def known(cls, layout: Layout) -> "Encoding | None":
        """What the stored type says by itself; None for wide integers and floats, which must be read first.

        The tables of 16-bit integers are then as long as they can be.
        """
        if layout.dtype.kind == "b":
            return cls(True, 0, 0, 255, layout.n_samples)
        if layout.dtype.kind not in "iu" or layout.dtype.itemsize > 2:
            return None
        low, high = np.iinfo(layout.dtype).min, np.iinfo(layout.dtype).max
        return cls(True, low, low, high, layout.n_samples)

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

    def encode(self, rows: np.ndarray, room: np.ndarray | None = None) -> np.ndarray:
        """Codes (uint8 or uint16) or distances (float64) of native colour samples, same shape.

        Distances are written into `room`, float64 of that shape, when it is given.
        """
        if not self.exact:
            away = np.empty(rows.shape) if room is None else room
            away[...] = rows
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


class FirstPass:
    """Range and counts of a plane that is given strip by strip, in any order."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._low: float = float("inf")
        self._high: float = float("-inf")
        self._total = 0.0
        self._n = self._n_nan = self._n_inf = self._n_zero = 0

    def add(self, rows: np.ndarray) -> None:
        """Look at some rows as stored, (n, X) or (n, X, S)."""
        colours = native(self._layout.colours(rows))
        if colours.dtype.kind == "f":
            self._add_floats(colours)
        else:
            self._add_integers(colours)

    def encoding(self) -> Encoding:
        """What was found."""
        found = self._of_floats if self._layout.dtype.kind in "fc" else self._of_integers
        return found()

    def _add_integers(self, rows: np.ndarray) -> None:
        self._low = min(self._low, int(rows.min()))  # Python's integers: a float would lose digits of 64 bits
        self._high = max(self._high, int(rows.max()))
        if rows.dtype.itemsize > 2:
            self._total += float(rows.sum(dtype=np.float64))
            self._n_zero += rows.size - int(np.count_nonzero(rows))

    def _of_integers(self) -> Encoding:
        n, dtype = self._layout.n_samples, self._layout.dtype
        if not n:
            return Encoding(True, 0, 0, 0, 0)
        if self._high - self._low >= NARROW:
            return Encoding(False, self._total / n, self._low, self._high, n, n_zero=self._n_zero)
        zero = np.iinfo(dtype).min if dtype.itemsize == 2 else self._low  # of 16 bits that of `known`
        return Encoding(True, zero, self._low, self._high, n)

    def _add_floats(self, rows: np.ndarray) -> None:
        # Least and most of a strip are finite only when all of it is; NumPy finds them at 0.1 ns a pixel.
        with np.errstate(invalid="ignore", over="ignore"):
            if not rows.size:
                return
            finite, least, most = rows, float(rows.min()), float(rows.max())
            if not (isfinite(least) and isfinite(most)):
                self._n_nan += int(np.isnan(rows).sum())
                self._n_inf += int(np.isinf(rows).sum())
                finite = rows[np.isfinite(rows)]
                if not finite.size:
                    return
                least, most = float(finite.min()), float(finite.max())
            self._n += finite.size
            self._low, self._high = min(self._low, least), max(self._high, most)
            self._total += float(finite.sum())
            if least <= 0 <= most:
                self._n_zero += finite.size - int(np.count_nonzero(finite))

    def _of_floats(self) -> Encoding:
        if not self._n:
            return Encoding(False, 0.0, float("nan"), float("nan"), 0, self._n_nan, self._n_inf)
        mean = min(max(self._total / self._n, self._low), self._high)
        return Encoding(False, mean, self._low, self._high, self._n, self._n_nan, self._n_inf, self._n_zero)
