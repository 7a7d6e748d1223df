"""What a metric may ask for: sums over one plane, computed once and shared by all metrics.

A metric names the accumulators it needs as parameters and finishes them with a few lines of arithmetic.
All describe one 2-D plane. *Colour samples* are all samples less alpha. *Luma* is the plane itself, or
0.299 R + 0.587 G + 0.114 B of an RGB plane, or the mean of the samples of any other colour plane.
A pixel is *finite* when it is neither NaN nor infinite; complex pixels count by their absolute value and
booleans as 0 and 1. A mean over nothing is NaN here and must become None in a metric.

A metric that is marked to take many planes at once is given the same records for N planes of one shape and
type (``Moments[np.ndarray]``): what is a number of one plane is then an array (N,), what is an array has the
planes along its first axis, and what all planes share, as `Moments.n` and ``dtype``, is as it is for one. Its
histograms are `Histograms`.
"""

from dataclasses import dataclass
from typing import Generic

import numpy as np
from typing_extensions import TypeVar  # typing's own knows no default before Python 3.13

from smalti.kernels.histograms import Histogram, Histograms

__all__ = [
    "Accumulated",
    "Cells",
    "Colour",
    "Histogram",
    "Histograms",
    "Moments",
    "Profiles",
    "Spectrum",
    "Stencil",
    "Thumbnail",
]

Value = TypeVar("Value", float, np.ndarray, default=float)
"""A number of one plane, or of each of many planes, (N,)."""

Word = TypeVar("Word", "str | None", np.ndarray, default="str | None")
"""A text of one plane, or of each of many planes, (N,) of objects."""


@dataclass(frozen=True, slots=True)
class Moments(Generic[Value]):
    """Counts and central moments over all colour samples.

    Parameters
    ----------
    n
        Number of samples of a plane.
    n_finite, n_nan, n_inf, n_zero
        How many of them are finite, NaN, infinite, and exactly 0.
    min, max
        Of the finite samples; NaN when there are none.
    mean, m2, m3, m4
        Mean, and mean of the 2nd to 4th power of the distance from it (population); NaN when no sample
        is finite.
    dtype
        Stored type of the plane.
    """

    n: int
    n_finite: Value
    n_nan: Value
    n_inf: Value
    n_zero: Value
    min: Value
    max: Value
    mean: Value
    m2: Value
    m3: Value
    m4: Value
    dtype: np.dtype

    @property
    def std(self) -> Value:
        """Population standard deviation."""
        found: Value = self.m2**0.5
        return found


@dataclass(frozen=True, slots=True)
class Stencil(Generic[Value]):
    """Means over small windows of luma that lie inside the plane and hold finite pixels only.

    Parameters
    ----------
    n_windows, n_triples
        Number of 3×3 windows, and of 1×3 windows along x; with none, their means are NaN.
    mean, variance
        Mean and population variance of luma over its finite pixels.
    laplacian_variance
        Variance of the 4-neighbour Laplacian.
    gradient_energy
        Mean of Gx² + Gy², G by the Sobel masks with weights 1, 2, 1.
    brenner
        Mean of (I(x+2) − I(x))² along x.
    vollath_f4
        Mean of J(x) J(x+1) − J(x) J(x+2) along x, J = I − `mean`.
    noise_response
        Mean absolute response to the mask [1 −2 1; −2 4 −2; 1 −2 1].
    range_mean
        Mean of maximum − minimum in 3×3.
    std_mean, std_std
        Mean and standard deviation of the standard deviations in 3×3.
    mscn_variance
        Variance of (I − local mean) / (local std + C) in 3×3; C = 1 for integers, 1/255 of the plane's
        range for floats.
    n_hot
        Number of 3×3 windows whose centre is an outlier: more than 2.75 local standard deviations above the
        local mean, where 2.83 is the most that one of nine can be, and more than 8 C. That asks for some
        12 standard deviations of the noise of its neighbours; noise alone gives 6 in a million.
    """

    n_windows: Value
    n_triples: Value
    mean: Value
    variance: Value
    laplacian_variance: Value
    gradient_energy: Value
    brenner: Value
    vollath_f4: Value
    noise_response: Value
    range_mean: Value
    std_mean: Value
    std_std: Value
    mscn_variance: Value
    n_hot: Value


