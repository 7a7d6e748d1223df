"""How evenly a plane is lit."""

from functools import lru_cache

import numpy as np

from smalti.core.columns import Column
from smalti.core.plugin import metric
from smalti.kernels.accumulators import Cells

__all__ = ["illumination"]

FEWEST_CELLS = 6
"""Along each side."""


@metric(
    Column("vignetting", "Float32", "share", "Light at the corners over light at the centre; 1 when even."),
    Column(
        "illumination_tilt", "Float32", "share", "Change of light from one side to the other, over its mean."
    ),
    many=True,
)
def illumination(cells: Cells) -> tuple[np.ndarray, np.ndarray]:
    """The shape of the light: a quadratic surface fitted to the means of 64×64 cells by least squares.

    With x and y from −1 to 1 between the outermost pixels, the surface is
    c + b₁x + b₂y + a₁₁x² + a₁₂xy + a₂₂y². vignetting = (c + a₁₁ + a₂₂) / c, the mean of the four corners over
    the centre (the surface model of flat-field correction, e.g. Leong et al. 2003, J. Clin. Pathol. 56, 619).
    illumination_tilt = 2 √(b₁² + b₂²) / mean. Both are exact on flat fields; in one ordinary picture they
    also see how the objects lie, so compare many, or their mean. An offset of the camera weakens both. A
    surface that falls below 0 at the corners counts as 0 there. Null below 6×6 pixels and where the light of
    the surface is not positive.
    """
    planes, *grid = cells.count.shape
    if min(grid) < FEWEST_CELLS:
        return np.full(planes, np.nan), np.full(planes, np.nan)
    centre, across, down, wide, _, high = _fit(cells).T
    mean = centre + (wide + high) / 3
    corners = centre + wide + high
    even = np.where((centre > 0) & (corners > 0), corners / centre, np.nan)
    tilt = np.where(mean > 0, 2 * np.hypot(across, down) / mean, np.nan)
    return even, tilt


def _fit(cells: Cells) -> np.ndarray:
    """Coefficients of 1, x, y, x², xy, y², (N, 6); NaN where the cells with pixels do not fix them."""
    planes, *grid = cells.mean.shape
    terms, inverse = _terms((cells.height, cells.width), tuple(grid))
    means = cells.mean.reshape(planes, -1)
    usable = cells.count.reshape(planes, -1) > 0
    found: np.ndarray = (inverse @ means[..., None])[..., 0]  # a product a plane, whatever the others are
    for i in np.flatnonzero(~usable.all(axis=1)):
        found[i] = _fit_holes(terms[usable[i]], means[i, usable[i]])
    found[~np.isfinite(found).all(axis=1)] = np.nan
    return found


def _fit_holes(terms: np.ndarray, means: np.ndarray) -> np.ndarray | float:
    """The coefficients by some of the cells; NaN when they are too few."""
    enough = np.linalg.matrix_rank(terms) == terms.shape[1]
    return np.linalg.lstsq(terms, means)[0] if enough else np.nan


@lru_cache(maxsize=16)
def _terms(plane: tuple[int, ...], grid: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """The mean of each term of the surface over each cell, (cells, 6), and the pseudo-inverse."""
    (y, yy), (x, xx) = map(_powers, plane, grid)
    down, across = np.ones_like(y), np.ones_like(x)
    pairs = [(down, across), (down, x), (y, across), (down, xx), (y, x), (yy, across)]
    terms = np.stack([np.outer(*pair).ravel() for pair in pairs], axis=1)
    return terms, np.linalg.pinv(terms)


def _powers(size: int, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Mean of x and of x² over each of `n` cells of `size` pixels, whose centres go from −1 to 1."""
    starts = np.arange(n) * size // n
    at = np.linspace(-1, 1, size)
    widths = np.diff(starts, append=size)
    return np.add.reduceat(at, starts) / widths, np.add.reduceat(at * at, starts) / widths
