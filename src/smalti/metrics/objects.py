"""What stands before a background, and how clearly."""

import numpy as np

from smalti.core.columns import Column
from smalti.core.plugin import metric
from smalti.kernels.accumulators import Histograms, Stencil
from smalti.metrics._many import ratio
from smalti.metrics.noise import immerkaer

__all__ = ["objects"]


@metric(
    Column("background", "Float32", "intensity", "Median of the samples below Otsu's threshold."),
    Column("foreground_fraction", "Float32", "share", "Share of the samples above Otsu's threshold."),
    Column("cnr", "Float32", "", "Mean of the foreground less that of the background, over the noise."),
    many=True,
)
def objects(histogram: Histograms, stencil: Stencil[np.ndarray]) -> tuple[np.ndarray, ...]:
    """The plane in two classes, dark and bright, by the threshold of Otsu (1979, IEEE Trans. SMC 9, 62).

    The threshold belongs to the dark class. cnr = (mean of the bright − mean of the dark) / noise_sigma
    (contrast-to-noise ratio; Welvaert & Rosseel 2013, PLoS ONE 8, e77089). A plane of nothing but noise is
    cut in halves: its cnr is about 1.6, so judge the others together with it. Null for planes of one value;
    cnr also without noise.
    """
    from smalti.kernels.threshold import otsu_of_many  # brings numba: only who measures waits for it

    place = otsu_of_many(histogram)
    some, values, before = place >= 0, histogram.values, histogram.before[:-1]
    if not some.any():
        return (np.full(place.size, np.nan),) * 3
    dark = histogram.cumulative[place] - before  # whatever it is without a threshold, it is left out below
    bright = histogram.n - dark
    middle = histogram.cumulative.searchsorted(before + (dark - 1) // 2, side="right")
    near = values - histogram.of_values(values[place])  # near 0: keeps digits on offsets
    brighter = histogram.sums(np.maximum(near, 0) * histogram.counts) / bright
    darker = histogram.sums(np.minimum(near, 0) * histogram.counts) / dark
    found = (values[middle], bright / histogram.n, ratio(brighter - darker, immerkaer(stencil)))
    return tuple(np.where(some, one, np.nan) for one in found)
