"""JPEG: header by hand, pixels by libjpeg-turbo.

Markers: ITU-T T.81, annex B; Adobe's APP14 and inverted CMYK: Adobe Technical Note 5116.
"""

import struct
from dataclasses import dataclass, field
from typing import IO

import numpy as np

from smalti.loaders._content import BrokenFileError
from smalti.loaders._exif import read_exif
from smalti.loaders._small import open_file, read_file
from smalti.loaders._still import Still

__all__ = ["MAGIC", "read_jpeg"]

MAGIC = b"\xff\xd8\xff"
_END = b"\xff\xd9"
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_ALONE = frozenset(range(0xD0, 0xD9)) | {0x01, 0xFF}
_JUNK = 1 << 20
_CUT = "the end marker (EOI) is missing; the file is cut"
_SAMPLES = {1: "", 3: "RGB", 4: "CMYK"}


@dataclass(slots=True)
class _Header:
    frame: bytes = b""
    adobe: bool = False
    exif: bytes = b""
    metadata: dict[str, object] = field(default_factory=dict)
    pixels_at: int = 0


def read_jpeg(path: str) -> Still:
    """What the header says; the decoder is not asked."""
    with open_file(path) as file:
        header = _header(file)
        cut = not _is_whole(file, header.pixels_at)
    if len(header.frame) < 6:
        raise BrokenFileError("no frame header (SOF) before the end of the file; the JPEG is cut or damaged")
    precision, height, width, n = struct.unpack(">BHHB", header.frame[:6])
    if not width or not height or n not in _SAMPLES or precision not in (8, 12):
        raise BrokenFileError(
            f"the JPEG header declares {width}×{height} pixels, {n} components of {precision} bits"
        )
    more, taken = read_exif(header.exif) if header.exif else ({}, None)
    invert = header.adobe and n == 4
    return Still(
        samples=_SAMPLES[n],
        size=(height, width),
        dtype=np.dtype(np.uint8 if precision == 8 else np.uint16),
        decode=lambda _: _fail() if cut else _decode(path, precision, invert),
        acquired_at=taken,
        metadata={"format": "JPEG", "compression": "JPEG", "significant_bits": precision} | more,
    )


def _header(file: IO[bytes]) -> _Header:
    """Segments up to the first scan; junk between segments is skipped, as decoders do."""
    header = _Header()
    file.seek(2)
    junk = 0
    while (byte := file.read(1)) and junk < _JUNK:
        if byte != b"\xff":
            junk += 1
            continue
        code = (file.read(1) or b"\0")[0]
        while code == 0xFF:
            code = (file.read(1) or b"\0")[0]
        if code in _ALONE or code == 0:
            continue
        if code in (0xDA, 0xD9):
            break
        length = int.from_bytes(file.read(2), "big")
        data = file.read(max(0, length - 2))
        if code in _FRAMES:
            header.frame = header.frame or data
        elif code == 0xEE:
            header.adobe = header.adobe or data.startswith(b"Adobe")
        elif code == 0xE1 and data.startswith(b"Exif\0\0"):
            header.exif = header.exif or data
    header.pixels_at = file.tell()
    return header


def _is_whole(file: IO[bytes], pixels_at: int) -> bool:
    """Whether an end marker follows the first scan; a marker in a thumbnail before it does not count.

    libjpeg paints what is missing grey and only warns, so that this is the one sign of a cut file.
    """
    size = file.seek(0, 2)
    file.seek(max(pixels_at, size - 2))
    if file.read() == _END:
        return True
    file.seek(pixels_at)
    return _END in file.read()


def _fail() -> np.ndarray:
    """Refuse a cut file: how many rows are there is not told, and libjpeg paints the rest."""
    raise BrokenFileError(_CUT)


def _decode(path: str, precision: int, invert: bool) -> np.ndarray:
    import imagecodecs

    data = read_file(path)
    array: np.ndarray = imagecodecs.jpeg_decode(data, bitspersample=precision)
    return 255 - array if invert else array
