"""How near duplicates are made of an image (Y, X) or (Y, X, S) of integers."""

from collections.abc import Callable

import numpy as np
from scipy import ndimage

__all__ = ["COPIES"]


def _shifted(image: np.ndarray, px: float) -> np.ndarray:
    """The view moved by `px` along x; the edge is mirrored."""
    width = int(px)
    pads = [(0, 0), (0, width), *[(0, 0)] * (image.ndim - 2)]
    return np.pad(image, pads, mode="reflect")[:, width:]


def _brightened(image: np.ndarray, factor: float) -> np.ndarray:
    """Every pixel times `factor`, cut off at the largest value of the type."""
    top = np.iinfo(image.dtype).max
    return np.minimum(np.rint(image * factor), top).astype(image.dtype)


def _rescaled(image: np.ndarray, scale: float) -> np.ndarray:
    """Height and width times `scale`, by cubic splines after a blur that prevents aliasing."""
    top = np.iinfo(image.dtype).max
    sigma = (0.3 / scale, 0.3 / scale, *[0.0] * (image.ndim - 2))
    factors = (scale, scale, *[1.0] * (image.ndim - 2))
    values: np.ndarray = ndimage.zoom(
        ndimage.gaussian_filter(image.astype(np.float32), sigma), factors, order=3
    )
    held: np.ndarray = np.clip(np.rint(values), 0, top)
    return held.astype(image.dtype)


COPIES: dict[str, Callable[[np.ndarray, float], np.ndarray]] = {
    "px shift": _shifted,
    "brightness": _brightened,
    "scale": _rescaled,
}
"""By the unit of the level: a function of image and level."""
