"""Known defects: each takes an image, a level and a generator, and gives a new image.

All keep the shape and dtype, clip to what the dtype can hold, and work on any stack of planes with axes
(…, Y, X), or (…, Y, X, S) for colour where ``colour=True``. Nothing here changes its input.
"""

import io
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image as Picture
from scipy import ndimage

from smalti.core.errors import UnknownNameError, UsageError

__all__ = [
    "DEFECTS",
    "Defect",
    "apply_defect",
    "blur",
    "empty",
    "find_defect",
    "jpeg",
    "noise",
    "saturation",
    "stripes",
    "vignetting",
]


def blur(image: np.ndarray, level: float, rng: np.random.Generator | None = None) -> np.ndarray:
    """Defocus: a Gaussian of sigma `level` px."""
    return _like(ndimage.gaussian_filter(_float(image), _per_plane(image, level)), image)


def noise(image: np.ndarray, level: float, rng: np.random.Generator) -> np.ndarray:
    """Add Gaussian noise of standard deviation `level`, intensity units."""
    return _like(_float(image) + rng.normal(0, level, image.shape), image)


def saturation(image: np.ndarray, level: float, rng: np.random.Generator | None = None) -> np.ndarray:
    """Overexpose: a gain of `level` above the background, cut off at the ceiling of the bits used.

    The ceiling is the smallest of 2⁸ − 1, 2¹⁰ − 1, 2¹² − 1, 2¹⁴ − 1 and 2¹⁶ − 1 that holds the image's
    maximum; of a float image its maximum, of a wider integer the largest value of the type.
    """
    dark = float(np.percentile(image, 1))
    return _like(np.minimum(dark + (_float(image) - dark) * level, _ceiling(image)), image)


def vignetting(image: np.ndarray, level: float, rng: np.random.Generator | None = None) -> np.ndarray:
    """Darken the corners by a quadratic surface: a corner gets `level` (0..1) of the light of the centre."""
    height, width = (image.shape[axis] for axis in _plane_axes(image))
    y = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    x = np.linspace(-1, 1, width, dtype=np.float32)[None, :]
    falloff: np.ndarray = 1 - (1 - level) * (y**2 + x**2) / 2
    return _like(_float(image) * _aligned(falloff, image), image)


def stripes(image: np.ndarray, level: float, rng: np.random.Generator) -> np.ndarray:
    """Add to each row an offset of its own: normal, standard deviation `level`, intensity units."""
    rows = rng.normal(0, level, (image.shape[_plane_axes(image)[0]], 1))
    return _like(_float(image) + _aligned(rows, image), image)


def jpeg(image: np.ndarray, level: float, rng: np.random.Generator | None = None) -> np.ndarray:
    """Compress one plane as JPEG of quality `level` (1..95) and decode it again.

    A plane that is not uint8 goes through 8 bits between its minimum and maximum. Colour keeps full
    resolution (4:4:4), so that blocks are 8 px in all channels.
    """
    if image.ndim != 2 + _is_colour(image):
        raise UsageError(f"jpeg takes one plane, (Y, X) or (Y, X, 3); this image has shape {image.shape}")
    low, high = (0.0, 255.0) if image.dtype == np.uint8 else (float(image.min()), float(image.max()))
    scale = 255 / (high - low) if high > low else 1.0
    coded = io.BytesIO()
    eight = np.rint((_float(image) - low) * scale).astype(np.uint8)
    Picture.fromarray(eight).save(coded, "JPEG", quality=int(level), subsampling=0)
    with Picture.open(coded) as picture:
        return _like(np.asarray(picture, np.float64) / scale + low, image)


def empty(image: np.ndarray, level: float, rng: np.random.Generator) -> np.ndarray:
    """Leave the background only: its most frequent value, plus noise of sigma `level`, intensity units.

    Level 0 gives a constant image, as from a closed shutter.
    """
    counts, edges = np.histogram(image, bins=256)
    background = float(edges[int(counts.argmax())])
    return _like(background + rng.normal(0, level, image.shape), image)


