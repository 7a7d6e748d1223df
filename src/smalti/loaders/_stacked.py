"""Images out of a flat array whose axes may be more than ours."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from smalti.core.axes import STACK_AXES
from smalti.core.image import Image, ImageRef
from smalti.loaders._about import About
from smalti.loaders._axes import Part, parts
from smalti.loaders._flat import Flat, FlatPixels

__all__ = ["stacked_images"]


def stacked_images(ref: ImageRef, flat: Flat, letters: str, about: About, limit: int) -> Iterator[Image]:
    """The images of an array; one, unless it has axes that find no letter.

    Parameters
    ----------
    letters
        One an axis of `flat`, slowest first; ``"?"`` for an axis of unknown meaning.
    """
    plane = next((i for i, letter in enumerate(letters) if letter not in STACK_AXES + "?"), 0)
    pixels = FlatPixels(flat, plane, limit)
    try:
        for series, part in enumerate(parts(letters, flat.shape)):
            yield _image(replace(ref, series=series), flat, pixels, part, about)
    finally:
        pixels.close()


def _image(ref: ImageRef, flat: Flat, pixels: FlatPixels, part: Part, about: About) -> Image:
    shape = part.left(flat.shape)
    samples = shape[part.axes.index("S")] if "S" in part.axes else 0

    def read(index: tuple[int | slice, ...], level: int) -> np.ndarray:
        return pixels.read(part.whole(index))

    return Image(
        ref=ref,
        axes=part.axes,
        shape=shape,
        dtype=flat.given,
        pixels=read,
        samples={3: "RGB", 4: "RGBA"}.get(samples, "?" * samples),
        pixel_size_um={axis: size for axis, size in about.pixel_size_um.items() if axis in part.axes},
        time_interval_s=about.time_interval_s if "T" in part.axes else None,
        acquired_at=about.acquired_at,
        block_shape=part.left(pixels.block_shape),
        metadata=about.metadata,
    )
