"""Defects of the light: focus, illumination, exposure."""

import numpy as np
from scipy import ndimage

from smalti.testing._pixels import aligned, as_float, ceiling, like, per_plane, plane_axes

__all__ = ["blur", "haze", "tilt", "underexposure", "vignetting"]

FULL_WELL = 4000.0
"""Photons that fill a pixel to the ceiling, as in `smalti.testing.synthetic.Camera`."""


def blur(image: np.ndarray, level: float, rng: np.random.Generator | None = None) -> np.ndarray:
    """Defocus: a Gaussian of sigma `level` px."""
    return like(ndimage.gaussian_filter(as_float(image), per_plane(image, level)), image)


def vignetting(image: np.ndarray, level: float, rng: np.random.Generator | None = None) -> np.ndarray:
    """Darken the corners by a quadratic surface: a corner gets `level` (0..1) of the light of the centre."""
    y, x = _centred(image)
    return like(as_float(image) * aligned(1 - (1 - level) * (y**2 + x**2) / 2, image), image)


def tilt(image: np.ndarray, level: float, rng: np.random.Generator) -> np.ndarray:
    """Darken evenly towards one side, drawn at random: its outermost pixel loses `level` (0..1) of its light.

    The opposite side keeps all of its light.
    """
    y, x = _centred(image)
    angle = rng.uniform(0, 2 * np.pi)
    slope = (np.sin(angle) * y + np.cos(angle) * x) / (abs(np.sin(angle)) + abs(np.cos(angle)))
    return like(as_float(image) * aligned(1 - level * (1 + slope) / 2, image), image)


def haze(image: np.ndarray, level: float, rng: np.random.Generator | None = None) -> np.ndarray:
    """Lay an even veil of half the ceiling over the image, and let `level` (0..1) less of the image through.

    I = J t + A (1 − t) with the transmission t = 1 − `level` (Koschmieder 1924, Beitr. Phys. freien Atm.
    12, 33).
    """
    return like(as_float(image) * (1 - level) + ceiling(image) / 2 * level, image)


def underexposure(image: np.ndarray, level: float, rng: np.random.Generator) -> np.ndarray:
    """Take the picture with `level` (0..1) of the light: less signal, and more noise for its size.

    What is above the dark (1st percentile) shrinks. Of N photons, each kept by chance, the share p has the
    variance N p (1 − p), which is added; 4,000 photons fill a pixel to the ceiling.
    """
    dark, top = float(np.percentile(image, 1)), ceiling(image)
    signal = as_float(image) - dark
    variance = np.clip(signal, 0, None) * max(top - dark, 0) / FULL_WELL * level * (1 - level)
    return like(dark + signal * level + rng.normal(0, 1, image.shape) * np.sqrt(variance), image)


def _centred(image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Y (column) and X (row) from -1 to 1 across the plane."""
    height, width = (image.shape[axis] for axis in plane_axes(image))
    y: np.ndarray = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    x: np.ndarray = np.linspace(-1, 1, width, dtype=np.float32)[None, :]
    return y, x
