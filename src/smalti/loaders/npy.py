"""NumPy's own files: the array is read where it lies, and nothing in it is ever unpickled.

Layout: NEP 1, and `numpy.lib.format` for the versions since.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from math import prod
from typing import IO, NamedTuple

import numpy as np
from numpy.lib import format as layout

from smalti.core.image import Image, ImageRef
from smalti.core.plugin import loader
from smalti.loaders._axes import Part, parts
from smalti.loaders._content import HEAD, BrokenFileError, starts_with
from smalti.loaders._runs import BAND_BYTES, Run, low_block, missing_bytes, open_plain, read_region, run_in
from smalti.loaders._size import refuse_larger, selected_bytes

__all__ = ["npy"]

_NUMBERS = {"b": 1, "i": 8, "u": 8, "f": 8, "c": 16}
"""Kinds of numbers that are pixels, and the most bytes of one."""

_COLOURS = {3: "RGB", 4: "RGBA"}


class _Stored(NamedTuple):
    """An array in a file; `backwards` when its first axis runs fastest (Fortran order)."""

    shape: tuple[int, ...]
    backwards: bool
    dtype: np.dtype


@loader("npy", extensions=("npy",), magic=(layout.MAGIC_PREFIX,))
def npy(ref: ImageRef, limit: int) -> Iterator[Image]:
    """An array of two or more axes; the file does not name them.

    The last two are Y and X. A last axis of length 3 or 4, shorter than the two before it, is colour. Others
    become Z, T and C in this order, as far as letters reach; what is left makes series.
    """
    with open_plain(ref.uri) as file:
        stored = _header(file)
        run = run_in(file, file.tell(), stored.dtype)
        cut = missing_bytes(file, file.tell(), prod(stored.shape) * stored.dtype.itemsize)
        refuse_larger(stored.shape[0 if stored.backwards else -1] * stored.dtype.itemsize, limit, "one row")
        for number, part in enumerate(parts(_axes(stored.shape), stored.shape)):
            name = " ".join(f"axis{i}={at}" for i, at in part.fixed.items())
            shape = part.left(stored.shape)
            yield Image(
                ref=replace(ref, series=number, series_name=name or None),
                axes=part.axes,
                guessed=part.guessed,
                shape=shape,
                dtype=stored.dtype.newbyteorder("="),
                pixels=partial(_read, run, stored, part, limit),
                samples=_COLOURS[shape[-1]] if "S" in part.axes else "",
                block_shape=_block(part.axes, shape, stored),
                partial=cut,
                metadata={"format": "NumPy"},
            )


def _header(file: IO[bytes]) -> _Stored:
    """What the header declares; the file is left where the numbers begin."""
    head = file.read(HEAD)
    if not head.startswith(layout.MAGIC_PREFIX):
        raise BrokenFileError(f"a .npy file begins with \\x93NUMPY; {starts_with(head)}")
    file.seek(0)
    version = layout.read_magic(file)
    if version == (1, 0):
        stored = _Stored(*layout.read_array_header_1_0(file))
    elif version == (2, 0):
        stored = _Stored(*layout.read_array_header_2_0(file))
    else:
        raise BrokenFileError(f"format version {version} is for arrays of named fields, which are no image")
    if stored.dtype.itemsize > _NUMBERS.get(stored.dtype.kind, 0):
        raise BrokenFileError(f"it holds {stored.dtype}; an image holds numbers of up to 64 bits")
    if len(stored.shape) < 2 or not all(stored.shape):
        raise BrokenFileError(f"its shape is {stored.shape}; an image has two or more axes, none empty")
    return stored


def _axes(shape: tuple[int, ...]) -> str:
    colour = len(shape) > 2 and shape[-1] in _COLOURS and shape[-1] < min(shape[-3:-1])
    return ("Q" * len(shape) + "YX" + "S" * colour)[-len(shape) :]


def _block(axes: str, shape: tuple[int, ...], stored: _Stored) -> tuple[int, ...]:
    """Rows that make 1 MB; of a backward array, whose planes lie across the file, rows of all planes."""
    if not stored.backwards:
        return low_block(axes, shape, stored.dtype.itemsize)
    y = axes.index("Y")
    slab = prod(shape) // shape[y] * stored.dtype.itemsize
    return (*shape[:y], min(shape[y], -(-BAND_BYTES // slab)), *shape[y + 1 :])


def _read(
    run: Run,
    stored: _Stored,
    part: Part,
    limit: int,
    index: tuple[int | slice, ...],
    level: int,
) -> np.ndarray:
    whole = part.whole(index)
    refuse_larger(selected_bytes(whole, stored.dtype), limit, "this region")
    if stored.backwards:
        return read_region(run, stored.shape[::-1], whole[::-1]).T
    return read_region(run, stored.shape, whole)
