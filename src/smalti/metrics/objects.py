"""What stands before a background, and how clearly."""

import numpy as np

from smalti.core.columns import Column
from smalti.core.plugin import metric
from smalti.kernels.accumulators import Histogram, Stencil
from smalti.metrics._number import number, ratio
from smalti.metrics.noise import immerkaer

__all__ = ["objects", "otsu"]


@metric(
    Column("background", "Float32", "intensity", "Median of the samples below Otsu's threshold."),
    Column("foreground_fraction", "Float32", "share", "Share of the samples above Otsu's threshold."),
    Column("cnr", "Float32", "", "Mean of the foreground less that of the background, over the noise."),
)
def objects(histogram: Histogram, stencil: Stencil) -> tuple[float | None, float | None, float | None]:
    """The plane in two classes, dark and bright, by the threshold of Otsu (1979, IEEE Trans. SMC 9, 62).

    The threshold belongs to the dark class. cnr = (mean of the bright − mean of the dark) / noise_sigma
    (contrast-to-noise ratio; Welvaert & Rosseel 2013, PLoS ONE 8, e77089). A plane of nothing but noise is
    cut in halves: its cnr is about 1.6, so judge the others together with it. Null for planes of one value;
    cnr also without noise.
    """
    place = otsu(histogram)
    if place is None:
        return None, None, None
    dark = int(histogram.cumulative[place])
    middle = int(np.searchsorted(histogram.cumulative, (dark - 1) // 2, side="right"))
    weighted = (
        histogram.values - histogram.values[place]
    ) * histogram.counts  # near 0: keeps digits on offsets
    bright = histogram.n - dark
    contrast = float(weighted[place + 1 :].sum()) / bright - float(weighted[: place + 1].sum()) / dark
    return (
        number(float(histogram.values[middle])),
        bright / histogram.n,
        ratio(contrast, immerkaer(stencil)),
    )


def otsu(histogram: Histogram) -> int | None:
    """Place in `histogram.values` of Otsu's threshold, the last of the dark; None without two values."""
    if histogram.values.size < 2 or histogram.values[0] == histogram.values[-1]:
        return None
    dark = histogram.cumulative[:-1].astype(np.float64)
    away = (histogram.values - histogram.values[0]) / (histogram.values[-1] - histogram.values[0])
    sums = np.cumsum(away * histogram.counts)
    bright = histogram.n - dark
    between = dark * bright * (sums[:-1] / dark - (sums[-1] - sums[:-1]) / bright) ** 2
    return int(np.argmax(between))
