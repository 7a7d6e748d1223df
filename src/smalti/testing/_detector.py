"""Defects of the detector: noise, full wells, lines and pixels that do not answer."""

import numpy as np

from smalti.testing._pixels import aligned, as_float, ceiling, floor, is_colour, like, plane_axes

__all__ = ["dead_lines", "empty", "hot_pixels", "noise", "saturation", "stripes"]

APART = 3
"""Hot pixels stand on a grid of so many px, so that none neighbours another; odd, so that they do not
prefer a place within the 8 px of a JPEG block."""


def noise(image: np.ndarray, level: float, rng: np.random.Generator) -> np.ndarray:
    """Add Gaussian noise of standard deviation `level`, intensity units."""
    return like(as_float(image) + rng.normal(0, level, image.shape), image)


def saturation(image: np.ndarray, level: float, rng: np.random.Generator | None = None) -> np.ndarray:
    """Overexpose: a gain of `level` above the background, cut off at the ceiling of the bits used.

    The ceiling is the smallest of 2⁸ − 1, 2¹⁰ − 1, 2¹² − 1, 2¹⁴ − 1 and 2¹⁶ − 1 that holds the image's
    maximum; of a float image its maximum, of a wider integer the largest value of the type.
    """
    dark = float(np.percentile(image, 1))
    return like(np.minimum(dark + (as_float(image) - dark) * level, ceiling(image)), image)


def stripes(image: np.ndarray, level: float, rng: np.random.Generator) -> np.ndarray:
    """Add to each row an offset of its own: normal, standard deviation `level`, intensity units."""
    rows = rng.normal(0, level, (image.shape[plane_axes(image)[0]], 1))
    return like(as_float(image) + aligned(rows, image), image)


def dead_lines(image: np.ndarray, level: float, rng: np.random.Generator) -> np.ndarray:
    """Let `level` rows, the same in all planes, stick at no light or at the ceiling (see `saturation`)."""
    height = image.shape[plane_axes(image)[0]]
    rows, stuck = rng.permutation(height)[: int(level)], rng.permutation(height) % 2 == 0
    spoilt, values = _by_row(image)
    values[rows[stuck[rows]]], values[rows[~stuck[rows]]] = ceiling(image), floor(image)
    return spoilt


def _by_row(image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A copy, and a view of it that has Y first."""
    copy = image.copy()
    return copy, np.moveaxis(copy, plane_axes(image)[0], 0)


def hot_pixels(image: np.ndarray, level: float, rng: np.random.Generator) -> np.ndarray:
    """Let `level` pixels, the same in all planes, stick at the ceiling (see `saturation`).

    None is on the edge or neighbours another; a small image has room for fewer.
    """
    height, width = (image.shape[axis] for axis in plane_axes(image))
    places = np.mgrid[1 : height - 1 : APART, 1 : width - 1 : APART].reshape(2, -1)
    y, x = rng.permutation(places, axis=1)[:, : int(level)]
    spoilt = image.copy()
    spoilt[(..., y, x, slice(None)) if is_colour(image) else (..., y, x)] = ceiling(image)
    return spoilt


def empty(image: np.ndarray, level: float, rng: np.random.Generator) -> np.ndarray:
    """Leave the background only: its most frequent value, plus noise of sigma `level`, intensity units.

    Level 0 gives a constant image, as from a closed shutter.
    """
    counts, edges = np.histogram(image, bins=256)
    background = float(edges[int(counts.argmax())])
    return like(background + rng.normal(0, level, image.shape), image)
