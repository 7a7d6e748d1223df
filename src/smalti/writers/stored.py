"""One level of a pyramid on its way to a target: packed chunks in, shards or files of one chunk out."""

from collections.abc import Iterator
from concurrent.futures import Executor, Future, wait
from dataclasses import dataclass, field
from itertools import product
from math import prod

import numpy as np

from smalti.writers.codecs import Codec
from smalti.writers.levels import Level, Region
from smalti.writers.metadata import array_json, to_json
from smalti.writers.shard import Shard
from smalti.writers.target import Target

__all__ = ["StoredLevel"]

_Place = tuple[int, ...]


@dataclass(slots=True)
class StoredLevel:
    """The array of one level.

    A shard is put in its place when it has all its chunks, the array's metadata by `finish`: before that
    nobody takes it for an array.

    Parameters
    ----------
    target, image
        Where the image is written, and its path there.
    level, codec
        How it is cut and packed.
    pool, disk
        Threads that pack, and others that put shards in their place, at a URL by sending them.
    """

    target: Target
    image: str
    level: Level
    codec: Codec
    pool: Executor
    disk: Executor
    _shards: dict[_Place, Shard] = field(default_factory=dict)
    _left: dict[_Place, int] = field(default_factory=dict)
    _where: dict[_Place, tuple[str, int, int]] = field(default_factory=dict)
    _ending: list[Future[None]] = field(default_factory=list)

    @property
    def path(self) -> str:
        """Of the array."""
        return f"{self.image}/{self.level.path}"

    def pack(
        self, region: Region, pixels: np.ndarray
    ) -> Iterator[tuple[_Place, Future[bytes | bytearray | None]]]:
        """Begin to pack all chunks of a unit; gives the place of each, to be handed to `store`."""
        chunk = self.level.array.chunk
        first = [part.start // length for part, length in zip(region, chunk, strict=True)]
        counts = [-(-n // length) for n, length in zip(pixels.shape, chunk, strict=True)]
        for at in product(*map(range, counts)):
            part = pixels[tuple(slice(i * n, i * n + n) for i, n in zip(at, chunk, strict=True))]
            place = tuple(map(int.__add__, first, at))
            yield place, self.pool.submit(self._packed, place, part)

    def store(self, place: _Place, packed: bytes | bytearray | None) -> None:
        """Put a chunk in its shard, and the shard in its place if it is whole; None is there already."""
        if packed is None:
            return
        per_shard = self._chunks_in_shard
        home = tuple(i // n for i, n in zip(place, per_shard, strict=True))
        name = self._name(home)
        if home not in self._shards:
            scratch = self.target.scratch / name.replace("/", "~")
            self._shards[home] = Shard(scratch, prod(per_shard), self.disk)
            self._left[home] = self._chunks_of(home)
        inside = tuple(i % n for i, n in zip(place, per_shard, strict=True))
        offset = self._shards[home].add(int(np.ravel_multi_index(inside, per_shard)), packed)
        self._where[place] = name, offset, len(packed)
        self._left[home] -= 1
        if not self._left[home]:
            self._ending.append(self.disk.submit(self._put, name, self._shards.pop(home)))

    def settle(self) -> None:
        """Wait until all shards that are whole are in their place."""
        for ending in self._ending:
            ending.result()
        self._ending.clear()

    def read(self, region: Region) -> np.ndarray:
        """Pixels that were stored, all of whose shards are in place."""
        array = self.level.array
        pixels = np.empty([part.stop - part.start for part in region], array.dtype)
        spans = [
            range(part.start // n, -(-part.stop // n)) for part, n in zip(region, array.chunk, strict=True)
        ]
        for place in product(*spans):
            inner, outer = [], []
            for i, n, part in zip(place, array.chunk, region, strict=True):
                start, stop = max(i * n, part.start), min(i * n + n, part.stop)
                inner.append(slice(start - i * n, stop - i * n))
                outer.append(slice(start - part.start, stop - part.start))
            pixels[tuple(outer)] = self._chunk(place)[tuple(inner)]
        return pixels

    def finish(self) -> None:
        """Write the array's metadata; all chunks are stored."""
        self.settle()
        assert not self._shards
        for name, content in array_json(self.level.array, self.codec).items():
            self.target.write(f"{self.path}/{name}", to_json(content))

    def close(self) -> None:
        """Let go of shards that are not whole."""
        wait(self._ending)
        for shard in self._shards.values():
            shard.close()
        self._shards.clear()

    def _put(self, name: str, shard: Shard) -> None:
        self.target.put(name, shard.finish())

    def _packed(self, place: _Place, part: np.ndarray) -> bytes | bytearray | None:
        """A chunk as it is stored, fill where it reaches over the edge; where it is a file, it is written."""
        array = self.level.array
        if part.shape != array.chunk:
            whole = np.zeros(array.chunk, array.dtype)
            whole[tuple(map(slice, part.shape))] = part
            part = whole
        packed = self.codec.encode(np.ascontiguousarray(part).reshape(-1).view(np.uint8).data)
        if array.shard is not None:
            return packed
        name = self._name(place)
        file = self.target.scratch / name.replace("/", "~")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(packed)
        self.target.put(name, file)
        return None

    def _chunk(self, place: _Place) -> np.ndarray:
        array = self.level.array
        if array.shard is None:
            packed = self.target.read(self._name(place))
        else:
            packed = self.target.read_part(*self._where[place])
        assert packed is not None
        return np.frombuffer(self.codec.decode(packed), array.dtype).reshape(array.chunk)

    def _name(self, place: _Place) -> str:
        """Of the file of a shard, or of a chunk where there are none."""
        key = "/".join(map(str, place))
        return f"{self.path}/{key}" if self.level.array.shard is None else f"{self.path}/c/{key}"

    @property
    def _chunks_in_shard(self) -> tuple[int, ...]:
        array = self.level.array
        assert array.shard is not None
        return tuple(whole // part for whole, part in zip(array.shard, array.chunk, strict=True))

    def _chunks_of(self, home: _Place) -> int:
        """Chunks of a shard that hold pixels; those beyond the image are never stored."""
        array = self.level.array
        counts = []
        for i, n, length, chunk in zip(home, self._chunks_in_shard, array.shape, array.chunk, strict=True):
            counts.append(min(n, -(-length // chunk) - i * n))
        return prod(counts)
