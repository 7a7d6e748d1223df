"""Whether the detector's range was used well: saturation, bits, levels."""

import numpy as np

from smalti.core.columns import Column
from smalti.core.plugin import metric
from smalti.kernels.accumulators import Histograms, Stencil
from smalti.metrics.noise import immerkaer

__all__ = ["dynamic_range", "levels", "saturation"]

DETECTOR_BITS = (8, 10, 12, 14, 16)


@metric(
    Column("saturated_low", "Float32", "share", "Share of samples at the floor of the detector's range."),
    Column("saturated_high", "Float32", "share", "Share of samples at the ceiling of the bits really used."),
    Column("bits_used", "Int64", "bit", "Bits of the detector, judged by the brightest sample.", "max"),
    many=True,
)
def saturation(histogram: Histograms) -> tuple[np.ndarray, ...]:
    """How many samples are clipped, given the bits that the detector really used.

    Bits used are the fewest of 8, 10, 12, 14, 16 that hold the maximum (a 12-bit camera fills 16-bit files
    up to 4,095), else all bits of the type. The floor is 0 and the ceiling 2^bits − 1, or the greatest value
    of the type if that is less; a dark plane therefore shows no saturation. A plane with negative integers
    uses all bits of its type, from its least to its greatest value. Null for floats and complex numbers,
    which state no full scale, for booleans, and for integers that span more than 65,535.
    """
    dtype = histogram.dtype
    low, high, counts, starts = histogram.low, histogram.high, histogram.counts, histogram.starts
    if dtype.kind not in "iu" or not _is_counted_exactly(histogram):
        return (np.full(low.size, np.nan),) * 3
    n, limits = histogram.n, np.iinfo(dtype)
    enough = np.searchsorted(np.exp2(DETECTOR_BITS), high, side="right")  # a detector counts to 2^bits - 1
    bits = np.array([*DETECTOR_BITS, limits.bits])[np.where(low < 0, len(DETECTOR_BITS), enough)]
    floor = np.where(low < 0, limits.min, 0)
    ceiling = np.minimum(np.exp2(bits) - 1, limits.max)
    n_low = np.where(low == floor, counts[starts[:-1]], 0)
    n_high = np.where(high == ceiling, counts[starts[1:] - 1], 0)
    return n_low / n, n_high / n, bits


def _is_counted_exactly(histogram: Histograms) -> bool:
    """Then each plane has a value: whole numbers are finite, and only planes without pixels have none."""
    return histogram.exact and bool(histogram.values.size)


@metric(
    Column("levels_used", "Int64", "", "Number of different values.", "max"),
    Column(
        "level_gap_fraction",
        "Float32",
        "share",
        "Share of the levels between 1st and 99th percentile that no sample has; high after rescaling.",
    ),
    many=True,
)
def levels(histogram: Histograms) -> tuple[np.ndarray, np.ndarray]:
    """How many grey levels occur, and how many are left out as by stretched contrast.

    A contrast stretch or a gain spreads the levels and leaves a comb of empty ones. The tails beyond the 1st
    and 99th percentile are thin by nature and not judged. Null unless values are counted exactly.
    """
    if not _is_counted_exactly(histogram):
        return (np.full(histogram.low.size, np.nan),) * 2
    ranks = (histogram.n * np.array([[0.01], [0.99]])).astype(np.int64) + histogram.before[:-1]
    first, last = histogram.cumulative.searchsorted(ranks, side="right")
    span = histogram.values[last] - histogram.values[first] + 1
    return np.diff(histogram.starts), 1 - (last - first + 1) / span


@metric(
    Column("dynamic_range_db", "Float32", "dB", "Range of intensities over the noise in it."),
    many=True,
)
def dynamic_range(histogram: Histograms, stencil: Stencil[np.ndarray]) -> np.ndarray:
    """How far apart dark and bright are, in steps of noise.

    20 log₁₀((p99.9 − p1) / noise_sigma); percentiles, so that one hot pixel does not decide. Null without
    range or noise.
    """
    dark, bright = histogram.percentiles(1, 99.9)
    decibel: np.ndarray = 20 * np.log10((bright - dark) / immerkaer(stencil))
    return decibel
