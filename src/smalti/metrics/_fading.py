"""How light fades, from the mean and contrast of each frame."""

from math import expm1

import numpy as np

from smalti.metrics._number import number

__all__ = ["fading"]

FOLLOWS = 0.95
"""Least correlation of contrast and mean over time at which their line is taken for a fading of all light."""

FEWEST = 4
"""Frames below which such a line is chance."""


def fading(
    mean: np.ndarray, contrast: np.ndarray, darkest: np.ndarray, unsigned: bool
) -> tuple[float | None, float | None]:
    """Share of the light lost a frame, and the spread of light about that trend; None where undefined.

    Parameters
    ----------
    mean, contrast
        float64 (T,), intensity: of each frame; NaN where it could not be read.
    darkest
        float64 (T,), intensity: what the darkest parts of each frame give.
    unsigned
        Whether pixels cannot be below 0.
    """
    frames = np.flatnonzero(np.isfinite(mean + contrast + darkest))
    if frames.size < 2:
        return None, None
    offset = _offset(mean[frames], contrast[frames], float(darkest[frames].min()), unsigned)
    if offset is None:
        return None, None
    light = mean - offset
    frames = frames[light[frames] > 0]  # a frame without light (a closed shutter) says nothing of the trend
    if frames.size < 2:
        return None, None
    fall = np.log(light[frames])
    half = (frames.size + 1) // 2
    slope = float(np.median((fall[half:] - fall[:-half]) / (frames[half:] - frames[:-half])))
    level = float(np.median(fall - slope * frames))
    lost = number(0.0 - expm1(slope))  # 0, not −0, where nothing changes
    if frames.size < 3:
        return lost, None
    off = np.expm1(fall - level - slope * frames)
    return lost, number(float(np.sqrt(off @ off / (frames.size - 2))))


def _offset(mean: np.ndarray, contrast: np.ndarray, darkest: float, unsigned: bool) -> float | None:
    """What the camera gives in the dark; None when it cannot be told and may be below 0.

    The line through mean and contrast is the reduced major axis (Kermack & Haldane 1950), as both are
    measured with errors.
    """
    least = 0.0 if unsigned else -np.inf
    many = mean.size >= FEWEST and mean.std() > 0 and contrast.std() > 0
    if many and np.corrcoef(mean, contrast)[0, 1] >= FOLLOWS:
        at_no_contrast = mean.mean() - contrast.mean() * mean.std() / contrast.std()
        return float(min(max(at_no_contrast, least), darkest))
    return 0.0 if darkest >= 0 else None
