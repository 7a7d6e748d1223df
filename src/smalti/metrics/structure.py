"""Whether there is anything in a plane, and how it is spread."""

import numpy as np

from smalti.core.columns import Column
from smalti.core.plugin import metric
from smalti.kernels.accumulators import Moments, Stencil
from smalti.metrics._many import ratio

__all__ = ["flatness", "texture"]


@metric(
    Column(
        "mscn_variance", "Float32", "", "Variance of locally normalised intensities; lower for smooth planes."
    ),
    Column("texture_cv", "Float32", "", "How unevenly texture is spread; about 0.25 for noise alone."),
    many=True,
)
def texture(stencil: Stencil[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """How much texture there is at the finest scale, and how unevenly it is spread.

    mscn_variance: variance of (I − local mean) / (local std + C) (Mittal et al. 2012, IEEE Trans. Image
    Process. 21, 4695), in unweighted 3×3 windows of luma; C = 1 for integers as there, and 1/255 of the
    plane's range for floats. texture_cv: standard deviation over mean of the 3×3 standard deviations; null
    where these are all 0.
    """
    return stencil.mscn_variance, ratio(stencil.std_std, stencil.std_mean)


@metric(
    Column("is_flat", "Boolean", "", "Whether all finite samples have one value.", "min"),
    many=True,
)
def flatness(moments: Moments[np.ndarray]) -> np.ndarray:
    """Whether the plane is empty in the strict sense: one value everywhere.

    Null when no sample is finite. An image of several planes is flat when all are.
    """
    return np.where(moments.n_finite > 0, (moments.min == moments.max) & (moments.m2 == 0), np.nan)
