"""How an array of images is cut: chunks that are read alone, and shards, files of many chunks."""

from dataclasses import dataclass
from math import ceil, prod

import numpy as np

from smalti.core.axes import even_part
from smalti.core.errors import UsageError

__all__ = ["Grid", "Shape", "plan_grid"]

Shape = tuple[int, int, int, int]
"""Images, channels, height, width."""

TILED_ABOVE = 4_000_000
"""Pixels of a plane from which on it is cut into tiles."""
TILE = 2048
CHUNK_BYTES = 256 << 20
"""A chunk of all channels above this is cut into one a channel; Blosc takes no more than 2 GiB."""
SHARD_BYTES = 64 << 20
"""Pixels of a shard before compression: images are added until it is reached."""
MOST_BYTES = 256 << 20
"""An image above this is cut into several shards."""
MOST_IMAGES = 16_384
"""So that the index of a shard, which is there before its images, stays at 256 kB."""


@dataclass(frozen=True, slots=True)
class Grid:
    """Chunks and shards of an array of images.

    Parameters
    ----------
    image
        Channels, height and width of an image.
    dtype
        Of its pixels.
    chunk, shard
        Images, channels, height, width of each; a shard's are whole multiples of a chunk's.
    """

    image: tuple[int, int, int]
    dtype: np.dtype
    chunk: Shape
    shard: Shape

    @property
    def image_bytes(self) -> int:
        """Bytes of one image."""
        return prod(self.image) * self.dtype.itemsize

    @property
    def chunks_in_shard(self) -> Shape:
        """Chunks along each axis of a shard."""
        n, c, h, w = (whole // part for whole, part in zip(self.shard, self.chunk, strict=True))
        return n, c, h, w

    @property
    def shards_of_image(self) -> tuple[int, int, int]:
        """Shards along channels, height and width."""
        c, h, w = (ceil(whole / part) for whole, part in zip(self.image, self.shard[1:], strict=True))
        return c, h, w


def plan_grid(
    image: tuple[int, int, int],
    dtype: np.dtype,
    chunk_shape: tuple[int, ...] | None = None,
    shard_images: int | None = None,
) -> Grid:
    """A chunk an image, or a tile of one above 4 megapixels; shards of 64 to 256 MB.

    Parameters
    ----------
    image
        Channels, height and width.
    dtype
        Of its pixels.
    chunk_shape
        Wanted instead: images, height, width, or images, channels, height, width.
    shard_images
        Images a shard; rounded up to whole chunks.

    Raises
    ------
    UsageError
        A chunk that is no chunk of such images.
    """
    chunk = _given(image, chunk_shape) if chunk_shape else _usual(image, dtype)
    whole = [ceil(length / part) * part for length, part in zip(image, chunk[1:], strict=True)]
    image_bytes = prod(whole) * dtype.itemsize
    if image_bytes > MOST_BYTES and shard_images is None:
        return Grid(image, dtype, chunk, (chunk[0], *_split(whole, chunk, dtype.itemsize)))
    wanted = shard_images or min(max(1, ceil(SHARD_BYTES / image_bytes)), MOST_IMAGES)
    c, h, w = whole
    return Grid(image, dtype, chunk, (ceil(wanted / chunk[0]) * chunk[0], c, h, w))


def _usual(image: tuple[int, int, int], dtype: np.dtype) -> Shape:
    c, h, w = image
    if h * w > TILED_ABOVE:
        h, w = even_part(h, TILE), even_part(w, TILE)
    return (1, c if c * h * w * dtype.itemsize <= CHUNK_BYTES else 1, h, w)


def _given(image: tuple[int, int, int], wanted: tuple[int, ...]) -> Shape:
    if len(wanted) not in (3, 4) or min(wanted) < 1:
        text = ",".join(map(str, wanted))
        raise UsageError(f"chunk shape {text}: give N,H,W or N,C,H,W, whole numbers from 1 up")
    n, c, h, w = wanted if len(wanted) == 4 else (wanted[0], image[0], *wanted[1:])
    return (n, min(c, image[0]), min(h, image[1]), min(w, image[2]))


def _split(whole: list[int], chunk: Shape, itemsize: int) -> tuple[int, int, int]:
    """Shard of a part of one image: the longest axis is halved, in whole chunks, until it is small enough."""
    parts = list(whole)
    while chunk[0] * prod(parts) * itemsize > MOST_BYTES:
        counts = [ceil(part / step) for part, step in zip(parts, chunk[1:], strict=True)]
        axis = int(np.argmax(counts))
        if counts[axis] == 1:
            break
        parts[axis] = ceil(counts[axis] / 2) * chunk[1 + axis]
    return parts[0], parts[1], parts[2]
