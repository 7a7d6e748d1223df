"""How colourful an RGB plane is, and whether it leans to one colour."""

import numpy as np

from smalti.core.columns import Column
from smalti.core.plugin import metric
from smalti.kernels.accumulators import Colour
from smalti.metrics._many import ratio

__all__ = ["colour"]


@metric(
    Column("colourfulness", "Float32", "intensity", "How vivid and varied the colours are; 0 for grey."),
    Column("colour_cast", "Float32", "share", "How far the mean colour is from grey; 0 for grey."),
    many=True,
)
def colour(colour: Colour[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """How colourful the plane is and how far its mean is from grey.

    colourfulness: √(σ²rg + σ²yb) + 0.3 √(μ²rg + μ²yb) with rg = R − G, yb = (R + G)/2 − B (Hasler &
    Süsstrunk 2003, SPIE 5007, 87), in the units of the stored pixels. colour_cast: the largest distance of
    the mean R, G or B from their mean, over that mean; null when it is not positive. Both are null for
    planes without R, G and B.
    """
    vivid = np.hypot(colour.rg_std, colour.yb_std) + 0.3 * np.hypot(colour.rg_mean, colour.yb_mean)
    red, green, blue = colour.mean
    grey = (red + green + blue) / 3
    cast = np.maximum.reduce([np.abs(mean - grey) for mean in colour.mean])
    return vivid, np.where(grey > 0, ratio(cast, grey), np.nan)
