"""How much noise a plane has."""

from math import pi, sqrt

import numpy as np

from smalti.core.columns import Column
from smalti.core.plugin import metric
from smalti.kernels.accumulators import Stencil

__all__ = ["immerkaer", "noise"]


def immerkaer(stencil: Stencil[np.ndarray]) -> np.ndarray:
    """Standard deviation of the noise from the mean absolute response to Immerkær's mask."""
    return sqrt(pi / 2) / 6 * stencil.noise_response


@metric(
    Column("noise_sigma", "Float32", "intensity", "Standard deviation of the noise."),
    Column("snr_db", "Float32", "dB", "All variation over the noise in it; 0 is noise alone."),
    many=True,
)
def noise(stencil: Stencil[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """How strong the noise is, alone and against the picture.

    noise_sigma = √(π/2) / 6 · mean|I ∗ N| with N = [1 −2 1; −2 4 −2; 1 −2 1], which is blind to slopes and
    edges along the axes (Immerkær 1996, Computer Vision and Image Understanding 64, 300); fine texture
    counts as noise. snr_db = 20 log₁₀(std / noise_sigma), std of luma. Null where there is no window; snr_db
    also without noise or without contrast.
    """
    sigma = immerkaer(stencil)
    return sigma, 20 * np.log10(np.sqrt(stencil.variance) / sigma)
