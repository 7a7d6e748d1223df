"""First pass over planes: their ranges, and from that the numbers the second pass works with.

Integers that span less than 65,536 become *codes*, 8- or 16-bit offsets that are counted and summed
exactly. All other pixels become float64 distances from a value near their mean, so that squares keep their
digits on any offset.

Planes of one layout, k of them, go side by side; what is found of one does not depend on the others.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from smalti.kernels.layout import Layout, native

__all__ = ["Encoding", "FirstPass"]

NARROW = 65_536

Whole = int | float
"""Integers of 64 bits stay Python's: a float would lose digits."""


@dataclass(frozen=True)
class Encoding:
    """What the first pass found and how the second pass writes pixels; one entry a plane.

    Parameters
    ----------
    exact
        True for codes, False for float64 distances.
    zero
        The value that code or distance 0 stands for: a whole number when exact.
    low, high
        Least and greatest finite value that may occur; NaN when none is finite.
    n_finite, n_nan, n_inf, n_zero
        int64, (k,): numbers of colour samples; `n_zero` only when not exact.
    """

    exact: bool
    zero: Sequence[Whole]
    low: Sequence[Whole]
    high: Sequence[Whole]
    n_finite: np.ndarray
    n_nan: np.ndarray
    n_inf: np.ndarray
    n_zero: np.ndarray

    @classmethod
    def of(cls, layout: Layout, k: int, strips: Iterable[np.ndarray]) -> "Encoding":
        """Read strips of rows (k, n, X) or (k, n, X, S) once, unless the type has 8 bits and says enough."""
        known = cls.known(layout, k)
        if known is not None and layout.dtype.itemsize == 1:
            return known
        first = FirstPass(layout, k)
        for rows in strips:
            first.add(rows)
        return first.encoding()

    @classmethod
    def known(cls, layout: Layout, k: int = 1) -> "Encoding | None":
        """What the stored type says by itself; None for wide integers and floats, which must be read first.

        The tables of 16-bit integers are then as long as they can be.
        """
        if layout.dtype.kind == "b":
            return cls.of_integers(layout, [0] * k, [0] * k, [255] * k)
        if layout.dtype.kind not in "iu" or layout.dtype.itemsize > 2:
            return None
        low, high = int(np.iinfo(layout.dtype).min), int(np.iinfo(layout.dtype).max)
        return cls.of_integers(layout, [low] * k, [low] * k, [high] * k)

    @classmethod
    def of_integers(
        cls, layout: Layout, zero: Sequence[Whole], low: Sequence[Whole], high: Sequence[Whole]
    ) -> "Encoding":
        """Codes of planes of these ranges."""
        none = np.zeros(len(zero), np.int64)
        return cls(True, zero, low, high, np.full(len(zero), layout.n_samples), none, none, none)

    @cached_property
    def zeros(self) -> np.ndarray:
        """The zero of each plane, float64 (k,)."""
        return np.array(self.zero, np.float64)

    @cached_property
    def first(self) -> np.ndarray:
        """Least code or distance that may occur, float64 (k,)."""
        return np.array([low - zero for low, zero in zip(self.low, self.zero, strict=True)], np.float64)

    @cached_property
    def last(self) -> np.ndarray:
        """Greatest code or distance that may occur, float64 (k,)."""
        return np.array([high - zero for high, zero in zip(self.high, self.zero, strict=True)], np.float64)

    @cached_property
    def finite(self) -> np.ndarray:
        """Whether every colour sample of a plane is finite, (k,)."""
        found: np.ndarray = self.n_nan + self.n_inf == 0
        return found

    def encode(self, rows: np.ndarray, part: slice, room: np.ndarray | None = None) -> np.ndarray:
        """Codes (uint8 or uint16) or distances (float64) of native colour samples of a part of the planes.

        Of the shape of `rows`, (m, n, X[, S]).

        Distances are written into `room`, float64 of that shape, when it is given.
        """
        if not self.exact:
            away: np.ndarray = np.empty(rows.shape) if room is None else room
            away[...] = rows
            away -= self.zeros[part].reshape(-1, *[1] * (rows.ndim - 1))
            return away
        zero = int(self.zero[0])  # the same of all planes, or there is one plane only
        if rows.dtype.itemsize > 2:
            narrow: np.ndarray = rows - rows.dtype.type(zero)
            return narrow.astype(np.uint16)
        codes: np.ndarray = rows.view(f"u{rows.dtype.itemsize}")
        if zero:
            # Two's complement: an unsigned difference is right even where the signed one would wrap.
            codes = codes - codes.dtype.type(zero % 256**codes.dtype.itemsize)
        return codes


