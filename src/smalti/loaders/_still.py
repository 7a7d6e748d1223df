"""A raster file as its header describes it, and how to decode its frames."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from math import prod

import numpy as np

from smalti.core.image import Image, ImageRef, Pixels
from smalti.loaders._size import refuse_larger

__all__ = ["Still", "image_of"]


@dataclass(frozen=True, slots=True)
class Still:
    """What one raster file is.

    Parameters
    ----------
    samples
        ``""`` for one sample a pixel, else one letter each, as `Image.samples`.
    size
        (Y, X).
    dtype
        Type of the decoded samples.
    decode
        Frame number to array of shape (Y, X) or (Y, X, S).
    frames
        1 for a still image; more become the axis T.
    """

    samples: str
    size: tuple[int, int]
    dtype: np.dtype
    decode: Callable[[int], np.ndarray]
    frames: int = 1
    partial: str | None = None
    acquired_at: datetime | None = None
    metadata: Mapping[str, object] = field(default_factory=dict)


def image_of(ref: ImageRef, still: Still, limit: int) -> Image:
    """The `Image` of a raster file; a frame is decoded at the first read and the last one is kept.

    Raises
    ------
    TooLargeError
        One frame is declared larger than `limit` bytes.
    """
    plane = still.size + ((len(still.samples),) if still.samples else ())
    refuse_larger(prod(plane) * still.dtype.itemsize, limit)
    timed = still.frames > 1
    return Image(
        ref=replace(ref, series=0),
        axes=("T" if timed else "") + "YX" + ("S" if still.samples else ""),
        shape=((still.frames,) if timed else ()) + plane,
        dtype=still.dtype,
        pixels=_pixels(still, plane),
        samples=still.samples,
        acquired_at=still.acquired_at,
        partial=still.partial,
        metadata=still.metadata,
    )


def _pixels(still: Still, plane: tuple[int, ...]) -> Pixels:
    kept: tuple[int, np.ndarray] | None = None

    def frame(number: int) -> np.ndarray:
        nonlocal kept
        if kept is None or kept[0] != number:
            array = still.decode(number)
            if array.shape != plane:
                raise ValueError(f"the header declares shape {plane}, the decoder gave {array.shape}")
            kept = (number, array.astype(still.dtype, copy=False))
        return kept[1]

    def pixels(index: tuple[int | slice, ...], level: int) -> np.ndarray:
        if still.frames == 1:
            return frame(0)[index]
        time, *rest = index
        if isinstance(time, int):
            return frame(time)[tuple(rest)]
        return np.stack([frame(t)[tuple(rest)] for t in range(time.start, time.stop, time.step)])

    return pixels
