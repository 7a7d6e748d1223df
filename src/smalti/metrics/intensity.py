"""How bright the pixels are: counts, moments and percentiles over all colour samples."""

import numpy as np

from smalti.core.columns import Column
from smalti.core.plugin import metric
from smalti.kernels.accumulators import Histogram, Moments
from smalti.kernels.bins import bins
from smalti.metrics._number import number, ratio

__all__ = ["counts", "intensity", "percentiles"]


@metric(
    Column("n_finite", "Int64", "px", "Samples that are neither NaN nor infinite.", "sum"),
    Column("n_nan", "Int64", "px", "Samples that are NaN.", "sum"),
    Column("n_inf", "Int64", "px", "Samples that are infinite.", "sum"),
    Column("zero_fraction", "Float32", "share", "Share of the finite samples that are exactly 0."),
)
def counts(moments: Moments) -> tuple[int, int, int, float | None]:
    """How many samples there are, how many are not numbers, and how many are 0.

    Colour samples count one by one; alpha is left out.
    """
    n_finite, n_nan, n_inf = map(int, (moments.n_finite, moments.n_nan, moments.n_inf))
    return n_finite, n_nan, n_inf, ratio(moments.n_zero, moments.n_finite)


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
)
def intensity(moments: Moments) -> tuple[float | None, ...]:
    """Range, mean, spread and shape of the intensities.

    Population moments m_k = mean((x − mean)^k): std = √m₂, skewness g₁ = m₃ / m₂^1.5, kurtosis is the excess
    g₂ = m₄ / m₂² − 3 (Joanes & Gill 1998, The Statistician 47, 183). Skewness and kurtosis of a constant
    plane are null.
    """
    m2 = moments.m2
    return (
        number(moments.min),
        number(moments.max),
        number(moments.mean),
        number(moments.std),
        ratio(moments.m3, m2 * moments.std),
        number(moments.m4 / m2 / m2 - 3) if m2 else None,
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
)
def percentiles(histogram: Histogram) -> tuple[float | None, ...]:
    """Order statistics, most frequent value and entropy of the intensities.

    Percentiles interpolate linearly between order statistics (Hyndman & Fan 1996, type 7); exact for
    integers that span less than 65,536, within 5e-5 of the range for other values. The median absolute
    deviation is not scaled, and within 1e-4 of the range for those. Entropy is −Σ p log₂ p (Shannon 1948)
    over the bins of `smalti.kernels.bins`: the stored values themselves when these span less than 256.
    """
    if not histogram.n:
        return (None,) * 11
    from smalti.kernels.deviation import median_deviation  # brings numba: only who measures waits for it

    p01, p05, p25, median, p75, p95, p99, p999 = histogram.percentiles(1, 5, 25, 50, 75, 95, 99, 99.9)
    counted = bins(histogram).counts
    share = counted[counted > 0] / histogram.n
    results = (
        *(p01, p05, p25, median, p75, p95, p99, p999),
        median_deviation(histogram, median),
        float(histogram.values[np.argmax(histogram.counts)]),
        abs(float(np.dot(share, np.log2(share)))),
    )
    return tuple(number(value) for value in results)
