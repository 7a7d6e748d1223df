"""JPEG XL: header by hand, pixels by libjxl.

Layout: ISO/IEC 18181-1, annex D (SizeHeader, ImageMetadata), and 18181-2 (boxes).
"""

import struct
from typing import NamedTuple

import numpy as np

from smalti.loaders._bits import Bits
from smalti.loaders._content import BrokenFileError
from smalti.loaders._small import open_file, read_file
from smalti.loaders._still import Still

__all__ = ["MAGICS", "read_jxl"]

_START = b"\xff\x0a"
_CONTAINER = b"\0\0\0\x0cJXL \r\n\x87\n"
MAGICS = (_START, _CONTAINER)

_HEAD = 1 << 12
_MOST_BOXES = 1000
_RATIOS = ((1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))
_ALPHA, _SPOT, _FILTER_ARRAY = 0, 2, 5
_GREY = 1
_MOST_EXTRA = 16

_LENGTH = ((1, 9), (1, 13), (1, 18), (1, 30))
_PREVIEW_LENGTH = ((1, 6), (65, 8), (321, 10), (1345, 12))
_PREVIEW_EIGHTHS = ((16, 0), (32, 0), (1, 5), (33, 9))
_ENUM = ((0, 0), (1, 0), (2, 4), (18, 6))
"""Choices of a number: what is added, and in how many bits the rest follows; see `Bits.choice`."""


class _Depth(NamedTuple):
    is_float: bool
    bits: int

    @property
    def dtype(self) -> np.dtype:
        if self.is_float:
            return np.dtype(np.float16 if self.bits <= 16 else np.float32)
        return np.dtype(np.uint8 if self.bits <= 8 else np.uint16)


class _Facts(NamedTuple):
    samples: str = "RGB"
    depth: _Depth = _Depth(False, 8)
    orientation: int = 1


def read_jxl(path: str) -> Still:
    """What the header says. Orientation is noted, not applied; an animation is refused."""
    bits = Bits(_codestream(path))
    size = _size(bits)
    facts = _facts(bits)
    dtype = facts.depth.dtype
    metadata: dict[str, object] = {"format": "JPEG XL", "compression": "JPEG XL"}
    if facts.depth.bits < 8 * dtype.itemsize:
        metadata["significant_bits"] = facts.depth.bits
    if facts.orientation != 1:
        metadata["orientation"] = facts.orientation
    return Still(facts.samples, size, dtype, lambda _: _decode(path), metadata=metadata)


def _codestream(path: str) -> bytes:
    """The first bytes of the coded image, out of the boxes it may lie in."""
    with open_file(path) as file:
        if not file.read(len(_CONTAINER)).startswith(_CONTAINER):
            file.seek(0)
            return file.read(_HEAD)[len(_START) :]
        for _ in range(_MOST_BOXES):
            at = file.tell()
            head = file.read(16)
            if len(head) < 8:
                break
            size, kind = struct.unpack(">I4s", head[:8])
            start = 16 if size == 1 else 8
            if kind in (b"jxlc", b"jxlp"):
                file.seek(at + start + (4 if kind == b"jxlp" else 0))
                return file.read(_HEAD)[len(_START) :]
            size = int.from_bytes(head[8:16], "big") if size == 1 else size
            if size < start:
                break
            file.seek(at + size)
    raise BrokenFileError("no box with a coded image (jxlc, jxlp) is there; the file is cut or damaged")


def _size(bits: Bits) -> tuple[int, int]:
    """(Y, X)."""
    eighths = bits.flag()
    height = 8 * (1 + bits.number(5)) if eighths else bits.choice(_LENGTH)
    ratio = bits.number(3)
    if ratio:
        across, down = _RATIOS[ratio - 1]
        return height, height * across // down
    return height, 8 * (1 + bits.number(5)) if eighths else bits.choice(_LENGTH)


def _facts(bits: Bits) -> _Facts:
    if bits.flag():  # all as usual
        return _Facts()
    orientation = 1
    if bits.flag():
        orientation = 1 + bits.number(3)
        if bits.flag():
            _size(bits)  # the size meant for display
        if bits.flag():
            _skip_preview(bits)
        if bits.flag():
            raise BrokenFileError("an animated JPEG XL does not say how many frames it has; stills are read")
    depth = _depth(bits)
    bits.flag()  # whether 16-bit buffers suffice
    extra = "".join(_extra(bits) for _ in range(bits.choice(((0, 0), (1, 0), (2, 4), (1, 12)))))
    if len(extra) > _MOST_EXTRA:
        raise BrokenFileError(f"{len(extra)} extra channels are declared; up to {_MOST_EXTRA} are read")
    bits.flag()  # whether colours are coded as XYB
    samples = ("L" if _is_grey(bits) else "RGB") + extra
    return _Facts("" if samples == "L" else samples, depth, orientation)


def _depth(bits: Bits) -> _Depth:
    if not bits.flag():
        return _Depth(False, bits.choice(((8, 0), (10, 0), (12, 0), (1, 6))))
    n_bits = bits.choice(((32, 0), (16, 0), (24, 0), (1, 6)))
    bits.number(4)  # bits of the exponent
    return _Depth(True, n_bits)


def _extra(bits: Bits) -> str:
    """One letter for an extra channel; ``A`` is alpha."""
    if bits.flag():  # as usual: alpha of 8 bits
        return "A"
    kind = bits.choice(_ENUM)
    _depth(bits)
    bits.choice(((0, 0), (3, 0), (4, 0), (1, 3)))  # how much smaller it is stored
    for _ in range(bits.choice(((0, 0), (0, 4), (16, 5), (48, 10)))):
        bits.number(8)  # its name
    if kind == _ALPHA:
        bits.flag()  # whether colours are multiplied by it
    elif kind == _SPOT:
        bits.number(64)  # its colour
    elif kind == _FILTER_ARRAY:
        bits.choice(((1, 0), (0, 2), (3, 4), (19, 8)))
    return "A" if kind == _ALPHA else "?"


def _is_grey(bits: Bits) -> bool:
    """Whether the colours are one; they are RGB where all is as usual."""
    if bits.flag():
        return False
    bits.flag()  # whether an ICC profile says more
    return bits.choice(_ENUM) == _GREY


def _skip_preview(bits: Bits) -> None:
    eighths = bits.flag()
    options = _PREVIEW_EIGHTHS if eighths else _PREVIEW_LENGTH
    bits.choice(options)
    if not bits.number(3):
        bits.choice(options)


def _decode(path: str) -> np.ndarray:
    import imagecodecs

    array: np.ndarray = imagecodecs.jpegxl_decode(read_file(path), keeporientation=True, numthreads=1)
    return array
