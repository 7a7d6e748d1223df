"""How colourful an RGB plane is, and whether it leans to one colour."""

from math import hypot

from smalti.core.columns import Column
from smalti.core.plugin import metric
from smalti.kernels.accumulators import Colour
from smalti.metrics._number import number, ratio

__all__ = ["colour"]


@metric(
    Column("colourfulness", "Float32", "intensity", "How vivid and varied the colours are; 0 for grey."),
    Column("colour_cast", "Float32", "share", "How far the mean colour is from grey; 0 for grey."),
)
def colour(colour: Colour | None) -> tuple[float | None, float | None]:
    """How colourful the plane is and how far its mean is from grey.

    colourfulness: √(σ²rg + σ²yb) + 0.3 √(μ²rg + μ²yb) with rg = R − G, yb = (R + G)/2 − B (Hasler &
    Süsstrunk 2003, SPIE 5007, 87), in the units of the stored pixels. colour_cast: the largest distance of
    the mean R, G or B from their mean, over that mean; null when it is not positive. Both are null for
    planes without R, G and B.
    """
    if colour is None or not colour.n:
        return None, None
    vivid = hypot(colour.rg_std, colour.yb_std) + 0.3 * hypot(colour.rg_mean, colour.yb_mean)
    grey = sum(colour.mean) / 3
    cast = max(abs(mean - grey) for mean in colour.mean)
    return number(vivid), ratio(cast, grey) if grey > 0 else None
