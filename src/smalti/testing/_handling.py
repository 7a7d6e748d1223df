"""Defects of handling: what programs do to an image after it was taken."""

import io

import numpy as np
from PIL import Image as Picture

from smalti.core.errors import UsageError
from smalti.testing._pixels import as_float, floor, is_colour, like, plane_axes

__all__ = ["border", "comb", "jpeg"]


def jpeg(image: np.ndarray, level: float, rng: np.random.Generator | None = None) -> np.ndarray:
    """Compress one plane as JPEG of quality `level` (1..95) and decode it again.

    A plane that is not uint8 goes through 8 bits between its minimum and maximum. Colour keeps full
    resolution (4:4:4), so that blocks are 8 px in all channels.
    """
    if image.ndim != 2 + is_colour(image):
        raise UsageError(f"jpeg takes one plane, (Y, X) or (Y, X, 3); this image has shape {image.shape}")
    low, high = (0.0, 255.0) if image.dtype == np.uint8 else (float(image.min()), float(image.max()))
    scale = 255 / (high - low) if high > low else 1.0
    coded = io.BytesIO()
    eight = np.rint((as_float(image) - low) * scale).astype(np.uint8)
    Picture.fromarray(eight).save(coded, "JPEG", quality=int(level), subsampling=0)
    with Picture.open(coded) as picture:
        return like(np.asarray(picture, np.float64) / scale + low, image)


def comb(image: np.ndarray, level: float, rng: np.random.Generator | None = None) -> np.ndarray:
    """Keep grey levels `level` apart, intensity units, as stretching the contrast of a dark image does.

    Level 0 keeps them all.
    """
    if not level:
        return image.copy()
    dark = floor(image)
    return like(np.rint((as_float(image) - dark) / level) * level + dark, image)


def border(image: np.ndarray, level: float, rng: np.random.Generator) -> np.ndarray:
    """Blacken the share `level` (0..1) of height and of width along two edges that meet, drawn at random.

    As after registration, which moves one image over another and fills what it has no pixels for with 0.
    """
    spoilt, far = image.copy(), rng.integers(2, size=2)
    for axis, at_end in zip(plane_axes(image), far, strict=True):
        lines = np.moveaxis(spoilt, axis, 0)
        n = round(level * len(lines))
        lines[len(lines) - n if at_end else 0 :][:n] = floor(image)
    return spoilt
