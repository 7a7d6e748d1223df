"""Whether the detector's range was used well: saturation, bits, levels."""

import numpy as np

from smalti.core.columns import Column
from smalti.core.plugin import metric
from smalti.kernels.accumulators import Histogram, Stencil
from smalti.metrics._number import decibel
from smalti.metrics.noise import immerkaer

__all__ = ["dynamic_range", "levels", "saturation"]

DETECTOR_BITS = (8, 10, 12, 14, 16)


@metric(
    Column("saturated_low", "Float32", "share", "Share of samples at the floor of the detector's range."),
    Column("saturated_high", "Float32", "share", "Share of samples at the ceiling of the bits really used."),
    Column("bits_used", "Int64", "bit", "Bits of the detector, judged by the brightest sample.", "max"),
)
def saturation(histogram: Histogram) -> tuple[float | None, float | None, int | None]:
    """How many samples are clipped, given the bits that the detector really used.

    Bits used are the fewest of 8, 10, 12, 14, 16 that hold the maximum (a 12-bit camera fills 16-bit files
    up to 4,095), else all bits of the type. The floor is 0 and the ceiling 2^bits − 1, or the greatest value
    of the type if that is less; a dark plane therefore shows no saturation. A plane with negative integers
    uses all bits of its type, from its least to its greatest value. Null for floats and complex numbers,
    which state no full scale, for booleans, and for integers that span more than 65,535.
    """
    dtype = histogram.dtype
    if dtype.kind not in "iu" or not histogram.exact or not histogram.n:
        return None, None, None
    limits = np.iinfo(dtype)
    bits = _bits(histogram, dtype)
    floor = 0 if histogram.low >= 0 else int(limits.min)
    ceiling = min(2**bits - 1, int(limits.max))
    n_low = histogram.counts[0] if histogram.low == floor else 0
    n_high = histogram.counts[-1] if histogram.high == ceiling else 0
    return float(n_low / histogram.n), float(n_high / histogram.n), bits


def _bits(histogram: Histogram, dtype: np.dtype) -> int:
    stored = dtype.itemsize * 8
    if histogram.low < 0:
        return stored
    return next((bits for bits in DETECTOR_BITS if histogram.high < 2**bits), stored)


@metric(
    Column("levels_used", "Int64", "", "Number of different values.", "max"),
    Column(
        "level_gap_fraction",
        "Float32",
        "share",
        "Share of the levels between 1st and 99th percentile that no sample has; high after rescaling.",
    ),
)
def levels(histogram: Histogram) -> tuple[int | None, float | None]:
    """How many grey levels occur, and how many are left out as by stretched contrast.

    A contrast stretch or a gain spreads the levels and leaves a comb of empty ones. The tails beyond the 1st
    and 99th percentile are thin by nature and not judged. Null unless values are counted exactly.
    """
    if not histogram.exact or not histogram.n:
        return None, None
    ends = np.searchsorted(histogram.cumulative, histogram.n * np.array([0.01, 0.99]), side="right")
    first, last = np.minimum(ends, histogram.values.size - 1)
    span = histogram.values[last] - histogram.values[first] + 1
    return histogram.values.size, float(1 - (last - first + 1) / span)


@metric(
    Column("dynamic_range_db", "Float32", "dB", "Range of intensities over the noise in it."),
)
def dynamic_range(histogram: Histogram, stencil: Stencil) -> float | None:
    """How far apart dark and bright are, in steps of noise.

    20 log₁₀((p99.9 − p1) / noise_sigma); percentiles, so that one hot pixel does not decide. Null without
    range or noise.
    """
    dark, bright = histogram.percentiles(1, 99.9)
    return decibel(bright - dark, immerkaer(stencil))
