"""What all defects share: which axes are a plane, and how values go back to the image's type."""

import numpy as np

__all__ = ["aligned", "as_float", "ceiling", "floor", "is_colour", "like", "per_plane", "plane_axes"]


def is_colour(image: np.ndarray) -> bool:
    """Whether the last axis holds colour samples: a trailing axis of 3 or 4 behind two longer ones."""
    return image.ndim > 2 and image.shape[-1] in (3, 4) and min(image.shape[-3:-1]) > 4


def plane_axes(image: np.ndarray) -> tuple[int, int]:
    """Where Y and X are, counted from the end."""
    return (-3, -2) if is_colour(image) else (-2, -1)


def aligned(plane: np.ndarray, image: np.ndarray) -> np.ndarray:
    """`plane` (Y, X) so that it broadcasts against the planes of `image`."""
    return plane[..., None] if is_colour(image) else plane


def per_plane(image: np.ndarray, sigma: float) -> tuple[float, ...]:
    """`sigma` along Y and X, 0 along all other axes."""
    axes = {axis % image.ndim for axis in plane_axes(image)}
    return tuple(sigma if axis in axes else 0.0 for axis in range(image.ndim))


def as_float(image: np.ndarray) -> np.ndarray:
    """float32 where that holds all values of the type, else float64."""
    return image.astype(np.float64 if image.dtype.itemsize > 2 else np.float32)


def floor(image: np.ndarray) -> float:
    """The value without light: 0, or the image's minimum where that is lower."""
    return min(0.0, float(image.min()))


def ceiling(image: np.ndarray) -> float:
    """Full scale of the bits used, see `smalti.testing.defects.saturation`."""
    high = float(image.max())
    if image.dtype.kind == "f":
        return high
    limits = [2.0**bits - 1 for bits in (8, 10, 12, 14, 16)]
    top = float(np.iinfo(image.dtype).max)
    return min((limit for limit in limits if limit >= high and limit <= top), default=top)


def like(values: np.ndarray, image: np.ndarray) -> np.ndarray:
    """`values` in the dtype of `image`, rounded and clipped to it."""
    if image.dtype.kind == "f":
        return values.astype(image.dtype)
    limits = np.iinfo(image.dtype)
    held: np.ndarray = np.clip(np.rint(values), limits.min, limits.max)
    return held.astype(image.dtype)
