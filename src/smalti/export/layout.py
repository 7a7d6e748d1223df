"""Which arrays a collection has, and which of them a picture goes to; decided before a pixel is read."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np

from smalti.core.errors import UsageError
from smalti.export.dtypes import promoted
from smalti.export.settings import ConvertOptions

__all__ = ["Array", "Kind", "Layout", "check_stacks", "kind_of", "planned"]

Kind = tuple[str, int, int, int]
"""Type, channels, height and width of a picture, as it will be stored."""

RARE = 8
"""Images of one shape; fewer share an array with others, padded."""

SHOWN = 8


@dataclass(frozen=True, slots=True)
class Array:
    """One array of a collection.

    Parameters
    ----------
    path
        In the store.
    shape
        Channels, height and width.
    dtype
        Of its pixels.
    padded
        Whether its images may be smaller.
    """

    path: str
    shape: tuple[int, int, int]
    dtype: str
    padded: bool = False

    def takes(self, kind: Kind) -> bool:
        """Whether pictures of a kind go into it."""
        dtype, *shape = kind
        if dtype != self.dtype:
            return False
        fits = self.padded and all(map(int.__le__, shape, self.shape))
        return fits or tuple(shape) == self.shape


@dataclass(frozen=True, slots=True)
class Layout:
    """The arrays of a collection.

    Parameters
    ----------
    arrays
        Those of one shape before padded ones.
    dtype
        What all pictures are cast to; "" where each keeps its type.
    """

    arrays: tuple[Array, ...]
    dtype: str = ""

    def home(self, kind: Kind) -> Array | None:
        """The array that a picture of a kind goes to; None where it fits none."""
        return next((array for array in self.arrays if array.takes(kind)), None)


def check_stacks(found: Sequence[Mapping[str, Any]]) -> None:
    """Raise UsageError when there are stacks of which nothing was said."""
    stacks = [row for row in found if row["error"] is None and row["n_planes"] > 1]
    if stacks:
        first = stacks[0]
        raise UsageError(
            f"{len(stacks):,} of {len(found):,} images are stacks, such as {first['path']} with "
            f"{first['n_planes']:,} planes ({first['axes']}); give --planes each, max or middle, or --axes "
            "if these axes are wrong"
        )


def planned(
    found: Sequence[Mapping[str, Any]], options: ConvertOptions, before: Layout | None = None
) -> Layout:
    """The arrays for pictures that were found, with those that a store has already.

    Parameters
    ----------
    found
        Rows of `smalti.export.reading.FOUND`, of which those without an error count.
    options
        How to convert.
    before
        What is in the store that is added to; None for a new one.

    Raises
    ------
    UsageError
        Shapes or types are unlike each other, or unlike the store's, and nothing says what to do.
    """
    counts = Counter(kind_of(row, options) for row in found if row["error"] is None)
    if before is not None and not _in_buckets(before):
        _check_fits(counts, options, before.arrays[0])
        return Layout(before.arrays, before.arrays[0].dtype)
    if options.shapes == "bucket" or (before is not None and before.arrays):
        return Layout(_buckets(counts, () if before is None else before.arrays), options.dtype or "")
    return _single(counts)


def kind_of(row: Mapping[str, Any], options: ConvertOptions, dtype: str = "") -> Kind:
    """What a picture will be stored as; `dtype` is what all are cast to, "" where each keeps its own."""
    c, h, w = row["shape"]
    if options.resize is not None:
        h, w = options.resize
    return (dtype or options.dtype or row["dtype"], c, h, w)


def _in_buckets(layout: Layout) -> bool:
    return not layout.arrays or layout.arrays[0].path != "images"


def _single(counts: Counter[Kind]) -> Layout:
    """One array for all: equal shapes, and a type that holds every value."""
    if not counts:
        return Layout(())
    shapes: Counter[tuple[int, int, int]] = Counter()
    dtypes: Counter[str] = Counter()
    for (name, c, h, w), n in counts.items():
        shapes[c, h, w] += n
        dtypes[name] += n
    if len(shapes) > 1:
        raise UsageError(
            f"the images have {len(shapes):,} shapes (channels×height×width): {_listed(shapes)}; give "
            "--resize H,W to make them equal, or --shapes bucket for an array a shape"
        )
    dtype = promoted(map(np.dtype, dtypes))
    if dtype is None:
        raise UsageError(
            f"no one type holds every value of {_listed(dtypes)}; give --dtype, or --shapes bucket for an "
            "array a type"
        )
    return Layout((Array("images", next(iter(shapes)), dtype.name),), dtype.name)


def _check_fits(counts: Counter[Kind], options: ConvertOptions, array: Array) -> None:
    shapes = Counter({kind[1:]: n for kind, n in counts.items() if kind[1:] != array.shape})
    if shapes:
        raise UsageError(
            f"the store holds images of {_times(array.shape)} (channels×height×width), these are "
            f"{_listed(shapes)}; give --resize {array.shape[1]},{array.shape[2]} if they are to be "
            "fitted, or another --out"
        )
    dtypes = Counter({kind[0]: n for kind, n in counts.items() if kind[0] != array.dtype})
    if dtypes:
        raise UsageError(
            f"the store holds {array.dtype}, these are {_listed(dtypes)}; give --dtype {array.dtype} to "
            "store what it can hold, or another --out"
        )


def _buckets(counts: Counter[Kind], before: tuple[Array, ...]) -> tuple[Array, ...]:
    """An array a shape and type; what is rare shares one with others of its type and about its size."""
    new = {kind: n for kind, n in counts.items() if not any(array.takes(kind) for array in before)}
    rare = {kind for kind, n in new.items() if n < RARE}
    own = [Array(f"images/{_name(kind)}", kind[1:], kind[0]) for kind in sorted(new.keys() - rare)]
    padded = []
    for dtype, shapes in _alike(rare):
        c, h, w = (max(lengths) for lengths in zip(*shapes, strict=True))
        several = len(shapes) > 1
        name = _name((dtype, c, h, w)) + ("_padded" if several else "")
        padded.append(Array(f"images/{name}", (c, h, w), dtype, several))
    exact = [array for array in (*before, *own, *padded) if not array.padded]
    return (*exact, *(array for array in (*before, *padded) if array.padded))


def _alike(kinds: Iterable[Kind]) -> Iterator[tuple[str, list[tuple[int, int, int]]]]:
    """Shapes by type and size: the largest of a group has at most 16 times the pixels of the smallest."""

    def size(kind: Kind) -> tuple[str, int]:
        return kind[0], (kind[2] * kind[3]).bit_length() // 4

    for (dtype, _), group in groupby(sorted(kinds, key=lambda kind: (size(kind), kind)), key=size):
        yield dtype, [kind[1:] for kind in group]


def _name(kind: Kind) -> str:
    return f"{kind[0]}_{_times(kind[1:], 'x')}"


def _times(shape: tuple[int, ...], sign: str = "×") -> str:
    return sign.join(map(str, shape))


def _listed(counts: Counter[Any]) -> str:
    """``"3×256×256 (40), 1×512×512 (2)"``, the most common first."""
    shown = [
        f"{_times(what) if isinstance(what, tuple) else what} ({n:,})"
        for what, n in counts.most_common(SHOWN)
    ]
    more = len(counts) - SHOWN
    return ", ".join(shown) + (f" and {more:,} more" if more > 0 else "")
