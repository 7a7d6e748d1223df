"""Princeton Instruments SPE (WinView, WinSpec, LightField): frames of a scientific camera.

Layout: the header of 4,100 bytes of SPE 2.x, whose fields for size, type and frames 3.0 keeps.
"""

import struct
from collections.abc import Iterator
from datetime import datetime
from functools import partial
from math import prod
from typing import IO

import numpy as np

from smalti.core.image import Image, ImageRef
from smalti.core.plugin import loader
from smalti.core.units import seconds
from smalti.loaders._content import HEAD, BrokenFileError, starts_with
from smalti.loaders._runs import low_block, missing_bytes, open_plain, read_region_of, run_in
from smalti.loaders._size import refuse_larger

__all__ = ["spe"]

_HEADER_BYTES = 4100
_EXPOSURE_AT, _DATE_AT, _WIDTH_AT, _TYPE_AT, _TIME_AT = 10, 20, 42, 108, 172
_HEIGHT_AT, _FRAMES_AT, _VERSION_AT, _MARK_AT = 656, 1446, 1992, 2996
_MARK, _LIGHTFIELD = 0x01234567, 3.0
_TYPES = {0: "<f4", 1: "<i4", 2: "<i2", 3: "<u2", 5: "<f8", 6: "u1", 8: "<u4"}


@loader("spe", extensions=("spe",))
def spe(ref: ImageRef, limit: int) -> Iterator[Image]:
    """One image a file; frames are T."""
    with open_plain(ref.uri) as file:
        head = _header(file)
        dtype, shape = _declared(head)
        refuse_larger(shape[-1] * dtype.itemsize, limit, "one row")
        axes = "TYX"[-len(shape) :]
        yield Image(
            ref=ref,
            axes=axes,
            shape=shape,
            dtype=dtype.newbyteorder("="),
            pixels=partial(read_region_of, run_in(file, _HEADER_BYTES, dtype), shape, dtype, limit),
            acquired_at=_taken(head),
            block_shape=low_block(axes, shape, dtype.itemsize),
            partial=missing_bytes(file, _HEADER_BYTES, prod(shape) * dtype.itemsize),
            metadata=_metadata(head),
        )


def _header(file: IO[bytes]) -> bytes:
    head = file.read(_HEADER_BYTES)
    if len(head) < _HEADER_BYTES:
        raise BrokenFileError(
            f"an SPE header takes {_HEADER_BYTES:,} bytes, the file holds {len(head):,}; "
            f"{starts_with(head[:HEAD])}"
        )
    (mark,) = struct.unpack_from("<i", head, _MARK_AT)
    (version,) = struct.unpack_from("<f", head, _VERSION_AT)
    if mark != _MARK and not _LIGHTFIELD <= version < _LIGHTFIELD + 1:
        raise BrokenFileError(f"an SPE file has {_MARK:#010x} at byte {_MARK_AT}; {starts_with(head[:HEAD])}")
    return head


def _declared(head: bytes) -> tuple[np.dtype, tuple[int, ...]]:
    width, height = (struct.unpack_from("<H", head, at)[0] for at in (_WIDTH_AT, _HEIGHT_AT))
    (kind,), (frames,) = struct.unpack_from("<h", head, _TYPE_AT), struct.unpack_from("<i", head, _FRAMES_AT)
    if kind not in _TYPES or min(width, height, frames) < 1:
        raise BrokenFileError(f"the SPE header declares {frames}×{height}×{width} pixels of type {kind}")
    return np.dtype(_TYPES[kind]), ((frames,) if frames > 1 else ()) + (height, width)


def _taken(head: bytes) -> datetime | None:
    """Day (``22Jul2015``) and local time (``094018``) of the experiment."""
    day, time = head[_DATE_AT : _DATE_AT + 9], head[_TIME_AT : _TIME_AT + 6]
    try:
        return datetime.strptime((day + time).decode("ascii"), "%d%b%Y%H%M%S")
    except ValueError:
        return None


def _metadata(head: bytes) -> dict[str, object]:
    exposure = seconds(struct.unpack_from("<f", head, _EXPOSURE_AT)[0], "s")
    return {"format": "SPE"} | ({"exposure_s": exposure} if exposure else {})
