"""How noise grows with brightness."""

from math import sqrt

import numpy as np

from smalti.core.columns import Column
from smalti.core.plugin import metric
from smalti.kernels.accumulators import Cells
from smalti.metrics._number import median, number

__all__ = ["photon_transfer"]

LEVELS = 16
"""Groups of cells of like brightness."""

FEWEST_CELLS = 8
"""In a group."""

QUIET = 0.25
"""Of the cells of one brightness so many are taken to hold nothing but noise."""

Z_QUIET = -0.674489750196
"""The quantile of the normal distribution at `QUIET`."""


SURE = 4
"""Times the scatter of the groups about the line (median) that noise grows from the darkest to the
brightest."""

_PAIRS = np.triu_indices(LEVELS, 1)


@metric(
    Column("gain", "Float32", "intensity", "Intensity that one detected photon adds."),
    Column("read_noise", "Float32", "intensity", "Standard deviation of the noise in the darkest parts."),
)
def photon_transfer(cells: Cells) -> tuple[float | None, float | None]:
    """How noise grows with brightness, from one plane.

    Shot noise has the variance gain · light, and a camera adds its read noise. The cells of the plane, 32×32
    of them, are put into 16 groups by mean. In each group the quietest quarter gives the variance of the
    noise, corrected for its being the quietest. A straight line through variance over mean (Theil–Sen) has
    the slope gain (mean–variance or photon-transfer method, Janesick 2007, Photon Transfer, SPIE; from a
    single image Foi et al. 2008, IEEE Trans. Image Process. 17, 1737). read_noise is the root of that line at
    the mean of the darkest group: an upper bound where nothing in the plane is dark.

    Texture that is everywhere at some brightness counts as noise; compression and denoising spoil both. On
    smooth ground within 10 %, on pictures up to twice the truth. Null with fewer than 128 cells that hold
    noise, as in planes below 100 pixels; gain also where noise does not grow.
    """
    if np.count_nonzero(cells.n_blocks) < LEVELS * FEWEST_CELLS:
        return None, None
    mean, noise, n = _coarse(cells)
    usable = (n > 0) & (noise > 0) & np.isfinite(noise) & np.isfinite(mean)
    each = int(np.count_nonzero(usable)) // LEVELS
    if each < FEWEST_CELLS:
        return None, None
    order = np.flatnonzero(usable)[np.argsort(mean[usable])][: each * LEVELS]
    groups = order.reshape(LEVELS, each)
    variance = _quiet(noise[groups], median(n[order]))
    slope, dark = _line(mean[groups].mean(axis=1), variance)
    return number(slope) if slope > 0 else None, number(sqrt(dark)) if dark > 0 else None


def _line(light: np.ndarray, variance: np.ndarray) -> tuple[float, float]:
    """Slope of the line through the groups, 0 when lost in their scatter, and its height at the darkest."""
    i, j = _PAIRS
    apart = light[j] - light[i]
    if not (apart > 0).any():
        return 0.0, median(variance)
    with np.errstate(over="ignore", invalid="ignore"):
        slope = median((variance[j] - variance[i])[apart > 0] / apart[apart > 0])
        heights = variance - slope * (light - light[0])
        dark = median(heights)
        scatter = median(np.abs(heights - dark))
        rise = slope * float(light[-1] - light[0])
    return (slope, dark) if rise > SURE * scatter else (0.0, median(variance))


def _coarse(cells: Cells) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean, variance of the noise and number of blocks of 2×2 cells together, flat."""
    n = _sums(cells.n_blocks)
    with np.errstate(invalid="ignore", over="ignore"):
        noise = _sums(np.where(cells.n_blocks > 0, cells.noise * cells.n_blocks, 0)) / n
        mean = _sums(np.where(cells.count > 0, cells.mean * cells.count, 0)) / _sums(cells.count)
    return mean, noise, n


def _sums(values: np.ndarray) -> np.ndarray:
    height, width = (size // 2 * 2 for size in values.shape)
    rows = values[0:height:2] + values[1:height:2]
    total: np.ndarray = rows[:, 0:width:2] + rows[:, 1:width:2]
    return total.ravel()


def _quiet(noise: np.ndarray, n: float) -> np.ndarray:
    """Variance of the noise of each group (groups, cells), from its quietest cells of `n` blocks.

    Noise alone spreads as chi squared over n, whose quantile is that of Wilson and Hilferty (1931).
    """
    spread = 2 / (9 * n)
    share = max(1 - spread + Z_QUIET * spread**0.5, 0.05) ** 3
    place, part = divmod(QUIET * (noise.shape[1] - 1), 1)  # np.quantile would take 0.1 ms
    ranked = np.sort(noise, axis=1)
    low, high = ranked[:, int(place)], ranked[:, min(int(place) + 1, noise.shape[1] - 1)]
    found: np.ndarray = (low + part * (high - low)) / share
    return found
