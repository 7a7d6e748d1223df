"""Pyramids of images of any size in one pass.

A unit of pixels of each level is in memory; each pixel of the source is read once, each file written once.
"""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from math import prod

import numpy as np

from smalti.core.errors import SmaltiError
from smalti.kernels.pyramid import REACHING, coarser, reach
from smalti.writers.codecs import Codec
from smalti.writers.levels import Plan, Region
from smalti.writers.stored import StoredLevel
from smalti.writers.target import Target

__all__ = ["Image", "Read", "Seen", "reduced", "write_pyramid"]

WAITING_BYTES = 32 << 20
"""Pixels that may wait to be packed; more makes whoever reduces wait."""

Read = Callable[[Region], np.ndarray]
"""Pixels of a region, of all axes and in their order."""

_Place = tuple[int, ...]

Seen = Callable[[int, Region, np.ndarray], None]
"""Told of each unit that is written: number of its level, where it lies, its pixels."""


def reduced(
    method: str,
    pixels: np.ndarray,
    factors: tuple[int, ...],
    before: tuple[int, ...] | None = None,
    after: tuple[int, ...] | None = None,
) -> np.ndarray:
    """Blocks of an image as one value each; only of its last three axes may factors be more than 1.

    Parameters
    ----------
    method, factors, before, after
        See `smalti.kernels.pyramid.coarser`; a number for each axis here.
    pixels
        Of any number of axes from 2 up.
    """
    kept = pixels.ndim - min(3, pixels.ndim)
    lone = (1,) * (3 - pixels.ndim + kept)
    block = pixels.reshape(-1, *lone, *pixels.shape[kept:])
    ends = [(0,) * len(lone) + (given or (0,) * pixels.ndim)[kept:] for given in (before, after)]
    made = coarser(method, block, lone + factors[kept:], *ends)  # type: ignore[arg-type]  # three of each
    return made.reshape(*pixels.shape[:kept], *made.shape[1 + len(lone) :])


@dataclass(frozen=True, slots=True)
class Image:
    """What is written, and where.

    Parameters
    ----------
    target, path
        A folder, and the path of the image in it.
    plan, codec
        How it is cut and packed.
    pool, disk
        Threads that pack, and others that put shards in their place, at a URL by sending them.
    """

    target: Target
    path: str
    plan: Plan
    codec: Codec
    pool: Executor
    disk: Executor


@dataclass(slots=True)
class _Walk:
    """Writing of one image: chunks are packed behind the back of whoever reads and reduces."""

    plan: Plan
    stored: list[StoredLevel]
    seen: Seen
    _waiting: deque[tuple[StoredLevel, _Place, Future[bytes | bytearray | None], int]] = field(
        default_factory=deque
    )
    _bytes: int = 0

    def put(self, number: int, region: Region, pixels: np.ndarray) -> None:
        """Store a unit of a level."""
        level = self.stored[number]
        for place, packed in level.pack(region, pixels):
            size = pixels.itemsize * prod(level.level.array.chunk)
            self._waiting.append((level, place, packed, size))
            self._bytes += size
            self.settle(WAITING_BYTES)
        self.seen(number, region, pixels)

    def settle(self, most: int = 0) -> None:
        """Wait until so many bytes of pixels at most wait to be packed."""
        while self._waiting and self._bytes > most:
            level, place, packed, size = self._waiting.popleft()
            self._bytes -= size
            level.store(place, packed.result())

    def drop(self) -> None:
        """Forget what waits; nobody works on it when this returns."""
        for *_, packed, _ in self._waiting:
            packed.cancel()
        wait([packed for *_, packed, _ in self._waiting])
        self._waiting.clear()

    def unit(self, number: int, at: _Place, read: Read, method: str) -> np.ndarray:
        """Pixels of a unit; it, and all that it is made of, is stored on the way."""
        if number == 0:
            return self.first(at, read)

        def part(child: _Place) -> np.ndarray:
            whole = self.unit(number - 1, child, read, method)
            return reduced(method, whole, self.plan.levels[number].factors)

        return self.joined(number, at, part)

    def first(self, at: _Place, read: Read) -> np.ndarray:
        """Read and store a unit of the first level."""
        region = self.plan.region(0, at)
        pixels = read(region)
        shape = tuple(side.stop - side.start for side in region)
        if pixels.shape != shape or pixels.dtype != self.plan.dtype:
            found = f"{pixels.dtype} of shape {pixels.shape}"
            raise SmaltiError(f"its reader gave {found} where {self.plan.dtype} of {shape} was declared")
        self.put(0, region, pixels)
        return pixels

    def joined(self, number: int, at: _Place, part: Callable[[_Place], np.ndarray]) -> np.ndarray:
        """Make and store a unit out of what becomes of the units of the level before."""
        factors, region = self.plan.levels[number].factors, self.plan.region(number, at)
        pixels = np.empty([side.stop - side.start for side in region], self.plan.dtype)
        for child in self.plan.children(number, at):
            small = part(child)
            starts = [
                side.start // factor - whole.start
                for side, factor, whole in zip(
                    self.plan.region(number - 1, child), factors, region, strict=True
                )
            ]
            place = tuple(slice(start, start + n) for start, n in zip(starts, small.shape, strict=True))
            pixels[place] = small
        self.put(number, region, pixels)
        return pixels

    def reaching(self, number: int, child: _Place, method: str) -> np.ndarray:
        """What becomes of a unit of the level before, which is stored, and of pixels around it."""
        factors, before = self.plan.levels[number].factors, self.stored[number - 1]
        inner = self.plan.region(number - 1, child)
        ends = [
            (min(far, side.start), min(far, length - side.stop))
            for far, side, length in zip(map(reach, factors), inner, before.level.array.shape, strict=True)
        ]
        outer = tuple(
            slice(side.start - low, side.stop + high) for side, (low, high) in zip(inner, ends, strict=True)
        )
        low, high = zip(*ends, strict=True)
        return reduced(method, before.read(outer), factors, low, high)


def write_pyramid(image: Image, read: Read, method: str, seen: Seen) -> None:
    """Write all levels of an image, each byte of whose source is read once.

    Of methods whose blocks do not reach beyond themselves all levels are written in one pass, depth first.
    Of the others each level is written whole, and what is stored of it read back for the next.

    Parameters
    ----------
    image
        What is written, and where.
    read
        Reads the first level; called in this thread.
    method
        See `smalti.kernels.pyramid.METHODS`.
    seen
        Told of each unit.
    """
    with _walking(image, seen) as walk:
        last = len(image.plan.levels) - 1
        if method not in REACHING:
            for at in image.plan.units(last):
                walk.unit(last, at, read, method)
            return
        for at in image.plan.units(0):
            walk.first(at, read)
        for number in range(1, last + 1):
            walk.settle()
            walk.stored[number - 1].settle()
            for at in image.plan.units(number):
                walk.joined(number, at, partial(walk.reaching, number, method=method))


@contextmanager
def _walking(image: Image, seen: Seen) -> Iterator[_Walk]:
    """The metadata of the arrays come last; what is unfinished after an error is let go of."""
    stored = [
        StoredLevel(image.target, image.path, level, image.codec, image.pool, image.disk)
        for level in image.plan.levels
    ]
    walk = _Walk(image.plan, stored, seen)
    try:
        yield walk
        walk.settle()
        for level in stored:
            level.settle()
        list(image.disk.map(StoredLevel.finish, stored))
    finally:
        walk.drop()
        for level in stored:
            level.close()
