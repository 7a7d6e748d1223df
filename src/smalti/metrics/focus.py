"""How sharp a plane is: measures that fall with blur."""

import numpy as np

from smalti.core.columns import Column
from smalti.core.plugin import metric
from smalti.kernels.accumulators import Spectrum, Stencil
from smalti.metrics._many import ratio

__all__ = ["focus", "spectrum_shape"]

LOWEST_RING = 4
"""Lower rings hold few frequencies: with them chance moves the slope by 0.12, without by 0.07."""

FEWEST_RINGS = 6


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
    many=True,
)
def focus(stencil: Stencil[np.ndarray]) -> tuple[np.ndarray, ...]:
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
        stencil.laplacian_variance,
        ratio(stencil.laplacian_variance, stencil.mean * stencil.mean),
        stencil.gradient_energy,
        stencil.brenner,
        stencil.vollath_f4,
        np.where(stencil.mean > 0, ratio(stencil.variance, stencil.mean), np.nan),
    )


@metric(
    Column("power_slope", "Float32", "", "How fast power falls with frequency; lower (steeper) with blur."),
    Column(
        "high_frequency_share",
        "Float32",
        "share",
        "Share of the power above a quarter of a cycle a pixel; falls with blur.",
    ),
    many=True,
)
def spectrum_shape(spectrum: Spectrum) -> tuple[np.ndarray, np.ndarray]:
    """How power is spread over spatial frequencies, of one to four crops of 256×256 pixels.

    power_slope: slope of log power over log frequency, least squares over the rings of the radial spectrum
    from 4 cycles a crop to half a cycle a pixel, an octave counting like any other: about −2 for natural
    scenes (Field 1987, J. Opt. Soc. Am. A 4, 2379; Field & Brady 1997, Vision Research 37, 3367), 0 for
    white noise. high_frequency_share: power above 0.25 cycles a pixel over all power below 0.5, the constant
    part left out. Noise raises both. Null for crops without variation; power_slope also below 18 pixels and
    where some ring has no power.
    """
    energy = spectrum.power * spectrum.count
    total = energy.sum(axis=1)
    fine = energy[:, np.searchsorted(spectrum.frequency, 0.25, side="right") :].sum(axis=1)
    return np.where(total < np.inf, _slope(spectrum), np.nan), ratio(fine, total)


def _slope(spectrum: Spectrum) -> np.ndarray:
    """Of log power; no value where some ring has no power, the logarithm of which is infinite."""
    seen, at = spectrum.power[:, LOWEST_RING - 1 :], spectrum.frequency[LOWEST_RING - 1 :]
    if at.size < FEWEST_RINGS:
        return np.full(len(seen), np.nan)
    x = np.log(at) - np.average(np.log(at), weights=1 / at)
    slope: np.ndarray = (x * np.log(seen) / at).sum(axis=1) / (x * x / at).sum()
    return slope