class FirstPass:
    """Ranges and counts of k planes that are given strip by strip, in any order."""

    def __init__(self, layout: Layout, k: int = 1) -> None:
        self._layout = layout
        self._low: list[Whole] = [float("inf")] * k
        self._high: list[Whole] = [float("-inf")] * k
        self._total = [0.0] * k
        self._n, self._n_nan, self._n_inf, self._n_zero = (np.zeros(k, np.int64) for _ in range(4))

    def add(self, rows: np.ndarray) -> None:
        """Look at some rows as stored, (k, n, X) or (k, n, X, S)."""
        colours = native(self._layout.colours(rows))
        if not colours.size:
            return
        flat = colours.reshape(len(colours), -1)
        if flat.dtype.kind == "f":
            self._add_floats(flat)
        else:
            self._add_integers(flat)

    def encoding(self) -> Encoding:
        """What was found."""
        found = self._of_floats if self._layout.dtype.kind in "fc" else self._of_integers
        return found()

    def _add_integers(self, rows: np.ndarray) -> None:
        self._low = [*map(min, self._low, rows.min(axis=1).tolist())]
        self._high = [*map(max, self._high, rows.max(axis=1).tolist())]
        if rows.dtype.itemsize > 2:
            self._total[0] += float(rows.sum(dtype=np.float64))
            self._n_zero += rows.size - int(np.count_nonzero(rows))

    def _of_integers(self) -> Encoding:
        k, n, dtype = len(self._low), self._layout.n_samples, self._layout.dtype
        if not n:
            return Encoding.of_integers(self._layout, [0] * k, [0] * k, [0] * k)
        if dtype.itemsize == 2:  # its zero is that of `known`
            return Encoding.of_integers(self._layout, [int(np.iinfo(dtype).min)] * k, self._low, self._high)
        if k > 1:
            raise ValueError(f"{k} planes of {dtype} at once; integers of more than 16 bits go one by one")
        if self._high[0] - self._low[0] < NARROW:
            return Encoding.of_integers(self._layout, self._low, self._low, self._high)
        none, every = np.zeros(k, np.int64), np.full(k, n)
        return Encoding(False, [self._total[0] / n], self._low, self._high, every, none, none, self._n_zero)

    def _add_floats(self, rows: np.ndarray) -> None:
        # Least and most of a strip are finite only when all of it is; NumPy finds them at 0.1 ns a pixel.
        with np.errstate(invalid="ignore", over="ignore"):
            least, most = rows.min(axis=1), rows.max(axis=1)
            whole = np.isfinite(least) & np.isfinite(most)
            for i in np.flatnonzero(~whole).tolist():
                self._add_finite(i, rows[i])
            if whole.all():
                self._add_whole(range(len(rows)), rows, least, most)
            elif whole.any():
                self._add_whole(np.flatnonzero(whole).tolist(), rows[whole], least[whole], most[whole])

    def _add_finite(self, i: int, row: np.ndarray) -> None:
        """Look at samples of plane i some of which are not finite."""
        self._n_nan[i] += np.isnan(row).sum()
        self._n_inf[i] += np.isinf(row).sum()
        finite = row[np.isfinite(row)]
        if finite.size:
            self._add_whole([i], finite[None], finite.min(keepdims=True), finite.max(keepdims=True))

    def _add_whole(
        self, planes: Iterable[int], rows: np.ndarray, least: np.ndarray, most: np.ndarray
    ) -> None:
        """Look at finite samples of some planes, (planes, n)."""
        found = (least.tolist(), most.tolist(), rows.sum(axis=1).tolist())
        for i, row, low, high, total in zip(planes, rows, *found, strict=True):
            self._n[i] += row.size
            self._low[i], self._high[i] = min(self._low[i], low), max(self._high[i], high)
            self._total[i] += total
            if low <= 0 <= high:
                self._n_zero[i] += row.size - np.count_nonzero(row)

    def _of_floats(self) -> Encoding:
        some = self._n.tolist()
        low = [low if n else float("nan") for n, low in zip(some, self._low, strict=True)]
        high = [high if n else float("nan") for n, high in zip(some, self._high, strict=True)]
        zero = [
            min(max(total / n, least), most) if n else 0.0
            for total, n, least, most in zip(self._total, some, low, high, strict=True)
        ]
        return Encoding(False, zero, low, high, self._n, self._n_nan, self._n_inf, self._n_zero)
