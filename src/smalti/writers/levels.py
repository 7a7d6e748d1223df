"""How a pyramid is cut: levels, chunks and shards of each, and the units in which it is read and reduced."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from math import ceil, lcm, prod

import numpy as np

from smalti.core.errors import UsageError
from smalti.kernels.pyramid import coarse_shape
from smalti.writers.metadata import ArrayLayout

__all__ = ["Cut", "Level", "Plan", "Region", "plan_levels"]

Region = tuple[slice, ...]
"""A slice with start and stop for each axis."""

Lengths = tuple[int, ...]

CHUNK_PIXELS = 1 << 18
PLANE, CUBE = 512, 64
"""Sides of a chunk of about so many pixels; cubes where z is reduced as y and x are."""
UNIT_BYTES = 16 << 20
"""Pixels that are read and reduced at a time, where the source has no larger blocks."""
SLAB_BYTES = 64 << 20
"""Of a source whose planes come whole: chunks are as many planes deep as stay below this, where they can."""
SHARD_BYTES = 64 << 20


@dataclass(frozen=True, slots=True)
class Level:
    """One resolution as it is stored.

    Parameters
    ----------
    path
        Of its array, in the image; by default each has a group of its own, which is how xarray opens them.
    factors
        Pixels of the level before that became one, for each axis.
    array
        Its shape, chunks and shards.
    """

    path: str
    factors: Lengths
    array: ArrayLayout


@dataclass(frozen=True, slots=True)
class Cut:
    """What is wished of chunks and files.

    Parameters
    ----------
    chunk
        For each axis; None for the usual.
    sharded
        Whether many chunks share a file.
    block
        What the source reads cheaply, for each axis.
    """

    chunk: Lengths | None = None
    sharded: bool = True
    block: Lengths | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """All levels of an image, and the unit: so many pixels of each of them are in memory at a time.

    A unit is whole chunks, and a multiple of the factors: a unit of one level is made of whole units of the
    level before.
    """

    levels: tuple[Level, ...]
    unit: Lengths

    @property
    def dtype(self) -> np.dtype:
        """Of all pixels."""
        return self.levels[0].array.dtype

    def units(self, number: int) -> Iterator[Lengths]:
        """Numbers of the units of a level along each axis."""
        yield from product(*map(range, self._n_units(number)))

    def region(self, number: int, at: Lengths) -> Region:
        """Where a unit of a level lies."""
        shape = self.levels[number].array.shape
        return tuple(
            slice(i * unit, min(i * unit + unit, length))
            for i, unit, length in zip(at, self.unit, shape, strict=True)
        )

    def children(self, number: int, at: Lengths) -> Iterator[Lengths]:
        """The units of the level before that a unit is made of."""
        factors, most = self.levels[number].factors, self._n_units(number - 1)
        yield from product(
            *(
                range(i * factor, min(i * factor + factor, n))
                for i, factor, n in zip(at, factors, most, strict=True)
            )
        )

    def _n_units(self, number: int) -> Lengths:
        return coarse_shape(self.levels[number].array.shape, self.unit)


def plan_levels(
    names: str,
    shape: Lengths,
    dtype: np.dtype,
    factors: Sequence[Lengths],
    cut: Cut | None = None,
    first: int = 0,
    path: str = "scale{}/image",
) -> Plan:
    """Levels of an image.

    Parameters
    ----------
    names
        A letter for each axis, out of ``tczyx`` in this order.
    shape, dtype
        Of the first level.
    factors
        Of each further level against the one before it.
    cut
        What is wished of chunks and files.
    first
        Number of the first level.
    path
        Of each array, by its number.

    Raises
    ------
    UsageError
        A chunk that is none.
    """
    cut = Cut() if cut is None else cut
    block = tuple(min(b, n) for b, n in zip(cut.block or (1,) * len(shape), shape, strict=True))
    deep = any(level[names.index("z")] > 1 for level in factors) if "z" in names else False
    chunk = _given(cut.chunk, shape) if cut.chunk else _usual(names, shape, dtype, block, deep)
    order = _growing(names, deep)
    levels, length = [], shape
    for number, level in enumerate([(1,) * len(shape), *factors], start=first):
        length = coarse_shape(length, level)
        own = tuple(min(c, n) for c, n in zip(chunk, length, strict=True))
        shard = _grown(own, length, dtype.itemsize, SHARD_BYTES, order) if cut.sharded else None
        levels.append(Level(path.format(number), level, ArrayLayout(names, length, own, shard, dtype)))
    step = [lcm(c, *(level[axis] for level in factors)) for axis, c in enumerate(chunk)]
    least = tuple(ceil(b / s) * s for b, s in zip(block, step, strict=True))
    return Plan(tuple(levels), _grown(least, shape, dtype.itemsize, UNIT_BYTES, order))


def _usual(names: str, shape: Lengths, dtype: np.dtype, block: Lengths, deep: bool) -> Lengths:
    """Planes of 512² pixels; where z is reduced, cubes of 64, or flatter ones where planes come whole."""
    side = PLANE
    lengths = dict(zip(names, shape, strict=True))
    depth = 1
    if deep:
        side = depth = CUBE
        plane = dtype.itemsize * prod(max(CUBE, block[names.index(axis)]) for axis in "yx")
        while depth > 2 and min(depth, lengths["z"]) * plane > SLAB_BYTES:
            depth //= 2
        while depth * 4 * side * side <= CHUNK_PIXELS:
            side *= 2
    wanted = {"z": depth, "y": side, "x": side}
    return tuple(min(wanted.get(name, 1), n) for name, n in lengths.items())


def _given(wanted: Lengths, shape: Lengths) -> Lengths:
    if len(wanted) != len(shape) or min(wanted) < 1:
        text = ",".join(map(str, wanted))
        raise UsageError(f"chunks {text}: give a whole number from 1 up for each of {len(shape)} axes")
    return tuple(min(c, n) for c, n in zip(wanted, shape, strict=True))


def _growing(names: str, deep: bool) -> list[list[int]]:
    """Axes along which a shard or unit grows: those that are reduced together first, then one by one."""
    together = [axis for axis in ("xyz" if deep else "xy") if axis in names]
    others = [name for name in reversed(names) if name not in together]
    return [[names.index(name) for name in group] for group in (together, *others)]


def _grown(start: Lengths, shape: Lengths, itemsize: int, most: int, order: list[list[int]]) -> Lengths:
    """Doubled along its shortest axis until it would be more than so many bytes, or is all there is."""
    grown = list(start)
    for group in order:
        while short := [axis for axis in group if grown[axis] < shape[axis]]:
            if 2 * prod(grown) * itemsize > most:
                return tuple(grown)
            axis = min(short, key=grown.__getitem__)
            whole = ceil(shape[axis] / start[axis]) * start[axis]
            grown[axis] = min(2 * grown[axis], whole)
    return tuple(grown)
