"""What a metric may ask for: sums over one plane, computed once and shared by all metrics.

A metric names the accumulators it needs as parameters and finishes them with a few lines of arithmetic.
All describe one 2-D plane. *Colour samples* are all samples less alpha. *Luma* is the plane itself, or
0.299 R + 0.587 G + 0.114 B of an RGB plane, or the mean of the samples of any other colour plane.
A pixel is *finite* when it is neither NaN nor infinite; complex pixels count by their absolute value and
booleans as 0 and 1.
"""

from dataclasses import dataclass

import numpy as np

__all__ = ["Accumulated", "Cells", "Colour", "Histogram", "Moments", "Profiles", "Stencil", "Thumbnail"]


@dataclass(frozen=True, slots=True)
class Moments:
    """Counts and central moments over all colour samples.

    Means are None-free: with no finite pixel they are NaN.

    Parameters
    ----------
    n, n_finite, n_nan, n_inf, n_zero
        Numbers of samples.
    min, max
        Of the finite samples.
    mean, m2, m3, m4
        Mean, and mean of the 2nd to 4th power of the distance from it (population, two-pass or shifted).
    dtype
        Stored type of the plane.
    """

    n: int
    n_finite: int
    n_nan: int
    n_inf: int
    n_zero: int
    min: float
    max: float
    mean: float
    m2: float
    m3: float
    m4: float
    dtype: np.dtype

    @property
    def std(self) -> float:
        """Population standard deviation."""
        return float(self.m2**0.5)


@dataclass(frozen=True, slots=True)
class Histogram:
    """Counts of the finite colour samples by value.

    Parameters
    ----------
    values
        Ascending float64; the distinct values (exact), or the centres of the bins.
    counts
        int64, as long as `values`.
    exact
        True when `values` are the stored values themselves (integers of up to 16 bits, and wider
        integers that span less than 65,536); False for bins of equal width over min..max.
    low, high
        Minimum and maximum of the finite samples.
    dtype
        Stored type of the plane.
    """

    values: np.ndarray
    counts: np.ndarray
    exact: bool
    low: float
    high: float
    dtype: np.dtype


@dataclass(frozen=True, slots=True)
class Stencil:
    """Means over the 3×3 (and 1×3) windows of luma that lie inside the plane and hold finite pixels only.

    Parameters
    ----------
    n
        Windows counted; with none, all means are NaN.
    """

    n: int
    mean: float
    laplacian_variance: float
    tenengrad: float
    brenner: float
    vollath_f4: float
    immerkaer: float
    range_3x3: float
    mscn_variance: float
    texture_cv: float


@dataclass(frozen=True, slots=True)
class Profiles:
    """Luma summed along rows and columns, and jumps across 8-pixel boundaries.

    Parameters
    ----------
    row_mean, column_mean
        float64, shape (Y,) and (X,); NaN where a line has no finite pixel.
    jump_x, jump_y
        float64, shape (8,): mean absolute difference between neighbours along x (y), by the phase of
        the right (lower) pixel modulo 8; phase 0 lies on the JPEG block boundary.
    """

    row_mean: np.ndarray
    column_mean: np.ndarray
    jump_x: np.ndarray
    jump_y: np.ndarray


@dataclass(frozen=True, slots=True)
class Cells:
    """Luma over a grid of at most 64×64 cells.

    Parameters
    ----------
    count
        int64, shape (rows, columns): finite pixels in each cell.
    mean, variance
        float64, same shape; population variance; NaN where a cell has no finite pixel.
    """

    count: np.ndarray
    mean: np.ndarray
    variance: np.ndarray


@dataclass(frozen=True, slots=True)
class Colour:
    """Colour samples of one plane; only for planes with R, G and B.

    Parameters
    ----------
    mean
        Mean of R, G, B over pixels finite in all three.
    rg_mean, rg_std, yb_mean, yb_std
        Of R − G and (R + G)/2 − B.
    """

    mean: tuple[float, float, float]
    rg_mean: float
    rg_std: float
    yb_mean: float
    yb_std: float


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """The plane made small by area averages.

    Parameters
    ----------
    pixels
        float32, shape (y, x) or (y, x, 3) with the longer side ≤ 128; never enlarged; NaN where no
        pixel is finite.
    low, high
        The contrast window: 0.1 and 99.9 percentile of the plane, or 0..255 for 8-bit RGB.
    dhash
        64-bit difference hash of luma reduced to 9×8 by area averages; 16 hex digits; None when the
        plane is flat or smaller than 9×8.
    """

    pixels: np.ndarray
    low: float
    high: float
    dhash: str | None


@dataclass(frozen=True, slots=True)
class Accumulated:
    """All accumulators of one plane; None where not asked for or not defined."""

    moments: Moments | None = None
    histogram: Histogram | None = None
    stencil: Stencil | None = None
    profiles: Profiles | None = None
    cells: Cells | None = None
    colour: Colour | None = None
    thumbnail: Thumbnail | None = None
