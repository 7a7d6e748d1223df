"""Seeded synthetic images: a scene of light, put through a camera that adds an offset, shot and read noise.

::

    image = synthetic("nuclei", seed=7)                      # uint16 (Y, X), 12 bits used
    image = synthetic("histology", dtype="uint8", seed=7)    # uint8 (Y, X, S)
    image = blur(image, 2.0)                                 # see `smalti.testing.defects`
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from smalti.core.errors import UnknownNameError
from smalti.testing.fields import Shape
from smalti.testing.scenes import cells, nuclei, stars
from smalti.testing.tissue import histology, micrograph

__all__ = ["SCENES", "Camera", "expose", "scene", "synthetic", "time_series", "z_stack"]

SCENES: dict[str, Callable[..., np.ndarray]] = {
    "nuclei": nuclei,
    "cells": cells,
    "micrograph": micrograph,
    "stars": stars,
    "histology": histology,
}
"""Scenes by name. Axes: YX, but ``cells`` is CYX (nuclei, actin) and ``histology`` YXS (red, green, blue)."""


@dataclass(frozen=True, slots=True)
class Camera:
    """How light becomes numbers.

    Parameters
    ----------
    dtype
        Type of the stored pixels; a float keeps fractions.
    full
        Value that light of 1.0 gives, before the offset; intensity units.
    offset
        Value in the dark, intensity units.
    photons
        Photons in light of 1.0: shot noise has the variance of the photons counted.
    read_noise
        Standard deviation in the dark, intensity units.
    ceiling
        Largest value the camera can give, intensity units; None for a float without one.
    """

    dtype: str = "uint16"
    full: float = 3600.0
    offset: float = 100.0
    photons: float = 4000.0
    read_noise: float = 3.0
    ceiling: float | None = 4095.0


CAMERAS = {
    "uint16": Camera(),
    "uint8": Camera("uint8", full=235.0, offset=6.0, photons=6000.0, read_noise=0.6, ceiling=255.0),
    "int16": Camera("int16", full=20_000.0, offset=-500.0, read_noise=12.0, ceiling=32_767.0),
    "uint32": Camera("uint32", full=3.0e6, offset=1.0e5, read_noise=2.0e3, ceiling=2.0**32 - 1),
    "float32": Camera("float32", full=1.0, offset=0.0, read_noise=8.0e-4, ceiling=None),
    "float64": Camera("float64", full=1.0, offset=0.0, read_noise=8.0e-4, ceiling=None),
}
"""The camera used for each type of pixel; uint16 is a 12-bit sCMOS."""


def scene(name: str, seed: int = 0, shape: Shape = (256, 256), **options: float) -> np.ndarray:
    """Light of a named scene, float32, 0..1; see `SCENES` for axes.

    Raises
    ------
    UnknownNameError
        No such scene.
    """
    if name not in SCENES:
        raise UnknownNameError("scene", name, SCENES)
    return SCENES[name](np.random.default_rng(seed), shape, **options)


def expose(light: np.ndarray, rng: np.random.Generator, camera: Camera = CAMERAS["uint16"]) -> np.ndarray:
    """Take a picture of `light` (any shape, 0..1); same shape, dtype of the camera.

    Shot noise is drawn from a normal distribution of the Poisson's variance: five times faster and the
    same to the eye at the ten and more photons that a dark pixel gets here.
    """
    variance = camera.full**2 / camera.photons * np.clip(light, 0, None) + camera.read_noise**2
    noise = rng.standard_normal(light.shape, np.float32) * np.sqrt(variance, dtype=np.float32)
    counts: np.ndarray = camera.offset + camera.full * light + noise
    dtype = np.dtype(camera.dtype)
    if dtype.kind == "f":
        return counts.astype(dtype)
    held: np.ndarray = np.clip(np.rint(counts), np.iinfo(dtype).min, camera.ceiling)
    return held.astype(dtype)


def synthetic(
    name: str = "nuclei",
    seed: int = 0,
    shape: Shape = (256, 256),
    dtype: str = "uint16",
    **options: float,
) -> np.ndarray:
    """One clean image of a named scene, the same for the same arguments.

    Parameters
    ----------
    name
        Out of `SCENES`.
    seed
        For `numpy.random.default_rng`.
    shape
        Y and X.
    dtype
        ``uint8 uint16 int16 uint32 float32 float64``.
    options
        Passed to the scene, such as ``spacing`` and ``radius`` of nuclei, px.

    Returns
    -------
    numpy.ndarray
        Axes as in `SCENES`.
    """
    if dtype not in CAMERAS:
        raise UnknownNameError("camera", dtype, CAMERAS)
    light = scene(name, seed, shape, **options)
    return expose(light, np.random.default_rng([seed, 1]), CAMERAS[dtype])


def z_stack(
    seed: int = 0, shape: Shape = (256, 256), n: int = 9, sharpest: int = 4, step: float = 0.9
) -> np.ndarray:
    """Two channels of cells, focused through; uint16 (C=2, Z, Y, X).

    Parameters
    ----------
    n
        Number of planes.
    sharpest
        Index of the plane in focus.
    step
        Defocus from one plane to the next, as the sigma of a Gaussian in px.
    """
    light = scene("cells", seed, shape)
    rng = np.random.default_rng([seed, 1])
    return np.stack(
        [np.stack([expose(_defocus(one, abs(z - sharpest) * step), rng) for z in range(n)]) for one in light]
    )


def _defocus(light: np.ndarray, sigma: float) -> np.ndarray:
    blurred: np.ndarray = ndimage.gaussian_filter(light, sigma)
    return blurred


def time_series(
    seed: int = 0, shape: Shape = (256, 256), n: int = 10, drift: int = 0, bleaching: float = 0.0
) -> np.ndarray:
    """Nuclei watched over time; uint16 (T, Y, X).

    Parameters
    ----------
    n
        Number of frames.
    drift
        The view moves by so many px along x in each frame: the picture moves towards lower x.
    bleaching
        Share of the light above the offset that is lost from one frame to the next.
    """
    wide = scene("nuclei", seed, (shape[0], shape[1] + drift * (n - 1)))
    rng = np.random.default_rng([seed, 1])
    frames = (wide[:, t * drift : t * drift + shape[1]] * (1 - bleaching) ** t for t in range(n))
    return np.stack([expose(frame, rng) for frame in frames])
