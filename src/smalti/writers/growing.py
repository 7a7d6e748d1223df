"""A Zarr array of images that grows: images come in order, whole shards are put in place, metadata last."""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from functools import partial
from itertools import product
from math import prod
from typing import Any

import numpy as np

from smalti.core.errors import SmaltiError
from smalti.writers.codecs import Codec
from smalti.writers.grid import Grid
from smalti.writers.metadata import ArrayLayout, array_json
from smalti.writers.shard import ABSENT, Shard, read_index
from smalti.writers.target import Target

__all__ = ["GrowingArray", "array_metadata", "grid_of"]

WAITING_BYTES = 32 << 20
"""Pixels that usually may wait to be packed; twice as much kept two cores no busier, and took 60 MB more."""

AXES = ("image", "c", "y", "x")

_Place = tuple[int, int, int]
"""Which shard of an image, along channels, height and width."""


def array_metadata(grid: Grid, codec: Codec) -> dict[str, Any]:
    """What stands in ``zarr.json`` of an array without images, as zarr-python writes it."""
    layout = ArrayLayout(AXES, (0, *grid.image), grid.chunk, grid.shard, grid.dtype)
    return array_json(layout, codec)["zarr.json"]


def grid_of(metadata: dict[str, Any]) -> Grid:
    """The grid of an array that `array_metadata` described."""
    sharding = metadata["codecs"][0]["configuration"]
    n, c, h, w = metadata["chunk_grid"]["configuration"]["chunk_shape"]
    return Grid(
        tuple(metadata["shape"][1:]),
        np.dtype(metadata["data_type"]),
        tuple(sharding["chunk_shape"]),
        (n, c, h, w),
    )


