"""How sharp a plane is: measures that fall with blur."""

from smalti.core.columns import Column
from smalti.core.plugin import metric
from smalti.kernels.accumulators import Stencil
from smalti.metrics._number import number, ratio

__all__ = ["focus"]


@metric(
    Column("laplacian_variance", "Float32", "intensity²", "Variance of the Laplacian; falls with blur."),
    Column(
        "laplacian_variance_norm",
        "Float32",
        "",
        "Variance of the Laplacian over the squared mean; falls with blur.",
    ),
    Column("tenengrad", "Float32", "intensity²", "Mean squared Sobel gradient; falls with blur."),
    Column("brenner", "Float32", "intensity²", "Mean squared step over two pixels along x; falls with blur."),
    Column(
        "vollath_f4",
        "Float32",
        "intensity²",
        "Likeness of next neighbours less that of second ones, along x.",
    ),
    Column("normalized_variance", "Float32", "intensity", "Variance over mean; falls with blur."),
)
def focus(stencil: Stencil) -> tuple[float | None, ...]:
    """How sharp a plane is, by six measures that all fall when one plane is blurred.

    They compare planes of one field (a z-stack, a series); between different subjects they also differ by
    content and noise. All are means over luma, so that size does not count.

    laplacian_variance: variance of the 4-neighbour Laplacian (Pech-Pacheco et al. 2000, ICPR 3, 314).
    laplacian_variance_norm: the same / mean², free of exposure; null for mean 0.
    tenengrad: mean of Gx² + Gy² by Sobel masks with weights 1, 2, 1 (Tenenbaum 1970; Krotkov 1987).
    brenner: mean of (I(x + 2) − I(x))² (Brenner et al. 1976, J. Histochem. Cytochem. 24, 100).
    vollath_f4: mean of J(x) J(x + 1) − J(x) J(x + 2) with J = I − mean, so that an offset does not count
    (Vollath 1987, J. Microscopy 147, 279); noise averages out; negative when structure is finer than two
    pixels. normalized_variance: variance / mean (Groen et al. 1985, Cytometry 6, 81); null unless the mean
    is positive.
    """
    return (
        number(stencil.laplacian_variance),
        ratio(stencil.laplacian_variance, stencil.mean * stencil.mean),
        number(stencil.gradient_energy),
        number(stencil.brenner),
        number(stencil.vollath_f4),
        ratio(stencil.variance, stencil.mean) if stencil.mean > 0 else None,
    )
