"""Arrays stored as one run of numbers: read the part that is asked for and no more."""

import bz2
import gzip
import os
from collections.abc import Callable
from math import prod
from typing import IO, cast

import numpy as np

from smalti.loaders._content import BrokenFileError
from smalti.loaders._size import refuse_larger, selected_bytes
from smalti.loaders._small import open_file

__all__ = [
    "BAND_BYTES",
    "Run",
    "low_block",
    "missing_bytes",
    "open_plain",
    "plain_size",
    "read_region",
    "read_region_of",
    "run_in",
]

_LEAST_SHARE = 0.001
_MOST_BY_GZIP, _MOST_BY_BZIP2 = 1100, 50_000
"""Bytes that one compressed byte can become at the very most, a little rounded up (zeros: 1,030, 45,900)."""

Run = Callable[[int, int], np.ndarray]
"""``run(start, n)``: n numbers from number `start` on, 1-D, an array of its own."""

BAND_BYTES = 1 << 20
"""Bytes of rows that are read at once at little cost."""

_AT_ONCE = 1 << 22
"""Numbers that are read to pick some out of them, where else each pick would be a read of its own."""


def open_plain(path: str) -> IO[bytes]:
    """The bytes of a file, unpacked as they are read if it is gzip or bzip2; it can be sought in.

    Nothing is unpacked ahead, so that a file which unpacks to far more than it says costs no memory.
    Seeking back unpacks from the start again.
    """
    file = open_file(path)
    magic = file.read(3)
    file.seek(0)
    if magic[:2] == b"\x1f\x8b":
        file.close()
        return cast("IO[bytes]", gzip.open(path, "rb"))
    if magic == b"BZh":
        file.close()
        return cast("IO[bytes]", bz2.open(path, "rb"))
    return file


def plain_size(file: IO[bytes]) -> int | None:
    """Bytes of what `open_plain` opened; None when it would have to be unpacked to know."""
    return None if _most_unpacked(file) else file.seek(0, os.SEEK_END)


def _most_unpacked(file: object) -> int:
    """How many bytes one of a compressed file may become; 0 of a plain one."""
    if isinstance(file, gzip.GzipFile):
        return _MOST_BY_GZIP
    return _MOST_BY_BZIP2 if isinstance(file, bz2.BZ2File) else 0


def missing_bytes(file: IO[bytes], start: int, declared: int) -> str | None:
    """What a file lacks of `declared` bytes from `start` on, as far as can be known beforehand.

    Raises
    ------
    BrokenFileError
        It lacks nearly all of them, or is compressed and could not hold them: a damaged header may declare
        a thousand million planes, each of which would be tried.
    """
    most = _most_unpacked(file)
    if most:
        stored = os.fstat(file.fileno()).st_size
        if start + declared > stored * most:
            raise BrokenFileError(
                f"{stored:,} compressed bytes cannot hold the {declared:,} bytes it declares"
            )
        return None
    size = file.seek(0, os.SEEK_END)
    if size >= start + declared:
        return None
    there = max(0, size - start)
    said = f"the file holds {there:,} of the {declared:,} bytes it declares; it is cut"
    if there < declared * _LEAST_SHARE:
        raise BrokenFileError(said)
    return said


def run_in(file: IO[bytes], offset: int, dtype: np.dtype) -> Run:
    """Numbers of `dtype` that lie in an open file from byte `offset` on; handed out in native byte order.

    Asking for numbers beyond the end of the file raises `BrokenFileError`.
    """

    def run(start: int, n: int) -> np.ndarray:
        first = offset + start * dtype.itemsize
        array = np.empty(n, dtype)
        file.seek(first)
        there = cast("gzip.GzipFile", file).readinto(array.view(np.uint8).data)
        if there < array.nbytes:
            raise BrokenFileError(
                f"{array.nbytes:,} bytes of pixels are declared at byte {first:,}, the file holds {there:,} "
                "of them; it is cut"
            )
        return array.astype(dtype.newbyteorder("="), copy=False)

    return run


def read_region(
    run: Run, shape: tuple[int, ...], index: tuple[int | slice, ...], start: int = 0
) -> np.ndarray:
    """A region of an array of `shape` in C order; an int skips ahead, the first slice is read as whole rows.

    Parameters
    ----------
    index
        One int or slice, not empty and with a positive step, for each axis.
    start
        Number at which the array begins.
    """
    if not index:
        return run(start, 1).reshape(())
    first, rest = index[0], index[1:]
    length = prod(shape[1:])
    if isinstance(first, int):
        return read_region(run, shape[1:], rest, start + first * length)
    n = (first.stop - first.start) * length
    if n > _AT_ONCE and any(isinstance(pick, int) for pick in rest):
        picked = range(first.start, first.stop, first.step)
        return np.stack([read_region(run, shape, (i, *rest), start) for i in picked])
    array = run(start + first.start * length, n)
    return array.reshape(-1, *shape[1:])[(slice(None, None, first.step), *rest)]


def read_region_of(
    run: Run,
    shape: tuple[int, ...],
    dtype: np.dtype,
    limit: int,
    index: tuple[int | slice, ...],
    level: int,
) -> np.ndarray:
    """`read_region` of what may be asked for: `Image.pixels` but for its first four parameters.

    Raises `TooLargeError` when the region takes more than `limit` bytes.
    """
    refuse_larger(selected_bytes(index, dtype), limit, "this region")
    return read_region(run, shape, index)


def low_block(axes: str, shape: tuple[int, ...], itemsize: int) -> tuple[int, ...]:
    """The block that reads cheaply of planes stored one after the other: as many rows as make 1 MB."""
    length = dict(zip(axes, shape, strict=True))
    row = length["X"] * length.get("S", 1) * itemsize
    small = {"Y": max(1, BAND_BYTES // max(1, row)), "X": length["X"], "S": length.get("S", 1)}
    return tuple(min(n, small.get(axis, 1)) for axis, n in zip(axes, shape, strict=True))
