"""How often each value occurs: an exact table of codes, or power sums and equal bins of distances."""

import numpy as np

from smalti.kernels._compile import compiled
from smalti.kernels.accumulators import Histogram, Moments
from smalti.kernels.encoding import Encoding
from smalti.kernels.layout import Layout

__all__ = ["ValueSums"]

BINS = 16_384
PIECE = 1024
NOTHING = (float("nan"),) * 4


class ValueSums:
    """Sums over all colour samples of a plane, in any order of rows."""

    def __init__(self, layout: Layout, encoding: Encoding) -> None:
        self._layout = layout
        self._encoding = encoding
        self._powers = np.zeros(5)
        size = int(encoding.last - encoding.first) + 1 if encoding.exact else BINS
        # Sub-tables spare equal neighbours the wait for each other; two of 65,536 fit a second-level cache.
        dtype = np.uint32 if layout.n_samples < 2**32 else np.int64
        self._table = np.zeros((4 if size <= 256 else 2, size), dtype)
        width = (encoding.last - encoding.first) / BINS
        # A range too small or too large for a bin width is one bin: every step is 0.
        self._steps = 1 / width if 0 < width < float("inf") and 1 / width < float("inf") else 0.0

    def add(self, codes: np.ndarray) -> None:
        """Count what `Encoding.encode` gave for some rows."""
        flat = codes.reshape(-1)
        if self._encoding.exact:
            count_codes(flat, int(self._encoding.first), self._table)
        else:
            add_powers(flat, self._powers)
            count_bins(flat, self._encoding.first, self._steps, self._table)

    def result(self) -> tuple[Moments, Histogram]:
        """See `Moments` and `Histogram`."""
        table = self._table.sum(axis=0, dtype=np.int64)
        places = np.flatnonzero(table)
        counts = table[places]
        histogram = self._histogram(places, counts)
        mean, *central = self._of_counts(places, counts) if self._encoding.exact else self._of_powers()
        return self._moments(histogram, mean, *central), histogram

    def _histogram(self, places: np.ndarray, counts: np.ndarray) -> Histogram:
        encoding, dtype = self._encoding, self._layout.dtype
        low, high = float(encoding.low), float(encoding.high)
        if encoding.exact:
            values = places + low
            low, high = (float(values[0]), float(values[-1])) if places.size else (np.nan, np.nan)
        else:
            values = low + (places + 0.5) / self._steps if self._steps else np.full(places.size, low)
        return Histogram(values, counts, np.cumsum(counts), encoding.exact, low, high, dtype)

    def _moments(self, histogram: Histogram, mean: float, m2: float, m3: float, m4: float) -> Moments:
        encoding = self._encoding
        n_zero = int(histogram.counts[histogram.values == 0].sum()) if encoding.exact else encoding.n_zero
        return Moments(
            self._layout.n_samples,
            encoding.n_finite,
            encoding.n_nan,
            encoding.n_inf,
            n_zero,
            histogram.low,
            histogram.high,
            encoding.zero + mean,
            m2,
            m3,
            m4,
            self._layout.dtype,
        )

    def _of_counts(self, places: np.ndarray, counts: np.ndarray) -> tuple[float, float, float, float]:
        if not counts.size:
            return NOTHING
        n = counts.sum()
        start = places[0]
        near = places - start  # the same digits wherever the table begins
        mean = np.dot(near, counts) / n
        away = near - mean
        square = away * away
        weighted = square * counts
        return (
            float(self._encoding.first + start + mean),
            float(weighted.sum() / n),
            float(np.dot(weighted, away) / n),
            float(np.dot(weighted, square) / n),
        )

    def _of_powers(self) -> tuple[float, float, float, float]:
        s0, s1, s2, s3, s4 = self._powers.tolist()
        if not s0:
            return NOTHING
        r1, r2, r3, r4 = s1 / s0, s2 / s0, s3 / s0, s4 / s0
        m2 = r2 - r1 * r1
        m3 = r3 - 3 * r1 * r2 + 2 * r1 * r1 * r1
        m4 = r4 - 4 * r1 * r3 + 6 * r1 * r1 * r2 - 3 * r1 * r1 * r1 * r1
        return r1, max(m2, 0.0), m3, max(m4, 0.0)


@compiled
def count_codes(codes: np.ndarray, low: int, table: np.ndarray) -> None:
    """Count codes from `low` on in the sub-tables (n, size) by turns; their sum is the table."""
    tables = table.shape[0]
    first = table[0]
    second = table[1 % tables]
    third = table[2 % tables]
    fourth = table[3 % tables]
    n = codes.size // 4 * 4
    for i in range(0, n, 4):
        first[np.int64(codes[i]) - low] += 1
        second[np.int64(codes[i + 1]) - low] += 1
        third[np.int64(codes[i + 2]) - low] += 1
        fourth[np.int64(codes[i + 3]) - low] += 1
    for i in range(n, codes.size):
        first[np.int64(codes[i]) - low] += 1


@compiled
def count_bins(values: np.ndarray, low: float, steps: float, table: np.ndarray) -> None:
    """Count finite values in bins of width 1/steps from `low`, in two sub-tables by turns.

    Places are worked out for a piece at a time, which vector registers do, and then counted: half the time.
    """
    last = float(table.shape[1] - 1)
    places = np.empty(PIECE, np.int32)
    for start in range(0, values.size, PIECE):
        piece = values[start : start + PIECE]
        for i in range(piece.size):
            away = min(max((piece[i] - low) * steps, 0.0), last) if steps > 0.0 else 0.0
            places[i] = np.int32(away if abs(piece[i]) < np.inf else -1.0)
        for i in range(piece.size):
            if places[i] >= 0:
                table[i & 1, places[i]] += 1


@compiled
def add_powers(values: np.ndarray, sums: np.ndarray) -> None:
    """Add the count and the sums of powers 1 to 4 of finite values to `sums` (5,)."""
    s0 = 0.0
    s1 = 0.0
    s2 = 0.0
    s3 = 0.0
    s4 = 0.0
    for i in range(values.size):
        good = abs(values[i]) < np.inf
        value = values[i] if good else 0.0
        square = value * value
        s0 += 1.0 if good else 0.0
        s1 += value
        s2 += square
        s3 += square * value
        s4 += square * square
    sums[0] += s0
    sums[1] += s1
    sums[2] += s2
    sums[3] += s3
    sums[4] += s4
