"""How noise grows with brightness."""

import numpy as np

from smalti.core.columns import Column
from smalti.core.plugin import metric
from smalti.kernels.accumulators import Cells
from smalti.metrics._rows import medians

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
    many=True,
)
def photon_transfer(cells: Cells) -> tuple[np.ndarray, np.ndarray]:
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
    found = np.full((2, len(cells.n_blocks)), np.nan)
    if (np.count_nonzero(cells.n_blocks, axis=(1, 2)) < LEVELS * FEWEST_CELLS).all():
        return found[0], found[1]
    coarse = mean, noise, _ = _coarse(cells)
    usable = (noise > 0) & (noise < np.inf) & np.isfinite(mean)
    whole = usable.all(axis=1)
    if whole.any():
        found[:, whole] = _transfer(*(values[whole] for values in coarse))
    for i in np.flatnonzero(~whole):
        found[:, [i]] = _transfer(*(values[i, usable[i]][None] for values in coarse))
    return found[0], found[1]


def _transfer(mean: np.ndarray, noise: np.ndarray, n: np.ndarray) -> tuple[np.ndarray, np.ndarray] | float:
    """Gain and read noise of planes, out of cells (planes, cells) that can all be used; NaN of too few."""
    planes, cells = mean.shape
    each = cells // LEVELS
    if each < FEWEST_CELLS:
        return np.nan
    order = np.argsort(mean, axis=1)[:, : each * LEVELS] + cells * np.arange(planes)[:, None]
    groups = planes, LEVELS, each
    variance = _quiet(noise.take(order).reshape(groups), medians(n.take(order), each * LEVELS))
    slope, dark = _line(mean.take(order).reshape(groups).mean(axis=2), variance)
    return np.where(slope > 0, slope, np.nan), np.where(dark > 0, np.sqrt(dark), np.nan)


def _line(light: np.ndarray, variance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Slope of the line through the groups, 0 when lost in their scatter, and its height at the darkest."""
    i, j = _PAIRS
    apart = light.take(j, axis=1) - light.take(i, axis=1)
    differ = apart > 0
    slopes = np.where(differ, (variance.take(j, axis=1) - variance.take(i, axis=1)) / apart, np.nan)
    slope = medians(slopes, differ.sum(axis=1))
    away = light - light[:, :1]
    heights = variance - slope[:, None] * away
    dark = medians(heights, LEVELS)
    scatter = medians(np.abs(heights - dark[:, None]), LEVELS)
    sure = slope * away[:, -1] > SURE * scatter
    return np.where(sure, slope, 0), np.where(sure, dark, medians(variance, LEVELS))


def _coarse(cells: Cells) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean, variance of the noise and number of blocks of 2×2 cells together, (N, all)."""
    n = _sums(cells.n_blocks)
    mean = _sums(_times(cells.mean, cells.count)) / _sums(cells.count)
    return mean, _sums(_times(cells.noise, cells.n_blocks)) / n, n


def _times(means: np.ndarray, n: np.ndarray) -> np.ndarray:
    """Sums of `n` numbers from their means; 0 of none. `numpy.where` would take half as long again."""
    sums: np.ndarray = means * n
    sums[n == 0] = 0
    return sums


def _sums(values: np.ndarray) -> np.ndarray:
    planes, height, width = values.shape
    rows = values[:, 0 : height - 1 : 2] + values[:, 1:height:2]
    total: np.ndarray = rows[..., 0 : width - 1 : 2] + rows[..., 1:width:2]
    return total.reshape(planes, -1)


def _quiet(noise: np.ndarray, n: np.ndarray) -> np.ndarray:
    """Variance of the noise of each group (N, groups, cells), from its quietest cells of `n` (N,) blocks.

    Noise alone spreads as chi squared over n, whose quantile is that of Wilson and Hilferty (1931).
    """
    spread = 2 / (9 * n)
    root = np.maximum(1 - spread + Z_QUIET * np.sqrt(spread), 0.05)
    place, part = divmod(QUIET * (noise.shape[2] - 1), 1)
    ranked = np.sort(noise, axis=2)
    low, high = ranked[..., int(place)], ranked[..., min(int(place) + 1, noise.shape[2] - 1)]
    found: np.ndarray = (low + part * (high - low)) / (root * root * root)[:, None]
    return found
