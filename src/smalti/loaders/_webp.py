"""WebP: header by hand, pixels by libwebp.

Layout: RFC 9649.
"""

import struct

import numpy as np

from smalti.loaders._content import BrokenFileError
from smalti.loaders._small import open_file, read_file
from smalti.loaders._still import Still

__all__ = ["is_webp", "read_webp"]

_ALPHA, _ANIMATION = 0x10, 0x02


def is_webp(head: bytes) -> bool:
    """Whether these first bytes open a WebP file."""
    return head[:4] == b"RIFF" and head[8:12] == b"WEBP"


def read_webp(path: str) -> Still | None:
    """What the header says; None for an animation, whose frames need compositing."""
    with open_file(path) as file:
        head = file.read(64)
        size = file.seek(0, 2)
    declared = struct.unpack("<I", head[4:8])[0] + 8
    if declared > size:
        raise BrokenFileError(f"the file holds {size:,} of the {declared:,} bytes it declares; it is cut")
    kind, body = head[12:16], head[20:]
    if kind == b"VP8X":
        if body[0] & _ANIMATION:
            return None
        alpha = bool(body[0] & _ALPHA)
        width, height = (int.from_bytes(body[at : at + 3], "little") + 1 for at in (4, 7))
    elif kind == b"VP8L":
        bits = int.from_bytes(body[1:5], "little")
        width, height, alpha = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1, bool(bits >> 28 & 1)
    elif kind == b"VP8 ":
        width, height = (value & 0x3FFF for value in struct.unpack("<HH", body[6:10]))
        alpha = False
    else:
        raise BrokenFileError(f"a WebP file opens with VP8, VP8L or VP8X; found {kind!r}")
    return Still(
        samples="RGBA" if alpha else "RGB",
        size=(height, width),
        dtype=np.dtype(np.uint8),
        decode=lambda _: _decode(path, alpha),
        metadata={"format": "WebP", "compression": "VP8L" if kind == b"VP8L" else "VP8"},
    )


def _decode(path: str, alpha: bool) -> np.ndarray:
    import imagecodecs

    array: np.ndarray = imagecodecs.webp_decode(read_file(path), hasalpha=alpha)
    return array
