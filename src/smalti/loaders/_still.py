"""A raster file as its header describes it, and how to decode its frames."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from math import prod

import numpy as np

from smalti.core.image import Image, ImageRef, Pixels
from smalti.core.records import changed
from smalti.loaders._size import refuse_larger

__all__ = ["Rows", "Still", "image_of"]

Rows = Callable[[int, int], np.ndarray]
"""``rows(start, stop)``: rows of a still image, (n, X) or (n, X, S); cheap from top to bottom."""


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
    rows
        Given in place of `decode` to read a large still image by rows.
    """

    samples: str
    size: tuple[int, int]
    dtype: np.dtype
    decode: Callable[[int], np.ndarray]
    frames: int = 1
    partial: str | None = None
    acquired_at: datetime | None = None
    metadata: Mapping[str, object] = field(default_factory=dict)
    rows: Rows | None = None


def image_of(ref: ImageRef, still: Still, limit: int) -> Image:
    """The `Image` of a raster file; a frame is decoded at the first read and the last one is kept.

    Raises
    ------
    TooLargeError
        One frame is declared larger than `limit` bytes.
    """
    plane = still.size + ((len(still.samples),) if still.samples else ())
    if still.rows is None:
        refuse_larger(prod(plane) * still.dtype.itemsize, limit)
    timed = still.frames > 1
    return Image(
        ref=changed(ref, series=0),
        axes=("T" if timed else "") + "YX" + ("S" if still.samples else ""),
        shape=((still.frames,) if timed else ()) + plane,
        dtype=still.dtype,
        pixels=_region(still, still.rows, plane, limit) if still.rows else _pixels(still, plane),
        block_shape=(1, *plane[1:]) if still.rows else None,
        samples=still.samples,
        acquired_at=still.acquired_at,
        partial=still.partial,
        metadata=still.metadata,
    )


def _region(still: Still, rows: Rows, plane: tuple[int, ...], limit: int) -> Pixels:
    def pixels(index: tuple[int | slice, ...], level: int) -> np.ndarray:
        down, *rest = index
        wanted = range(down, down + 1) if isinstance(down, int) else range(down.start, down.stop, down.step)
        refuse_larger(len(wanted) * prod(plane[1:]) * still.dtype.itemsize, limit, "this region")
        found = rows(wanted.start, wanted[-1] + 1)[:: wanted.step, *rest]
        return found[0] if isinstance(down, int) else found

    return pixels


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
