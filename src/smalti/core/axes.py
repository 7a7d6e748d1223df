"""The six axes an image may have, and how a plane is found among them."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import product
from typing import NamedTuple

__all__ = [
    "AXES",
    "STACK_AXES",
    "Pick",
    "PlaneIndex",
    "check_axes",
    "even_part",
    "n_planes",
    "plane_indices",
    "selection",
    "sizes",
]

AXES = "TCZYXS"
"""Time, channel, z, y, x, colour sample. `S` belongs to a plane; it is never a stack axis."""

STACK_AXES = "TCZ"

_ABSENT = dict.fromkeys(AXES, 1)

Pick = int | slice | None
"""One index (drops the axis), a slice (keeps it), or None (all of it)."""


class PlaneIndex(NamedTuple):
    """Which 2-D plane of an image; an axis the image lacks has index 0."""

    t: int
    c: int
    z: int


def check_axes(axes: str, shape: tuple[int, ...]) -> None:
    """Raise ValueError unless `axes` are known, unique, hold Y and X, and fit `shape`."""
    if len(axes) != len(shape):
        raise ValueError(f"axes {axes!r} name {len(axes)} axes, the shape {shape} has {len(shape)}")
    _check_letters(axes)


@lru_cache(256)
def _check_letters(axes: str) -> None:
    if len(set(axes)) != len(axes) or not set(axes) <= set(AXES):
        raise ValueError(f"axes {axes!r} must be different letters out of {AXES!r}")
    if axes and not {"Y", "X"} <= set(axes):
        raise ValueError(f"axes {axes!r} lack Y or X; an image has both")


def sizes(axes: str, shape: tuple[int, ...]) -> dict[str, int]:
    """Length of each of the six axes; 1 where the image lacks it."""
    length = _ABSENT.copy()
    for axis, n in zip(axes, shape, strict=True):  # dict.fromkeys and | take twice as long
        length[axis] = n
    return length


def even_part(length: int, most: int) -> int:
    """The length of equal parts of `length`, each at most `most`, of which there are as few as can be."""
    return -(-length // -(-length // most))


def n_planes(axes: str, shape: tuple[int, ...]) -> int:
    """Number of 2-D planes (colour samples belong to one plane); 0 without pixels."""
    n = 1 if axes else 0
    for axis, length in zip(axes, shape, strict=True):
        n *= length if axis in STACK_AXES else 1
    return n


def plane_indices(axes: str, shape: tuple[int, ...]) -> Iterator[PlaneIndex]:
    """All planes in t, c, z order, z fastest; none for an image without pixels."""
    if axes:
        length = sizes(axes, shape)
        yield from (PlaneIndex(*tcz) for tcz in product(*(range(length[a]) for a in STACK_AXES)))


def selection(axes: str, shape: tuple[int, ...], picks: Mapping[str, Pick]) -> tuple[int | slice, ...]:
    """One index or normalised slice (start, stop, step all int) per axis, in the order of `axes`.

    An axis the image lacks may only be picked at 0 or whole. Raises IndexError with the axis and its length.
    """
    for axis, pick in picks.items():
        if pick is not None and axis not in axes and pick not in (0, slice(None)):
            raise IndexError(f"{axis.lower()}={pick} asked of an image without a {axis} axis (axes {axes})")
    return tuple([_one(axis, length, picks.get(axis)) for axis, length in zip(axes, shape, strict=True)])


def _one(axis: str, length: int, pick: Pick) -> int | slice:
    if pick is None:
        return slice(0, length, 1)
    if isinstance(pick, slice):
        return slice(*pick.indices(length))
    if not -length <= pick < length:
        raise IndexError(f"{axis.lower()}={pick} is outside the axis {axis} of length {length}")
    return int(pick) % length
