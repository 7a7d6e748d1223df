"""How far dark and bright parts are from each other."""

import numpy as np

from smalti.core.columns import Column
from smalti.core.plugin import metric
from smalti.kernels.accumulators import Histograms, Moments, Stencil
from smalti.metrics._many import ratio

__all__ = ["global_contrast", "local_contrast"]


@metric(
    Column("michelson", "Float32", "", "Contrast between the brightest and darkest hundredth; 0 to 1."),
    Column("rms_contrast", "Float32", "", "Standard deviation over mean."),
    many=True,
)
def global_contrast(moments: Moments[np.ndarray], histogram: Histograms) -> tuple[np.ndarray, np.ndarray]:
    """Contrast of the whole plane.

    Michelson: (p99 − p1) / (p99 + p1), null when p1 is negative or p99 is 0 (Michelson 1927; percentiles
    instead of extremes). RMS contrast: std / mean (Peli 1990, JOSA A 7, 2032), null when the mean is not
    positive.
    """
    dark, bright = histogram.percentiles(1, 99)
    michelson = np.where(dark >= 0, ratio(bright - dark, bright + dark), np.nan)
    return michelson, np.where(moments.mean > 0, moments.std / moments.mean, np.nan)


@metric(
    Column(
        "local_contrast", "Float32", "", "Mean range of 3×3 pixels over the standard deviation of the plane."
    ),
    many=True,
)
def local_contrast(stencil: Stencil[np.ndarray]) -> np.ndarray:
    """How much of the contrast is found between neighbours.

    Mean of maximum − minimum in 3×3 windows of luma over the standard deviation of luma; small for smooth
    or blurred planes, about 3 for noise alone. Null for a constant plane.
    """
    return ratio(stencil.range_mean, np.sqrt(stencil.variance))
