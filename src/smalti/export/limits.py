"""The values between which the pixels of a recording lie, for each channel, as its pictures come by."""

import numpy as np

__all__ = ["ChannelLimits"]

KEPT = 1 << 21
"""Values of a channel that percentiles of wide types are taken of; evenly drawn from all."""


class ChannelLimits:
    """Limits of one channel, by its least and greatest finite value, or leaving a share out at either end.

    Parameters
    ----------
    percent
        Of the finite values, left out at either end; 0 for none. Exact for types of 8 and 16 bits.
    """

    def __init__(self, percent: float = 0.0) -> None:
        self._percent = percent
        self._span: tuple[float, float] | None = None
        self._counts: np.ndarray | None = None
        self._drawn: list[np.ndarray] = []
        self._step = 1

    def add(self, plane: np.ndarray) -> None:
        """Take one more plane of the channel."""
        values = plane.reshape(-1)
        if values.dtype.kind == "f":
            values = values[np.isfinite(values)]
        if not values.size:
            return
        low, high = float(values.min()), float(values.max())
        before = self._span or (low, high)
        self._span = min(low, before[0]), max(high, before[1])
        if not self._percent:
            return
        if values.dtype.kind in "iu" and values.dtype.itemsize <= 2:
            self._count(values)
        else:
            self._draw(values)

    @property
    def limits(self) -> tuple[float, float] | None:
        """Low and high; None where there was no finite value."""
        if not self._percent or self._span is None:
            return self._span
        shares = self._percent / 100, 1 - self._percent / 100
        if self._counts is None:
            low, high = np.quantile(np.concatenate(self._drawn).astype(np.float64), shares)
            return float(low), float(high)
        summed = np.cumsum(self._counts)
        places = np.searchsorted(summed, np.ceil(np.array(shares) * (summed[-1] - 1)).astype(np.int64) + 1)
        return float(places[0] - self._zero), float(places[1] - self._zero)

    def _count(self, values: np.ndarray) -> None:
        self._zero = -int(np.iinfo(values.dtype).min)
        shifted = values.astype(np.int32) + self._zero if self._zero else values
        found = np.bincount(shifted, minlength=1 << (8 * values.dtype.itemsize))
        self._counts = found if self._counts is None else self._counts + found

    def _draw(self, values: np.ndarray) -> None:
        """Keep every `_step`-th value; every second of those kept when they become too many."""
        self._drawn.append(values[:: self._step].copy())
        while sum(part.size for part in self._drawn) > KEPT:
            self._drawn = [np.concatenate(self._drawn)[::2]]
            self._step *= 2