@dataclass(frozen=True, slots=True)
class Defect:
    """A defect and the levels it is made at.

    Parameters
    ----------
    name, function
        As in this module.
    unit
        Of `levels`.
    levels
        Five levels from mild to grave, for uint8 images. Levels in intensity units are given for images
        that use 0..255 and grow with the range, see `level_for`.
    """

    name: str
    function: Callable[[np.ndarray, float, np.random.Generator], np.ndarray]
    unit: str
    levels: tuple[float, ...]

    def level_for(self, image: np.ndarray, level: float) -> float:
        """`level` in the intensity units of `image`; unchanged if the level is no intensity."""
        return level * _ceiling(image) / 255 if self.unit == "intensity" else level


DEFECTS: dict[str, Defect] = {
    defect.name: defect
    for defect in (
        Defect("blur", blur, "px", (1.0, 1.5, 2.5, 4.0, 6.0)),
        Defect("noise", noise, "intensity", (4.0, 8.0, 14.0, 24.0, 40.0)),
        Defect("saturation", saturation, "gain", (1.5, 2.0, 3.0, 5.0, 8.0)),
        Defect("vignetting", vignetting, "share", (0.85, 0.7, 0.55, 0.4, 0.25)),
        Defect("stripes", stripes, "intensity", (2.0, 4.0, 8.0, 14.0, 24.0)),
        Defect("jpeg", jpeg, "quality", (90.0, 70.0, 50.0, 30.0, 10.0)),
        Defect("empty", empty, "intensity", (8.0, 4.0, 2.0, 1.0, 0.0)),
    )
}
"""All defects by name, each with five levels from mild to grave."""


def apply_defect(name: str, image: np.ndarray, level: float, seed: int = 0) -> np.ndarray:
    """`image` with the named defect at `level` (in the defect's unit, as its function takes it).

    Raises
    ------
    UnknownNameError
        No such defect.
    """
    return find_defect(name).function(image, level, np.random.default_rng(seed))


def find_defect(name: str) -> Defect:
    """One of `DEFECTS`, or UnknownNameError with the nearest name."""
    if name not in DEFECTS:
        raise UnknownNameError("defect", name, DEFECTS)
    return DEFECTS[name]


def _is_colour(image: np.ndarray) -> bool:
    """Whether the last axis holds colour samples: a trailing axis of 3 or 4 behind two longer ones."""
    return image.ndim > 2 and image.shape[-1] in (3, 4) and min(image.shape[-3:-1]) > 4


def _plane_axes(image: np.ndarray) -> tuple[int, int]:
    return (-3, -2) if _is_colour(image) else (-2, -1)


def _aligned(plane: np.ndarray, image: np.ndarray) -> np.ndarray:
    """`plane` (Y, X) so that it broadcasts against the planes of `image`."""
    return plane[..., None] if _is_colour(image) else plane


def _per_plane(image: np.ndarray, sigma: float) -> tuple[float, ...]:
    axes = {axis % image.ndim for axis in _plane_axes(image)}
    return tuple(sigma if axis in axes else 0.0 for axis in range(image.ndim))


def _float(image: np.ndarray) -> np.ndarray:
    return image.astype(np.float64 if image.dtype.itemsize > 2 else np.float32)


def _ceiling(image: np.ndarray) -> float:
    high = float(image.max())
    if image.dtype.kind == "f":
        return high
    limits = [2.0**bits - 1 for bits in (8, 10, 12, 14, 16)]
    top = float(np.iinfo(image.dtype).max)
    return min((limit for limit in limits if limit >= high and limit <= top), default=top)


def _like(values: np.ndarray, image: np.ndarray) -> np.ndarray:
    """`values` in the dtype of `image`, rounded and clipped to it."""
    if image.dtype.kind == "f":
        return values.astype(image.dtype)
    limits = np.iinfo(image.dtype)
    held: np.ndarray = np.clip(np.rint(values), limits.min, limits.max)
    return held.astype(image.dtype)
