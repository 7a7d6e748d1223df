"""Power of a patch by octaves of frequency."""

import math
from functools import cache

import numpy as np

from smalti.curation.learning.look import Look, columns_of, ratio

__all__ = ["SPECTRUM", "spectrum"]

WINDOW = 64
"""Side of windows whose spectra are averaged, px."""

BANDS = (1 / 64, 1 / 32, 1 / 16, 1 / 8, 1 / 4)
"""Where octaves of frequency begin, periods a px; the last goes to the corners."""

SPECTRUM = columns_of(
    *(
        (
            f"power_{period}",
            "",
            f"Logarithm to 10 of power at {period // 2} to {period} px a period, of twice that.",
        )
        for period in (32, 16, 8, 4)
    ),
    ("power_slope", "", "Slope of log power over log frequency: 0 of white noise, about -3 of sharp tissue."),
)

LOWEST = 2
"""Ring of frequency from which on the slope is found."""


def spectrum(look: Look) -> list[float]:
    """Power by octaves of frequency, averaged over windows (Welch, IEEE Trans. Audio 15 (1967))."""
    powers = _power(look.levels[0])
    band, ring, logs = _rings(powers.shape)
    octaves = np.bincount(band.ravel(), powers.ravel(), len(BANDS) + 1)[1 : len(BANDS) + 1].tolist()
    ratios = [_log_ratio(octaves[i + 1], octaves[i]) for i in range(len(octaves) - 1)]
    return [*ratios, _slope(powers, ring, logs)]


def _log_ratio(above: float, below: float) -> float:
    return math.log10(above / below) if above > 0 and below > 0 else math.nan


def _slope(powers: np.ndarray, frequency: np.ndarray, logs: np.ndarray) -> float:
    """Of a line through the mean power of rings of equal width; the lowest lacks what the mean took."""
    rings = slice(LOWEST, LOWEST + len(logs))
    n = np.bincount(frequency.ravel(), minlength=rings.stop)[rings]
    means = np.bincount(frequency.ravel(), powers.ravel(), rings.stop)[rings] / np.maximum(1, n)
    some = means > 0
    if some.sum() < 2:
        return float("nan")
    x, y = logs[some] - logs[some].mean(), np.log10(means[some])
    return ratio(float(x @ y), float(x @ x))


def _power(picture: np.ndarray) -> np.ndarray:
    """Mean power of windows (side, side // 2 + 1) without their means, side by side over the picture."""
    from scipy import fft

    height, width = (min(WINDOW, length) for length in picture.shape)
    taper = _taper(height, width)
    total = np.zeros((height, width // 2 + 1))
    views = np.lib.stride_tricks.sliding_window_view(picture, (height, width))
    columns = _starts(picture.shape[1], width)
    for row in _starts(picture.shape[0], height):
        windows = views[row, columns]
        windows = (windows - windows.mean(axis=(1, 2), keepdims=True)) * taper
        found = fft.rfft2(windows)
        total += (found.real**2 + found.imag**2).sum(axis=0, dtype=np.float64)
    total[:, 1 : (width + 1) // 2] *= 2  # the other half, which is the same
    total[0, 0] = 0
    return total


def _starts(length: int, side: int) -> list[int]:
    """Where windows begin: as many as fit, spread evenly."""
    n = max(1, length // side)
    made: list[int] = np.linspace(0, length - side, n).round().astype(int).tolist()
    return made


@cache
def _taper(height: int, width: int) -> np.ndarray:
    """A window that falls to its ends (Hann's); flat where there are too few pixels for one."""
    down, along = (
        0.5 - 0.5 * np.cos(2 * np.pi * (np.arange(n) + 0.5) / n) if n > 3 else np.ones(n)
        for n in (height, width)
    )
    return np.outer(down, along).astype(np.float32)


@cache
def _rings(shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Band of each frequency, its ring of width 1/64 a pixel, and the logarithm of these."""
    height, width = shape[0], shape[1]
    across = np.fft.fftfreq(height)[:, None]
    side = 2 * (width - 1) if width > 1 else 1
    radius = np.hypot(across, np.arange(width) / max(1, side))
    ring = np.rint(radius * WINDOW).astype(np.int64)
    return np.digitize(radius, BANDS), ring, np.log10(np.arange(LOWEST, WINDOW // 2) / WINDOW)
