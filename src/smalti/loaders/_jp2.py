"""JPEG 2000: header by hand, pixels by OpenJPEG.

Markers: ITU-T T.800, annexes A.5.1 (SIZ) and I.5.3.6 (channel definitions).
"""

import struct

import numpy as np

from smalti.loaders._content import BrokenFileError
from smalti.loaders._small import open_file, read_file
from smalti.loaders._still import Still

__all__ = ["MAGICS", "read_jp2"]

MAGICS = (b"\0\0\0\x0cjP  \r\n\x87\n", b"\xff\x4f\xff\x51")
_START = b"\xff\x4f\xff\x51"
_HEAD = 1 << 20  # boxes of metadata may stand before the codestream
_SAMPLES = {1: "", 2: "L?", 3: "RGB", 4: "RGB?"}
_DEFINITIONS, _OPACITY = b"cdef", (1, 2)


def read_jp2(path: str) -> Still:
    """What the first marker of the codestream says."""
    with open_file(path) as file:
        head = file.read(_HEAD)
    at = head.find(_START)
    if at < 0 or len(head) < at + 43:
        raise BrokenFileError(
            "no codestream header (SOC, SIZ) within the first MB; the file is cut or damaged"
        )
    right, bottom, left, top = struct.unpack_from(">4I", head, at + 8)
    n, bits = struct.unpack_from(">HB", head, at + 40)
    depth, signed = (bits & 0x7F) + 1, bool(bits & 0x80)
    if n not in _SAMPLES or depth > 16 or right <= left or bottom <= top:
        raise BrokenFileError(
            f"the header declares {right - left}×{bottom - top} pixels of {n} components, {depth} bits; "
            "1 to 4 components of up to 16 bits are read"
        )
    return Still(
        samples=_with_alpha(_SAMPLES[n], head[:at]),
        size=(bottom - top, right - left),
        dtype=np.dtype(f"{'i' if signed else 'u'}{1 if depth <= 8 else 2}"),
        decode=lambda _: _decode(path),
        metadata={"format": "JPEG 2000", "compression": "JPEG 2000", "significant_bits": depth},
    )


def _with_alpha(samples: str, boxes: bytes) -> str:
    """The samples with ``A`` for those that the box of channel definitions calls opacity."""
    start = boxes.find(_DEFINITIONS) + len(_DEFINITIONS)
    found = list(samples)
    if start >= len(_DEFINITIONS) and start + 2 <= len(boxes):
        (n,) = struct.unpack_from(">H", boxes, start)
        table = boxes[start + 2 : start + 2 + 6 * min(n, len(found))]
        for component, kind, _ in struct.iter_unpack(">3H", table[: len(table) // 6 * 6]):
            if kind in _OPACITY and component < len(found):
                found[component] = "A"
    return "".join(found)


def _decode(path: str) -> np.ndarray:
    import imagecodecs

    array: np.ndarray = imagecodecs.jpeg2k_decode(read_file(path), numthreads=1)
    return array
