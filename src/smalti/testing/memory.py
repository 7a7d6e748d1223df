"""Images made of an array, as a loader would yield them."""

from dataclasses import replace
from typing import Any

import numpy as np

from smalti.core.image import Image, ImageRef

__all__ = ["image_of"]


def image_of(array: np.ndarray, axes: str, path: str = "memory.npy", **facts: Any) -> Image:
    """An `Image` whose pixels are `array`.

    Parameters
    ----------
    array
        Pixels, kept as they are.
    axes
        One letter an axis, out of ``TCZYXS``.
    path
        What the reference says.
    facts
        Other fields of `Image`: ``samples="RGB"``, ``channel_names=…``.
    """
    ref = ImageRef(uri=f"memory://{path}", path=path, size_bytes=array.nbytes, loader="memory")
    image = Image(ref, axes, array.shape, array.dtype, pixels=lambda index, level: array[index])
    return replace(image, **facts)