@dataclass(frozen=True, slots=True)
class Profiles(Generic[Value]):
    """Luma along rows and columns, and jumps between neighbours by their place in an 8-pixel grid.

    Parameters
    ----------
    row_mean, column_mean
        float64, shape (Y,) and (X,); NaN where a line has no finite pixel.
    jump_x, jump_y
        float64, shape (8,): mean absolute difference between neighbours along x (y), by the index of the
        right (lower) pixel modulo 8; entry 0 is the jump across a JPEG block boundary. NaN without a pair.
    bend_x, bend_y
        Mean squared second difference I(i−1) − 2 I(i) + I(i+1) along x (y) over finite triples.
    row_constant, column_constant
        bool, shape (Y,) and (X,): whether the finite pixels of a line, at least one, have one value.
    """

    row_mean: np.ndarray
    column_mean: np.ndarray
    jump_x: np.ndarray
    jump_y: np.ndarray
    bend_x: Value
    bend_y: Value
    row_constant: np.ndarray
    column_constant: np.ndarray


@dataclass(frozen=True, slots=True)
class Cells:
    """Luma over a grid of at most 64×64 cells; cell i of n covers pixels i·size//n up to (i+1)·size//n.

    Parameters
    ----------
    height, width
        Of the plane, px.
    count
        int64, shape (rows, columns): finite pixels in each cell.
    mean
        float64, same shape; NaN where a cell has no finite pixel.
    n_blocks
        int64, same shape: finite blocks of 2×2 pixels in each cell, side by side.
    noise
        float64, same shape: mean of ((a − b − c + d) / 2)² over the blocks [a b; c d] of a cell, the variance
        of white noise whatever the slope of the ground; NaN without a block.
    """

    height: int
    width: int
    count: np.ndarray
    mean: np.ndarray
    n_blocks: np.ndarray
    noise: np.ndarray


@dataclass(frozen=True, slots=True)
class Colour(Generic[Value]):
    """Opponent colours of one plane; only for planes with R, G and B, over pixels finite in all three.

    Parameters
    ----------
    n
        Number of such pixels; with none, all else is NaN.
    mean
        Means of R, G, B.
    rg_mean, rg_std, yb_mean, yb_std
        Of R − G and (R + G)/2 − B; population standard deviations.
    """

    n: Value
    mean: tuple[Value, Value, Value]
    rg_mean: Value
    rg_std: Value
    yb_mean: Value
    yb_std: Value


@dataclass(frozen=True, slots=True)
class Spectrum:
    """Power of luma by spatial frequency, from one crop of at most 256×256 pixels or the mean of four.

    Crops lie in the middle of the plane, or in the middles of its quarters when it is at least 2,048 pixels
    long and wide. Their mean is taken off and a Hann window laid over them; pixels that are not finite count
    as the mean. All are empty when more than half of every crop is not finite; among many planes, which share
    `frequency` and `count`, the power of such a plane is NaN.

    Parameters
    ----------
    frequency
        float64, cycles a pixel, ascending to 0.5: the mean over each ring; the constant part is left out.
    power
        float64: mean power of each ring, intensity²; white noise has its variance in all.
    count
        int64: number of frequencies in each ring.
    """

    frequency: np.ndarray
    power: np.ndarray
    count: np.ndarray


@dataclass(frozen=True, slots=True)
class Thumbnail(Generic[Value, Word]):
    """The plane made small by area averages over finite pixels.

    Parameters
    ----------
    pixels
        float32, shape (y, x) or, of an RGB plane, (y, x, 3), with the longer side ≤ 128; never enlarged;
        NaN where no pixel is finite. Other colour planes give luma.
    low, high
        The contrast window, low < high: 0.1 and 99.9 percentile of the plane, or 0..255 for 8-bit RGB.
    dhash
        64-bit difference hash of luma reduced to 9×8 by area averages; 16 hex digits; None when that is
        flat, the plane is smaller than 9×8, or a ninth by eighth of it has no finite pixel.
    phash
        64-bit perceptual hash: which of the lowest 8×8 cosine coefficients of luma reduced to 32×32 are above
        their median; 16 hex digits; None likewise, with 32×32.
    """

    pixels: np.ndarray
    low: Value
    high: Value
    dhash: Word
    phash: Word


@dataclass(frozen=True, slots=True)
class Accumulated:
    """All accumulators of one plane; None where not asked for or not defined.

    `digest` is 16 hex digits of xxh3-64 over type, shape and pixels as stored (alpha too), little-endian, in
    C order.
    """

    moments: Moments | None = None
    histogram: Histogram | None = None
    stencil: Stencil | None = None
    profiles: Profiles | None = None
    cells: Cells | None = None
    colour: Colour | None = None
    thumbnail: Thumbnail | None = None
    spectrum: Spectrum | None = None
    digest: str | None = None
