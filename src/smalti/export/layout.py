"""Which arrays a collection has, and which of them a picture goes to; decided before a pixel is read."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass
from math import prod
from typing import Any, Self

import numpy as np

from smalti.core.errors import UsageError
from smalti.export.dtypes import promoted
from smalti.export.scanned import Scanned
from smalti.export.settings import ConvertOptions

__all__ = ["Array", "Kind", "Layout", "check_homes", "check_stacks", "kind_of", "planned"]

Kind = tuple[str, int, int, int]
"""Type, channels, height and width of a picture, as it will be stored."""

RARE = 8
"""Images of one shape; fewer share an array with others, padded."""

WASTE = 16
"""A padded array is at most so many times as large as each of its images."""

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
        """Whether pictures of a kind go into it; a padded one takes none that it is 16 times as large as."""
        dtype, *shape = kind
        if dtype != self.dtype:
            return False
        if not self.padded:
            return tuple(shape) == self.shape
        return all(map(int.__le__, shape, self.shape)) and prod(self.shape) <= WASTE * prod(shape)


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

    def to_plain(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return {"dtype": self.dtype, "arrays": [list(astuple(array)) for array in self.arrays]}

    @classmethod
    def of_plain(cls, values: Mapping[str, Any]) -> Self:
        """The layout that `to_plain` gave."""
        arrays = [
            Array(path, (c, h, w), dtype, padded) for path, (c, h, w), dtype, padded in values["arrays"]
        ]
        return cls(tuple(arrays), values["dtype"])

    def home(self, kind: Kind) -> Array | None:
        """The array that a picture of a kind goes to; None where it fits none."""
        return next((array for array in self.arrays if array.takes(kind)), None)


def check_stacks(found: Sequence[Scanned]) -> None:
    """Raise UsageError when there are stacks of which nothing was said."""
    stacks = [one for one in found if one.n_planes > 1]
    if stacks:
        first = stacks[0]
        raise UsageError(
            f"{len(stacks):,} of {len(found):,} images are stacks, such as {first.path} with "
            f"{first.n_planes:,} planes ({first.axes}); give --planes each, max or middle, or --axes "
            "if these axes are wrong"
        )


def planned(found: Sequence[Scanned], options: ConvertOptions, before: Layout | None = None) -> Layout:
    """The arrays for pictures that were found, with those that a store has already.

    Parameters
    ----------
    found
        The pictures, of which those without an error count.
    options
        How to convert.
    before
        What is in the store that is added to; None for a new one.

    Raises
    ------
    UsageError
        Shapes or types are unlike each other, or unlike the store's, and nothing says what to do.
    """
    counts = Counter(kind_of(one, options) for one in found if not one.error)
    if before is not None and not _in_buckets(before):
        _check_fits(counts, before.arrays[0])
        return Layout(before.arrays, before.arrays[0].dtype)
    if options.shapes == "bucket" or (before is not None and before.arrays):
        return Layout(_buckets(counts, () if before is None else before.arrays), options.dtype or "")
    return _single(counts)


def check_homes(found: Sequence[Scanned], options: ConvertOptions, layout: Layout, name: str) -> None:
    """Raise UsageError when a picture goes to no array of a run that was stopped: it came since."""
    for one in found:
        if not one.error and layout.home(kind_of(one, options, layout.dtype)) is None:
            raise UsageError(
                f"{one.path} came since the run in {name} was stopped, and fits none of its arrays "
                f"({_times(one.shape)} {one.dtype}); give --overwrite to begin anew"
            )


def kind_of(one: Scanned, options: ConvertOptions, dtype: str = "") -> Kind:
    """What a picture will be stored as; `dtype` is what all are cast to, "" where each keeps its own."""
    c, h, w = one.shape
    if options.resize is not None:
        h, w = options.resize
    return (dtype or options.dtype or one.dtype, c, h, w)


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


def _check_fits(counts: Counter[Kind], array: Array) -> None:
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
    exact = [array for array in before if not array.padded]
    padded = [array for array in before if array.padded]
    new = {kind: n for kind, n in counts.items() if not any(array.takes(kind) for array in exact)}
    exact += [
        Array(f"images/{_name(kind)}", kind[1:], kind[0]) for kind, n in sorted(new.items()) if n >= RARE
    ]
    rare = [kind for kind, n in sorted(new.items()) if n < RARE]
    rare = [kind for kind in rare if not any(array.takes(kind) for array in padded)]
    for dtype, shape, several in _alike(rare):
        name = _name((dtype, *shape)) + ("_padded" if several else "")
        (padded if several else exact).append(Array(f"images/{name}", shape, dtype, several))
    return (*exact, *padded)


def _alike(kinds: Iterable[Kind]) -> Iterator[tuple[str, tuple[int, int, int], bool]]:
    """Boxes by type that hold rare kinds, none more than 16 times as large as one that is in it.

    Begins with the largest; gives type, box, and whether several shapes share it.
    """
    left = sorted(kinds, key=lambda kind: (kind[0], -prod(kind[1:]), kind))
    while left:
        members = [left.pop(0)]
        for kind in tuple(left):
            larger = _box([*members, kind])
            if kind[0] == members[0][0] and all(
                prod(larger) <= WASTE * prod(one[1:]) for one in (*members, kind)
            ):
                members.append(kind)
                left.remove(kind)
        yield members[0][0], _box(members), len(members) > 1


def _box(kinds: Sequence[Kind]) -> tuple[int, int, int]:
    c, h, w = (max(lengths) for lengths in zip(*(kind[1:] for kind in kinds), strict=True))
    return c, h, w


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
