"""A volume in slabs that memory holds, and the patches of slices along its axes in them."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import NamedTuple

import numpy as np

from smalti.core.image import Image
from smalti.curation.grey import Window
from smalti.curation.names import Span
from smalti.curation.planes import ORDERS, Picked, padded
from smalti.curation.plans import Box
from smalti.curation.tiles import Edge, tiles

__all__ = ["Kept", "Tiling", "Volume", "slabs_of"]

READ_BYTES = 4 << 20
"""Of a slab that is read at once, or the slices that are stored together."""

STACK_BYTES = 1 << 20
"""Patches of one place that are copied and hashed together."""


@dataclass(frozen=True, slots=True)
class Tiling:
    """How slices are cut.

    Parameters
    ----------
    side
        Of a patch.
    least
        The shortest side of one at the edge.
    edge
        What becomes of it.
    spacing
        Every so many-th slice is cut.
    memory
        Bytes of a slab.
    """

    side: int
    least: int
    edge: Edge
    spacing: int
    memory: int

    @property
    def needed(self) -> int:
        """The shortest side of a patch."""
        return self.side if self.edge == "drop" else self.least


class _Segment(NamedTuple):
    """A part of an axis; `is_tile` where patches are cut of it."""

    span: Span
    is_tile: bool


class _Slab(NamedTuple):
    """What is read at once."""

    z: tuple[_Segment, ...]
    y: tuple[_Segment, ...]
    x: tuple[_Segment, ...]

    @property
    def box(self) -> tuple[Span, Span, Span]:
        """First and last of each axis."""
        z, y, x = ((parts[0].span[0], parts[-1].span[1]) for parts in (self.z, self.y, self.x))
        return z, y, x


@dataclass(slots=True)
class Kept:
    """The last volume that is one slab: it is hashed, and what is kept of it written, of one reading."""

    key: object = None
    pixels: np.ndarray | None = None


@dataclass(frozen=True, slots=True)
class Volume:
    """How one volume is cut; a `smalti.curation.plans.Plan`."""

    image: Image
    picked: Picked
    axes: tuple[int, ...]
    spacing: int
    side: int | None
    slabs: tuple[_Slab, ...]
    window: Window
    voxel_size: list[float] | None
    notes: tuple[str, ...]
    key: object
    kept: "Kept"

    @property
    def n_pieces(self) -> int:
        """Number of slabs."""
        return len(self.slabs)

    @property
    def digits(self) -> int:
        """Of the highest slice of any axis."""
        return len(str(max(self.picked.shape) - 1))

    def boxes(self, piece: int) -> list[Box]:
        """See `Plan`."""
        slab = self.slabs[piece]
        found = []
        for z, y, x in product(slab.z, slab.y, slab.x):
            for axis, (along, rows, columns) in enumerate(((z, y, x), (y, z, x), (x, z, y))):
                slices = self._slices(along.span)
                if axis in self.axes and rows.is_tile and columns.is_tile:
                    some = max(1, STACK_BYTES // (_length(rows.span) * _length(columns.span)))
                    parts = (slices[at : at + some] for at in range(0, len(slices), some))
                    found += [
                        Box(rows.span, columns.span, axis, part, 0, self.picked.channel) for part in parts
                    ]
        return found

    def read(self, piece: int) -> np.ndarray:
        """See `Plan`: (z, y, x), made bytes a few slices at a time: readers need as much again for these."""
        if self.n_pieces == 1 and self.kept.key == self.key and self.kept.pixels is not None:
            return self.kept.pixels
        z, y, x = self.slabs[piece].box
        made = np.empty([_length(span) for span in (z, y, x)], np.uint8)
        stored = stored_together(self.picked)
        some = READ_BYTES // max(1, _length(y) * _length(x) * self.picked.item) // stored * stored
        at = z[0]
        while at < z[1]:
            stop = min(z[1], at // stored * stored + max(some, stored))
            pixels = self.picked.read(slice(at, stop), slice(*y), slice(*x))
            made[at - z[0] : stop - z[0]] = self.picked.grey(pixels, self.window)
            at = stop
        self.kept.key, self.kept.pixels = (self.key, made) if self.n_pieces == 1 else (None, None)
        return made

    def patches(self, piece: int, pixels: np.ndarray, box: Box) -> np.ndarray:
        """See `Plan`."""
        assert box.axis is not None
        order = ORDERS[box.axis]
        first, rows, columns = (self.slabs[piece].box[axis][0] for axis in order)
        turned = np.transpose(pixels, order)[
            :, box.rows[0] - rows : box.rows[1] - rows, box.columns[0] - columns : box.columns[1] - columns
        ]
        return padded(_copied(turned, [(at or 0) - first for at in box.slices], box.axis), self.side)

    def _slices(self, span: Span) -> tuple[int, ...]:
        first = -(-span[0] // self.spacing) * self.spacing
        return tuple(range(first, span[1], self.spacing))


def _copied(turned: np.ndarray, slices: list[int], axis: int) -> np.ndarray:
    """Some slices of a volume, C-contiguous.

    Of yz slices row by row: a row of all of them is a plane of the volume, which stays in the cache while it
    is turned; slice by slice each pixel would be fetched alone, three times as slow.
    """
    if axis != 2 or len(slices) < 8:
        return np.stack([turned[at] for at in slices])
    made = np.empty((len(slices), *turned.shape[1:]), turned.dtype)
    for row in range(made.shape[1]):
        made[:, row] = turned[:, row][slices]
    return made


def slabs_of(one: Picked, axes: tuple[int, ...], tiling: Tiling) -> Iterator[_Slab]:
    """A volume in parts that memory holds, cut along tiles."""
    n, height, width = one.shape
    most = tiling.memory
    y, x = (_segments(length, tiling) for length in (height, width))
    plane = height * width * one.item
    if axes == (0,):
        is_small = n * plane <= most and tiling.spacing == 1
        deep = n if is_small else max(1, min(_depth(one, tiling), most // max(1, plane)))
        z = [_Segment((at, min(at + deep, n)), False) for at in range(0, n, deep)]
        z = [part for part in z if -(-part.span[0] // tiling.spacing) * tiling.spacing < part.span[1]]
        y, x = ([part for part in parts if part.is_tile] for parts in (y, x))
    else:
        z = _segments(n, tiling)
    for part in _grouped(z, plane, most if n * plane <= most else 0):
        row = (part[-1].span[1] - part[0].span[0]) * one.item
        for columns in _grouped(x, row * tiling.side, most):
            wide = row * (columns[-1].span[1] - columns[0].span[0])
            for rows in _grouped(y, wide, most):
                yield _Slab(part, rows, columns)


def _depth(one: Picked, tiling: Tiling) -> int:
    """Slices that are read at once where only xy is cut: those that are decoded together, or some."""
    stored = stored_together(one)
    if tiling.spacing >= 2 * stored:
        return 1
    return max(1, 32 // stored) * stored


def _segments(length: int, tiling: Tiling) -> list[_Segment]:
    """Tiles, and what they leave, of which only slices are cut."""
    spans = tiles(length, tiling.side, 0, tiling.edge, tiling.least)
    found = [_Segment(span, True) for span in spans]
    end = spans[-1][1] if spans else 0
    return [*found, _Segment((end, length), False)] if end < length else found


def _grouped(segments: list[_Segment], each: int, most: int) -> Iterator[tuple[_Segment, ...]]:
    """Neighbours, as many as fit: `each` is the bytes of one pixel along the axis."""
    group: list[_Segment] = []
    for segment in segments:
        if group and (segment.span[1] - group[0].span[0]) * each > most:
            yield tuple(group)
            group = []
        group.append(segment)
    if group:
        yield tuple(group)


def stored_together(one: Picked) -> int:
    """Slices that lie in one block of the file."""
    block = one.image.block_shape
    return 1 if block is None else max(1, dict(zip(one.image.axes, block, strict=True)).get(one.stack, 1))


def _length(span: Span) -> int:
    return span[1] - span[0]
