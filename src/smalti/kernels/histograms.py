"""How often each value occurs in a plane, and in each of many."""

from dataclasses import dataclass

import numpy as np

__all__ = ["Histogram", "Histograms", "spread"]


@dataclass(frozen=True, slots=True)
class Histogram:
    """Counts of the finite colour samples by value.

    Parameters
    ----------
    values
        Ascending float64: the distinct values (exact), or the centres of the bins that hold a sample.
    counts, cumulative
        int64, as long as `values`; `cumulative` is the running sum of `counts`.
    exact
        True when `values` are the stored values themselves (integers of up to 16 bits, and wider
        integers that span less than 65,536); False for 16,384 bins of equal width over low..high.
    low, high
        Minimum and maximum of the finite samples; NaN when there are none.
    dtype
        Stored type of the plane.
    """

    values: np.ndarray
    counts: np.ndarray
    cumulative: np.ndarray
    exact: bool
    low: float
    high: float
    dtype: np.dtype

    @property
    def n(self) -> int:
        """Number of finite samples."""
        return int(self.cumulative[-1]) if self.cumulative.size else 0

    def percentiles(self, *percents: float) -> list[float]:
        """Percentiles by linear interpolation between order statistics, as `numpy.percentile` defines them.

        An order statistic of a histogram that is not exact is the centre of its bin, clamped to low..high:
        the error is at most half a bin, 3.1e-5 of the range. NaN for each when no sample is finite.
        """
        if not self.n:
            return [float("nan")] * len(percents)
        last = self.n - 1
        ranks = [percent * (last / 100) for percent in percents]  # of a few: lists are faster than arrays
        places = [int(rank) for rank in ranks]
        places += [min(place + 1, last) for place in places]
        found = self.values[self.cumulative.searchsorted(places, "right")].tolist()
        if not self.exact:
            ends = {0: self.low, last: self.high}
            found = [ends.get(place, value) for place, value in zip(places, found, strict=True)]
        lower, upper = found[: len(ranks)], found[len(ranks) :]
        return [low + (high - low) * (rank % 1) for low, high, rank in zip(lower, upper, ranks, strict=True)]


def spread(each: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """See `Histograms.of_values`."""
    return each if each.size == 1 else np.repeat(each, np.diff(starts))


@dataclass(frozen=True, slots=True)
class Histograms:
    """The histograms of N planes, one after the other; see `Histogram`.

    Parameters
    ----------
    values, counts
        Of all planes; those of plane i lie at ``starts[i]:starts[i + 1]``.
    cumulative
        int64, as long: the running sum of `counts` through all planes.
    starts
        int64, shape (N + 1,).
    exact, dtype
        As of one plane.
    low, high
        float64, shape (N,).
    """

    values: np.ndarray
    counts: np.ndarray
    cumulative: np.ndarray
    starts: np.ndarray
    exact: bool
    low: np.ndarray
    high: np.ndarray
    dtype: np.dtype

    @property
    def before(self) -> np.ndarray:
        """Finite samples of all planes before each plane, and of all, (N + 1,)."""
        if not self.values.size:
            return np.zeros(self.starts.size, np.int64)
        return np.where(self.starts > 0, self.cumulative[self.starts - 1], 0)

    @property
    def n(self) -> np.ndarray:
        """Number of finite samples of each plane, int64 (N,)."""
        return np.diff(self.before)

    def percentiles(self, *percents: float) -> list[np.ndarray]:
        """See `Histogram.percentiles`: one array (N,) a percentile."""
        before = self.before
        n = np.diff(before)
        last = np.maximum(n - 1, 0)
        ranks = np.array(percents)[:, None] * (last / 100)
        below = ranks.astype(np.int64)
        places = np.stack([below, np.minimum(below + 1, last)])
        if not self.values.size:
            return [np.full(n.size, np.nan) for _ in percents]
        at = self.cumulative.searchsorted(places + before[:-1], "right")
        found = self.values[np.minimum(at, self.values.size - 1)]
        if not self.exact:
            found = np.where(places == 0, self.low, np.where(places == last, self.high, found))
        lower, upper = np.where(n > 0, found, np.nan)
        return [*(lower + (upper - lower) * (ranks % 1))]

    def of_values(self, each: np.ndarray) -> np.ndarray:
        """What is known of each plane, (N,), for each of its values; of one plane once, which fits all."""
        return spread(each, self.starts)

    def sums(self, terms: np.ndarray) -> np.ndarray:
        """Sum over the values of each plane, (N,); `terms` has one a value. 0 for a plane without any."""
        found = np.zeros(self.starts.size - 1, np.result_type(terms, np.int64))
        some = np.diff(self.starts) > 0
        if some.any():
            found[some] = np.add.reduceat(terms, self.starts[:-1][some])
        return found

    def plane(self, at: int) -> Histogram:
        """That of one plane."""
        part = slice(*self.starts[at : at + 2])
        cumulative = self.cumulative[part] - self.before[at]
        low, high = float(self.low[at]), float(self.high[at])
        return Histogram(self.values[part], self.counts[part], cumulative, self.exact, low, high, self.dtype)
