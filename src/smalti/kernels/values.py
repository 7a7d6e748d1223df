"""How often each value occurs: an exact table of codes, or power sums and equal bins of distances."""

from collections.abc import Sequence

import numpy as np

from smalti.kernels._compile import compiled
from smalti.kernels.accumulators import Histograms, Moments
from smalti.kernels.encoding import Encoding
from smalti.kernels.histograms import spread
from smalti.kernels.layout import Layout

__all__ = ["FEW_SAMPLES", "ValueSums"]

BINS = 16_384
PIECE = 1024

FEW_SAMPLES = 16_384
"""Places of so few samples are sorted: to fill and search a table of thousands would take longer."""

SMALL_TABLE = 256


class ValueSums:
    """Sums over all colour samples of k planes, in any order of rows."""

    def __init__(self, layout: Layout, encoding: Encoding) -> None:
        self._layout = layout
        self._encoding = encoding
        k = len(encoding.zero)
        self._powers = np.zeros((k, 5))
        size = _table_size(encoding)
        self._few: list[tuple[slice, np.ndarray]] | None = None
        if layout.n_samples <= FEW_SAMPLES and size > SMALL_TABLE:
            self._few, size = [], 0
        # Sub-tables spare equal neighbours the wait for each other; two of 65,536 fit a second-level cache.
        dtype = np.uint32 if layout.n_samples < 2**32 else np.int64
        self._table = np.zeros((k, 4 if size <= SMALL_TABLE else 2, size), dtype)
        with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
            steps = BINS / (encoding.last - encoding.first)
        # A range too small or too large for a bin width is one bin: every step is 0.
        self._steps = np.where(np.isfinite(steps) & (steps > 0), steps, 0.0)

    def add(self, codes: np.ndarray, part: slice) -> None:
        """Count what `Encoding.encode` gave for some rows of a part of the planes, (m, n, X[, S])."""
        encoding = self._encoding
        rows = np.ascontiguousarray(codes).reshape(len(codes), codes.shape[1], -1)
        flat = rows.reshape(len(rows), -1)
        if not encoding.exact:
            add_powers(rows, 0, self._powers[part])
        if self._few is not None:
            self._few.append((part, flat if encoding.exact else self._places(flat, part)))
        elif encoding.exact:
            count_codes(flat, encoding.first[part].astype(np.int64), self._table[part])
        else:
            count_bins(flat, encoding.first[part], self._steps[part], self._table[part])

    def _places(self, distances: np.ndarray, part: slice) -> np.ndarray:
        """The bin of each finite distance (m, n), int32; −1 for others; as `count_bins` finds it."""
        first, steps = self._encoding.first[part, None], self._steps[part, None]
        away = np.minimum(np.maximum((distances - first) * steps, 0), BINS - 1)
        away = np.where(steps > 0, away, 0.0)
        return np.where(np.isfinite(distances), away, -1.0).astype(np.int32)

    def result(self) -> tuple[Moments[np.ndarray], Histograms]:
        """See `Moments` and `Histograms`."""
        k, encoding = len(self._table), self._encoding
        starts, places, counts = self._counted() if self._few is None else _runs(_side_by_side(self._few, k))
        if encoding.exact and self._few is not None:
            places = places - spread(encoding.first.astype(np.int64), starts)
        histogram = self._histogram(starts, places, counts)
        mean, *central = self._of_counts(places, histogram) if encoding.exact else self._of_powers()
        return self._moments(histogram, mean, central), histogram

    def _counted(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Where each plane begins in what follows: places in the table that occur, and how often."""
        table = self._table.sum(axis=1, dtype=np.int64)
        k, size = table.shape
        at = np.flatnonzero(table)  # ten times as fast as to look for both indices
        starts = np.searchsorted(at, np.arange(k + 1) * size)
        return starts, at - spread(np.arange(k) * size, starts), table.reshape(-1)[at]

    def _histogram(self, starts: np.ndarray, places: np.ndarray, counts: np.ndarray) -> Histograms:
        encoding = self._encoding
        low, high = np.array(encoding.low, np.float64), np.array(encoding.high, np.float64)
        if encoding.exact:
            values = places + spread(low, starts)
            some = np.diff(starts) > 0
            low = np.where(some, _at(values, starts[:-1]), np.nan)
            high = np.where(some, _at(values, starts[1:] - 1), np.nan)
        else:
            steps = spread(self._steps, starts)
            with np.errstate(divide="ignore", invalid="ignore"):
                values = spread(low, starts) + np.where(steps > 0, (places + 0.5) / steps, 0.0)
        exact, dtype = encoding.exact, self._layout.dtype
        return Histograms(values, counts, np.cumsum(counts), starts, exact, low, high, dtype)

    def _moments(
        self, histogram: Histograms, mean: np.ndarray, central: Sequence[np.ndarray]
    ) -> Moments[np.ndarray]:
        encoding = self._encoding
        m2, m3, m4 = central
        n_zero = encoding.n_zero
        if encoding.exact:
            n_zero = histogram.sums(np.where(histogram.values == 0, histogram.counts, 0))
        return Moments(
            self._layout.n_samples,
            encoding.n_finite,
            encoding.n_nan,
            encoding.n_inf,
            n_zero,
            histogram.low,
            histogram.high,
            encoding.zeros + mean,
            m2,
            m3,
            m4,
            self._layout.dtype,
        )

    def _of_counts(self, places: np.ndarray, histogram: Histograms) -> tuple[np.ndarray, ...]:
        n, counts = histogram.n, histogram.counts
        start = _at(places, histogram.starts[:-1])
        near = places - histogram.of_values(start)  # the same digits wherever the table begins
        with np.errstate(invalid="ignore"):
            mean = histogram.sums(near * counts) / n
            away = near - histogram.of_values(mean)
            square = away * away
            weighted = square * counts
            sums = (weighted, weighted * away, weighted * square)
            return (self._encoding.first + start + mean, *(histogram.sums(term) / n for term in sums))

    def _of_powers(self) -> tuple[np.ndarray, ...]:
        s0, s1, s2, s3, s4 = self._powers.T
        with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
            r1, r2, r3, r4 = s1 / s0, s2 / s0, s3 / s0, s4 / s0
            m2 = r2 - r1 * r1
            m3 = r3 - 3 * r1 * r2 + 2 * r1 * r1 * r1
            m4 = r4 - 4 * r1 * r3 + 6 * r1 * r1 * r2 - 3 * r1 * r1 * r1 * r1
        return r1, np.maximum(m2, 0.0), m3, np.maximum(m4, 0.0)


def _table_size(encoding: Encoding) -> int:
    return int(np.max(encoding.last - encoding.first, initial=0)) + 1 if encoding.exact else BINS


def _at(values: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Those at some places, of which some may lie outside: any value then."""
    return (
        values[np.minimum(np.maximum(places, 0), values.size - 1)] if values.size else np.zeros(places.size)
    )


def _side_by_side(parts: list[tuple[slice, np.ndarray]], k: int) -> np.ndarray:
    """What parts of k planes gave, several times perhaps, as one row a plane, (k, n)."""
    by_part: dict[int, list[np.ndarray]] = {}
    for part, found in parts:
        by_part.setdefault(part.start, []).append(found)
    rows = [np.concatenate(found, axis=1) for found in by_part.values()]
    return np.concatenate(rows) if rows else np.empty((k, 0), np.int32)


def _runs(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Where each row begins in what follows: values ≥ 0 that occur in rows (k, n), and how often."""
    ranked = np.sort(rows, axis=1)
    begins = np.ones(ranked.shape, np.bool_)
    begins[:, 1:] = ranked[:, 1:] != ranked[:, :-1]
    at = np.flatnonzero(begins)
    counts = np.diff(at, append=ranked.size)
    values = ranked.reshape(-1)[at].astype(np.int64)
    known = values >= 0
    starts = np.searchsorted(at[known], np.arange(len(rows) + 1) * ranked.shape[1])
    return starts, values[known], counts[known]


@compiled
def count_codes(codes: np.ndarray, lows: np.ndarray, table: np.ndarray) -> None:
    """Count codes (k, n) from `lows` (k,) on in sub-tables (k, m, size) by turns; their sum is the table."""
    for p in range(codes.shape[0]):
        count_plane(codes[p], lows[p], table[p])


@compiled
def count_plane(codes: np.ndarray, low: int, table: np.ndarray) -> None:
    """Count the codes (n,) of one plane."""
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
def count_bins(values: np.ndarray, lows: np.ndarray, steps: np.ndarray, table: np.ndarray) -> None:
    """Count finite values (k, n) in bins of width 1/steps from `lows`, in sub-tables (k, 2, bins) by turns.

    Places are worked out for a piece at a time, which vector registers do, and then counted: half the time.
    """
    last = float(table.shape[2] - 1)
    places = np.empty(PIECE, np.int32)
    for p in range(values.shape[0]):
        low = lows[p]
        step = steps[p]
        for start in range(0, values.shape[1], PIECE):
            piece = values[p, start : start + PIECE]
            for i in range(piece.size):
                away = min(max((piece[i] - low) * step, 0.0), last) if step > 0.0 else 0.0
                places[i] = np.int32(away if abs(piece[i]) < np.inf else -1.0)
            for i in range(piece.size):
                if places[i] >= 0:
                    table[p, i & 1, places[i]] += 1


@compiled
def add_powers(values: np.ndarray, skip: int, sums: np.ndarray) -> None:
    """Add the count and the sums of powers 1 to 4 of finite values (k, skip + n, X) to `sums` (k, 5).

    Row by row, so that the sums do not depend on how many rows are given at once.
    """
    for p in range(values.shape[0]):
        for r in range(skip, values.shape[1]):
            add_powers_of_row(values[p, r], sums[p])


@compiled
def add_powers_of_row(values: np.ndarray, sums: np.ndarray) -> None:
    """Add those of one row (X,) to `sums` (5,)."""
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
