"""Which intensities a thumbnail shows black and white, alone or together with others."""

from typing import Literal, get_args

import numpy as np

__all__ = ["CONTRASTS", "Contrast", "common_windows", "curve"]

Contrast = Literal["image", "group", "all", "clipped"]
"""Each image by its own window; one for each group; one for all; one for all that leaves out the extremes.
A window is shared by images of one pixel type only."""

CONTRASTS: tuple[Contrast, ...] = get_args(Contrast)

CLIPPED = (5.0, 95.0)
"""Percentiles of the images' own ends between which the ``"clipped"`` window lies."""


def common_windows(own: np.ndarray, contrast: Contrast, kind: np.ndarray, group: np.ndarray) -> np.ndarray:
    """The window of each image under a contrast.

    Parameters
    ----------
    own
        float64, (n, 2): lowest and highest intensity of each image's own window; NaN where it takes no
        part, as a colour image does, whose colours a common window would change.
    contrast
        How far a window is shared.
    kind, group
        int, (n,): pixel type and group of each image. Images of different types never share a window: a
        range of 65,535 would show all 8-bit images black.

    Returns
    -------
    float64, (n, 2); NaN where the image keeps its own.
    """
    shared = np.full(own.shape, np.nan)
    has = np.isfinite(own).all(axis=1) & (contrast != "image")
    key = kind.astype(np.int64)
    if contrast == "group":
        key = key * (int(group.max(initial=0)) + 1) + group
    for value in np.unique(key[has]):
        members = np.flatnonzero(has & (key == value))
        low, high = own[members].T
        if contrast == "clipped":
            shared[members] = np.percentile(low, CLIPPED[0]), np.percentile(high, CLIPPED[1])
        else:
            shared[members] = low.min(), high.max()
    return shared


def curve(own: np.ndarray, shown: np.ndarray) -> np.ndarray:
    """What becomes of the 256 stored levels of a thumbnail, uint8.

    Parameters
    ----------
    own, shown
        float64, (2,): the window it was stored with, and the one it is shown with.
    """
    intensity = own[0] + np.arange(256) * ((own[1] - own[0]) / 255)
    width = max(shown[1] - shown[0], np.finfo(np.float64).tiny)
    levels: np.ndarray = np.rint(((intensity - shown[0]) / width).clip(0, 1) * 255).astype(np.uint8)
    return levels