@dataclass(slots=True)
class GrowingArray:
    """An array in a target, to which images are added at its end.

    Of what was there before only a shard that was not full is replaced, when it is full or by `flush`, by one
    that begins with the same images: whoever reads the array by its old metadata sees what it saw.

    Parameters
    ----------
    target, path
        Where the array is, or will be.
    grid, codec
        How it is cut and packed.
    length
        Images that it has; what a run that was stopped left behind these is replaced.
    pool
        Threads that pack.
    most_waiting
        Bytes of pixels that may wait to be packed; more makes whoever adds wait.
    """

    target: Target
    path: str
    grid: Grid
    codec: Codec
    length: int
    pool: Executor
    most_waiting: int = WAITING_BYTES
    _shards: dict[_Place, Shard] = field(default_factory=dict)
    _waiting: deque[tuple[_Place, int, Future[bytes | bytearray], int]] = field(default_factory=deque)
    _waiting_bytes: int = 0
    _block: np.ndarray | None = None
    _opened: int = -1
    _cuts: dict[_Place, tuple[tuple[int, tuple[slice, ...]], ...]] = field(default_factory=dict)

    def add(self, pixels: np.ndarray) -> int:
        """Add one image, (channels, height, width) or less of each, the rest being fill; gives its row."""
        row, deep = self.length, self.grid.chunk[0]
        if self._opened != row // self.grid.shard[0]:
            self._open_shards(row)
        if deep == 1 and pixels.shape == self.grid.image:
            self._pack(row, pixels[np.newaxis])
        else:
            block = self._block if self._block is not None else self._begin_block(row)
            c, h, w = pixels.shape
            block[row % deep, :c, :h, :w] = pixels
            self._block = block
        self.length += 1
        if self.length % deep == 0:
            self._pack_block()
        if self.length % self.grid.shard[0] == 0:
            self._put_shards()
        return row

    def flush(self) -> None:
        """Put all images that were added in their place."""
        self._pack_block()
        if self._shards:
            self._put_shards()

    def close(self) -> None:
        """Let go of what was not flushed."""
        for shard in self._shards.values():
            shard.close()
        self._shards.clear()

    def _begin_block(self, row: int) -> np.ndarray:
        """A chunk's depth of images, of which those before `row` are there already."""
        block = np.zeros((self.grid.chunk[0], *self.grid.image), self.grid.dtype)
        if row % self.grid.chunk[0]:
            self._read_back(block, row)
        return block

    def _open_shards(self, row: int) -> None:
        """Begin the shards that hold a row, with the images that are in them already."""
        number, inside = divmod(row, self.grid.shard[0])
        first = inside // self.grid.chunk[0] * self._per_image
        for place in self._places():
            name = self._name(number, place)
            shard = Shard(self.target.scratch / name.replace("/", "~"), self._per_shard, self.pool)
            self._shards[place] = shard
            if first:
                self._take_over(shard, name, first)
        self._opened = number

    def _take_over(self, shard: Shard, name: str, first: int) -> None:
        try:
            old = self.target.here(name)
            shard.take_over(old, self._index(name), first, prod(self.grid.shard) * self.grid.dtype.itemsize)
        except (OSError, SmaltiError) as error:
            raise SmaltiError(f"{self.target.name}/{name} cannot be appended to: {error}") from error

    def _read_back(self, pixels: np.ndarray, row: int) -> None:
        """The images of a chunk that is not full yet."""
        number = row // self.grid.shard[0]
        inside = row % self.grid.shard[0] // self.grid.chunk[0]
        for place in self._shards:
            name = self._name(number, place)
            index = self._index(name)
            for at, region in self._chunks(place, pixels):
                offset, n_bytes = map(int, index[inside * self._per_image + at])
                if offset != ABSENT:
                    packed = self.target.read_part(name, offset, n_bytes)
                    chunk = np.frombuffer(self.codec.decode(packed), self.grid.dtype)
                    c, h, w = region.shape[1:]
                    region[...] = chunk.reshape(self.grid.chunk)[:, :c, :h, :w]
        pixels[row % self.grid.chunk[0] :] = 0

    def _index(self, name: str) -> np.ndarray:
        return read_index(partial(self.target.read_part, name), self._per_shard)

    def _places(self) -> Iterator[_Place]:
        c, h, w = map(range, self.grid.shards_of_image)
        yield from product(c, h, w)

    @property
    def _per_image(self) -> int:
        return prod(self.grid.chunks_in_shard[1:])

    @property
    def _per_shard(self) -> int:
        return prod(self.grid.chunks_in_shard)

    def _chunks(self, place: _Place, pixels: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
        """Parts of a block that are chunks of one shard, with their numbers among those of an image in it."""
        if place not in self._cuts:
            self._cuts[place] = tuple(self._cut(place))
        for number, spans in self._cuts[place]:
            yield number, pixels[spans]

    def _cut(self, place: _Place) -> Iterator[tuple[int, tuple[slice, ...]]]:
        counts = self.grid.chunks_in_shard[1:]
        for at in product(*map(range, counts)):
            start = [
                (shard * count + i) * length
                for shard, count, i, length in zip(place, counts, at, self.grid.chunk[1:], strict=True)
            ]
            if all(low < length for low, length in zip(start, self.grid.image, strict=True)):
                spans = tuple(
                    slice(low, low + length) for low, length in zip(start, self.grid.chunk[1:], strict=True)
                )
                yield int(np.ravel_multi_index(at, counts)), (slice(None), *spans)

    def _pack_block(self) -> None:
        if self._block is not None:
            block, self._block = self._block, None
            self._pack(self.length - 1, block)

    def _pack(self, row: int, block: np.ndarray) -> None:
        """Have a block's chunks packed, and store those that are."""
        inside = row % self.grid.shard[0] // self.grid.chunk[0]
        for place in self._shards:
            for number, part in self._chunks(place, block):
                packed = self.pool.submit(self._packed, part)
                self._waiting.append((place, inside * self._per_image + number, packed, part.nbytes))
                self._waiting_bytes += part.nbytes
        self._store(self.most_waiting)

    def _packed(self, part: np.ndarray) -> bytes | bytearray:
        """A chunk as it is stored; what reaches over the edge of the image is fill."""
        if part.shape != self.grid.chunk:
            whole = np.zeros(self.grid.chunk, self.grid.dtype)
            whole[tuple(map(slice, part.shape))] = part
            part = whole
        return self.codec.encode(np.ascontiguousarray(part).view(np.uint8).data)

    def _store(self, most: int) -> None:
        while self._waiting and self._waiting_bytes > most:
            place, number, packed, n_bytes = self._waiting.popleft()
            self._waiting_bytes -= n_bytes
            self._shards[place].add(number, packed.result())

    def _put_shards(self) -> None:
        self._store(-1)
        for place, shard in self._shards.items():
            self.target.put(self._name(self._opened, place), shard.finish())
        self._shards.clear()
        self._opened = -1

    def _name(self, number: int, place: _Place) -> str:
        return "/".join(map(str, (self.path, "c", number, *place)))
