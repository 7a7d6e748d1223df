"""A stack of planes on its way to a file: what is known of it, and the parts in which it is written."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from math import prod

import numpy as np

from smalti.core.errors import SmaltiError
from smalti.writers.levels import Region
from smalti.writers.pyramid import Read

__all__ = ["SLAB_BYTES", "Volume", "checked", "slabs"]

SLAB_BYTES = 16 << 20
"""Pixels that are read and written at a time."""


@dataclass(frozen=True, slots=True)
class Volume:
    """What is known of a stack.

    Parameters
    ----------
    axes
        ``"zyx"`` of a volume, ``"tyx"`` of a film.
    shape, dtype
        Of its pixels, as `axes`.
    steps
        From pixel to pixel by axis, z, y and x in `unit`, t in seconds; what is unknown is absent.
    origin
        Where the centre of the first pixel is, by axis, in `unit`.
    unit
        ``"um"``, or ``""`` where the source states numbers without one.
    name
        For people.
    facts
        What else is written with it, as texts.
    """

    axes: str
    shape: tuple[int, int, int]
    dtype: np.dtype
    steps: Mapping[str, float] = field(default_factory=dict)
    origin: Mapping[str, float] = field(default_factory=dict)
    unit: str = "um"
    name: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)


def slabs(shape: tuple[int, int, int], itemsize: int, most: int = SLAB_BYTES) -> Iterator[Region]:
    """Regions of a stack in the order of its pixels: whole planes, or rows of one where it is large."""
    n, height, width = shape
    deep = most // max(1, prod(shape[1:]) * itemsize)
    rows = height if deep else max(1, most // max(1, width * itemsize))
    for z in range(0, n, max(1, deep)):
        for y in range(0, height, rows):
            yield slice(z, min(z + max(1, deep), n)), slice(y, min(y + rows, height)), slice(0, width)


def checked(volume: Volume, read: Read, region: Region) -> np.ndarray:
    """Pixels of a region, of the shape and type that were declared."""
    pixels = read(region)
    shape = tuple(part.stop - part.start for part in region)
    if pixels.shape != shape or pixels.dtype != volume.dtype:
        found = f"{pixels.dtype} of shape {pixels.shape}"
        raise SmaltiError(f"its reader gave {found} where {volume.dtype} of {shape} was declared")
    return pixels
