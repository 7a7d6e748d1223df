"""How an electron microscope shows a section: contrast, exposure, focus and grain, by dataset."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from smalti.testing.fields import Shape, enlarged, smooth_field

__all__ = ["Scope", "exposed", "scope"]


@dataclass(frozen=True, slots=True)
class Scope:
    """One microscope and the way its images were made.

    Parameters
    ----------
    contrast, brightness
        Grey levels that light of 0..1 spans, and the level of resin.
    noise
        Standard deviation of the grain, in grey levels.
    grain
        Size of the grain in px: 0 is white noise.
    blur
        Width of the focus in px.
    spacing
        Diameter of a neurite in px.
    shade
        Grey levels of uneven light.
    inverted
        Whether membranes are bright.
    """

    contrast: float
    brightness: float
    noise: float
    grain: float
    blur: float
    spacing: float
    shade: float
    inverted: bool


RESIN = 0.68
"""Light that resin and pale cytoplasm let through."""


def scope(rng: np.random.Generator) -> Scope:
    """A microscope at random."""
    contrast = float(np.exp(rng.uniform(np.log(130), np.log(320))))
    return Scope(
        contrast=contrast,
        brightness=float(rng.uniform(120, 185)),
        noise=float(np.exp(rng.uniform(np.log(2.5), np.log(0.09 * contrast)))),
        grain=float(rng.choice([0, 0, 0.5, 0.8])),
        blur=float(rng.uniform(0.3, 1.3)),
        spacing=float(rng.uniform(42, 95)),
        shade=float(rng.uniform(0, 8)),
        inverted=bool(rng.random() < 0.1),
    )


def exposed(
    rng: np.random.Generator,
    light: np.ndarray,
    how: Scope,
    *,
    gain: float = 1.0,
    noise: float | None = None,
    shift: float = 0.0,
) -> np.ndarray:
    """What a microscope makes of light; uint8 (Y, X).

    Parameters
    ----------
    light
        float32 (Y, X), 0..1.
    how
        The microscope.
    gain
        Its contrast, as a share of the usual.
    noise
        Grey levels of the grain instead of its own.
    shift
        Grey levels that all is brighter.
    """
    sharp = ndimage.gaussian_filter(light, how.blur)
    grey = how.brightness + how.contrast * gain * (sharp - RESIN)
    if how.inverted:
        grey = 255 - grey
    grey += shift + how.shade * smooth_field(rng, _shape(light), 70)
    grey += (how.noise if noise is None else noise) * _grain(rng, _shape(light), how.grain)
    made: np.ndarray = np.clip(np.rint(grey), 0, 255).astype(np.uint8)
    return made


def _grain(rng: np.random.Generator, shape: Shape, size: float) -> np.ndarray:
    return smooth_field(rng, shape, size) if size else rng.standard_normal(shape, np.float32)


def _shape(light: np.ndarray) -> Shape:
    return light.shape[0], light.shape[1]


def softened(light: np.ndarray, sigma: float) -> np.ndarray:
    """Far out of focus, by way of a grid of a quarter: a tenth of the time."""
    side = light.shape
    rows, columns = -(-side[0] // 4) * 4, -(-side[1] // 4) * 4
    whole = np.pad(light, [(0, rows - side[0]), (0, columns - side[1])], mode="edge")
    coarse = whole.reshape(rows // 4, 4, columns // 4, 4).mean(axis=(1, 3))
    wide = enlarged(np.pad(ndimage.gaussian_filter(coarse, sigma / 4), 1, mode="edge"), 4)
    return np.ascontiguousarray(wide[4 : 4 + side[0], 4 : 4 + side[1]])
