"""One resolution of a volume elsewhere: an array with its axes, and where its voxels are."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite, prod
from typing import Any, TypeVar

import numpy as np

from smalti.core.units import micrometres
from smalti.curation.names import Span
from smalti.curation.plans import SkipError
from smalti.curation.sampling.places import Place
from smalti.curation.sampling.reading import FarError, Reach
from smalti.curation.spacing import Sizes

__all__ = ["Box", "Lengths", "Level", "Scale", "by", "factors_of", "level_at", "scale_of", "three"]

N = TypeVar("N", int, float)

Lengths = tuple[int, int, int]
"""Along z, y and x."""

Box = tuple[Span, Span, Span]
"""Along z, y and x, counted from the first voxel of the level."""

_WORDS = {"time": "t", "channel": "c", "depth": "z", "row": "y", "column": "x"}
_KNOWN = "tczyx"
LARGEST_CHUNK = 1 << 30
"""Bytes; less than a volume that lies may claim to need."""


@dataclass(frozen=True, slots=True)
class Scale:
    """Where voxels are, along z, y and x.

    Parameters
    ----------
    steps
        From voxel to voxel; None if unknown.
    unit
        ``"um"``, or ``""`` where numbers are stated without one.
    origin
        The place of the first voxel, in that unit.
    """

    steps: Sizes | None = None
    unit: str = "um"
    origin: Sizes = (0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True, eq=False)
class Level:
    """An array elsewhere.

    Parameters
    ----------
    reach, place, array
        What reads it, its folder, and the array of tensorstore.
    axes
        A letter for each of its dimensions as they are stored: ``"zyx"``, ``"xyzc"``; ``-`` for one of
        length 1 that means something else.
    shape, chunk
        Along z, y and x: of all, and of what is fetched at once.
    first
        What its format calls the first voxel.
    scale
        Where its voxels are.
    """

    reach: Reach
    place: Place
    array: Any
    axes: str
    shape: Lengths
    chunk: Lengths
    first: Lengths
    scale: Scale

    @property
    def dtype(self) -> np.dtype:
        """Of its voxels, in the order of bytes of this machine."""
        found: np.dtype = self.array.dtype.numpy_dtype
        return found.newbyteorder("=")

    @property
    def channels(self) -> int:
        """How many there are."""
        return int(self.array.shape[self.axes.index("c")]) if "c" in self.axes else 1

    def deep(self, box: Box, n_bytes: int) -> int:
        """Slices of a box that are read at a time: in whole chunks, of so many bytes if possible."""
        _, rows, columns = box
        plane = (rows[1] - rows[0]) * (columns[1] - columns[0]) * self.dtype.itemsize
        return max(1, n_bytes // (plane * self.chunk[0])) * self.chunk[0]

    def pixels(self, box: Box, channel: int = 0) -> np.ndarray:
        """Voxels (z, y, x) of a box, at the first time; see `Reach.pixels` for errors."""
        begins = self.array.domain.inclusive_min
        spans = dict(zip("zyx", box, strict=True))
        index: list[int | slice] = []
        for letter, begin in zip(self.axes, begins, strict=True):
            if letter in spans:
                start, stop = spans[letter]
                index.append(slice(begin + start, begin + stop))
            else:
                index.append(begin + (channel if letter == "c" else 0))
        found = self.reach.pixels(self.place, self.array[tuple(index)])
        kept = [letter for letter in self.axes if letter in spans]
        return np.ascontiguousarray(found.transpose([kept.index(letter) for letter in "zyx"]), self.dtype)


def level_at(
    reach: Reach,
    place: Place,
    driver: str,
    names: Sequence[object] | None = None,
    more: Mapping[str, Any] | None = None,
) -> Level:
    """An array, of which metadata alone are read; its scale is not known yet.

    Parameters
    ----------
    names
        Of its axes, in the order of its sizes; None where nothing states them: z, y and x of three.

    Raises
    ------
    FarError
        It is not there, cannot be read, or has other axes.
    SkipError
        It has no depth.
    """
    array = reach.open(place, driver, more)
    if names is None and array.rank not in (2, 3):
        raise FarError(
            place.url,
            f"it has {array.rank} axes and does not name them; state them in the column 'axes', in the order "
            f"of its sizes {by(array.shape)}",
        )
    if names is None:
        names = "yx" if array.rank == 2 else "zyx"
    axes = _axes_of(names, array.shape, place.url)
    if "z" not in axes or array.shape[axes.index("z")] == 1:
        raise SkipError("it has no depth; boxes are cut of volumes, patch2d takes images")
    if array.dtype.numpy_dtype.kind not in "buif" or array.dtype.numpy_dtype.isbuiltin != 1:
        raise FarError(place.url, f"its voxels are {array.dtype.name}; whole numbers and floats are taken")
    n_bytes = prod(array.chunk_layout.read_chunk.shape or array.shape) * array.dtype.numpy_dtype.itemsize
    if n_bytes > LARGEST_CHUNK:
        raise FarError(place.url, f"one chunk of it has {n_bytes / 1e9:.3g} GB as declared; that is not read")
    places = [axes.index(letter) for letter in "zyx"]
    layout = array.chunk_layout.read_chunk.shape or array.shape
    stated = array.shape, layout, array.domain.inclusive_min
    shape, chunk, first = (three(int(numbers[i]) for i in places) for numbers in stated)
    return Level(reach, place, array, axes, shape, chunk, first, Scale())


def three(numbers: Iterable[N]) -> tuple[N, N, N]:
    """Exactly three, for the type checker."""
    z, y, x = numbers
    return z, y, x


def _axes_of(names: Sequence[object], shape: Sequence[int], where: str) -> str:
    """A letter for each axis that metadata, or a person, name.

    Raises
    ------
    FarError
        They do not fit the array, are named twice, or lack one of z, y and x.
    """
    stated = ",".join(map(str, names))
    letters = [_WORDS.get(str(name).lower(), str(name).lower()) for name in names]
    sizes = " × ".join(map(str, shape))
    if len(letters) != len(shape):
        raise FarError(
            where,
            f"its metadata name {len(letters)} axes ({stated}), its array has {len(shape)} ({sizes}); "
            "state them in the column 'axes', in the order of these sizes",
        )
    made = "".join(
        letter if letter in _KNOWN else "-" if length == 1 else "?"
        for letter, length in zip(letters, shape, strict=True)
    )
    if "?" in made or any(made.count(letter) > 1 for letter in _KNOWN) or not {"y", "x"} <= set(made):
        raise FarError(
            where,
            f"its axes are {stated} for {sizes}; expected are different ones out of t, c, z, y, x with y and "
            "x; state them in the column 'axes', in the order of these sizes",
        )
    return made


def scale_of(steps: Sequence[float], units: Sequence[object], places: Sequence[float]) -> Scale:
    """What metadata state along z, y and x; nothing is known where it is no size, or its unit none of length.

    Sizes of 1 without a unit are what libraries write that know none.
    """
    if not (all(0 < step < float("inf") for step in steps) and all(map(isfinite, places))):
        return Scale()
    if not any(units):
        return Scale(three(steps), "", three(places)) if set(steps) != {1.0} else Scale()
    lengths = [length for unit in units if (length := micrometres(1.0, unit)) is not None]
    if len(lengths) < len(units):
        return Scale()
    made = [three(a * b for a, b in zip(numbers, lengths, strict=True)) for numbers in (steps, places)]
    return Scale(made[0], "um", made[1])


def factors_of(full: Lengths, coarse: Lengths) -> tuple[float, float, float]:
    """How many voxels became one; whole numbers where they explain the size."""
    found = []
    for a, b in zip(full, coarse, strict=True):
        whole = max(1, round(a / b))
        found.append(float(whole) if b in (a // whole, -(-a // whole)) else a / b)
    return three(found)


def by(numbers: Sequence[float]) -> str:
    """Sizes, for a person."""
    return " × ".join(f"{n:g}" for n in numbers)
