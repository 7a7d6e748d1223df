"""How bright the pixels are: counts, moments and percentiles over all colour samples."""

import numpy as np

from smalti.core.columns import Column
from smalti.core.plugin import metric
from smalti.kernels.accumulators import Histograms, Moments
from smalti.kernels.bins import bins_of_many
from smalti.metrics._many import ratio

__all__ = ["counts", "intensity", "percentiles"]


@metric(
    Column("n_finite", "Int64", "px", "Samples that are neither NaN nor infinite.", "sum"),
    Column("n_nan", "Int64", "px", "Samples that are NaN.", "sum"),
    Column("n_inf", "Int64", "px", "Samples that are infinite.", "sum"),
    Column("zero_fraction", "Float32", "share", "Share of the finite samples that are exactly 0."),
    many=True,
)
def counts(moments: Moments[np.ndarray]) -> tuple[np.ndarray, ...]:
    """How many samples there are, how many are not numbers, and how many are 0.

    Colour samples count one by one; alpha is left out.
    """
    return moments.n_finite, moments.n_nan, moments.n_inf, moments.n_zero / moments.n_finite


@metric(
    Column("min", "Float64", "intensity", "Least intensity.", "min"),
    Column("max", "Float64", "intensity", "Greatest intensity.", "max"),
    Column("mean", "Float64", "intensity", "Mean intensity."),
    Column("std", "Float64", "intensity", "Standard deviation of intensity.", "pooled_std"),
    Column("skewness", "Float32", "", "How lopsided the intensities are; above 0: a tail of bright pixels."),
    Column(
        "kurtosis",
        "Float32",
        "",
        "How heavy the tails of the intensities are; 0 as in a normal distribution.",
    ),
    many=True,
)
def intensity(moments: Moments[np.ndarray]) -> tuple[np.ndarray, ...]:
    """Range, mean, spread and shape of the intensities.

    Population moments m_k = mean((x − mean)^k): std = √m₂, skewness g₁ = m₃ / m₂^1.5, kurtosis is the excess
    g₂ = m₄ / m₂² − 3 (Joanes & Gill 1998, The Statistician 47, 183). Skewness and kurtosis of a constant
    plane are null.
    """
    m2 = moments.m2
    return (
        moments.min,
        moments.max,
        moments.mean,
        moments.std,
        ratio(moments.m3, m2 * moments.std),
        moments.m4 / m2 / m2 - 3,
    )


@metric(
    Column("p01", "Float32", "intensity", "1 % of the samples lie below."),
    Column("p05", "Float32", "intensity", "5 % of the samples lie below."),
    Column("p25", "Float32", "intensity", "A quarter of the samples lies below."),
    Column("median", "Float32", "intensity", "Half of the samples lie below."),
    Column("p75", "Float32", "intensity", "Three quarters of the samples lie below."),
    Column("p95", "Float32", "intensity", "95 % of the samples lie below."),
    Column("p99", "Float32", "intensity", "99 % of the samples lie below."),
    Column("p999", "Float32", "intensity", "99.9 % of the samples lie below."),
    Column(
        "mad", "Float32", "intensity", "Median distance from the median: a spread that outliers do not move."
    ),
    Column("mode", "Float32", "intensity", "The most frequent intensity, the lowest of equals."),
    Column("entropy", "Float32", "bit", "How evenly the intensities fill at most 256 bins; 0 for one value."),
    many=True,
)
def percentiles(histogram: Histograms) -> tuple[np.ndarray, ...]:
    """Order statistics, most frequent value and entropy of the intensities.

    Percentiles interpolate linearly between order statistics (Hyndman & Fan 1996, type 7); exact for
    integers that span less than 65,536, within 5e-5 of the range for other values. The median absolute
    deviation is not scaled, and within 1e-4 of the range for those. Entropy is −Σ p log₂ p (Shannon 1948)
    over the bins of `smalti.kernels.bins`: the stored values themselves when these span less than 256.
    """
    from smalti.kernels.deviation import median_deviation_of_many  # brings numba: only who measures waits

    p01, p05, p25, median, p75, p95, p99, p999 = histogram.percentiles(1, 5, 25, 50, 75, 95, 99, 99.9)
    mad = median_deviation_of_many(histogram, median)
    return p01, p05, p25, median, p75, p95, p99, p999, mad, _mode(histogram), _entropy(histogram)


def _mode(histogram: Histograms) -> np.ndarray:
    sizes = np.diff(histogram.starts)
    some = sizes > 0
    first = histogram.starts[:-1][some]
    most = np.repeat(np.maximum.reduceat(histogram.counts, first), sizes[some])
    peaks = np.flatnonzero(histogram.counts == most)
    found = np.full(some.size, np.nan)
    found[some] = histogram.values[peaks[np.searchsorted(peaks, first)]]
    return found


def _entropy(histogram: Histograms) -> np.ndarray:
    n, counted = histogram.n, bins_of_many(histogram)
    filled = np.flatnonzero(counted.counts > 0)
    plane = np.repeat(np.arange(n.size), np.diff(np.searchsorted(filled, counted.starts)))
    share = counted.counts[filled] / n[plane]
    sums = np.bincount(plane, share * np.log2(share), n.size)  # adds in order: no plane moves another's
    return np.where(n > 0, np.abs(sums), np.nan)
