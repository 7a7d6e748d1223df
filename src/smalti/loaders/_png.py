"""PNG: header by hand, pixels by libdeflate or libpng, palette images as indices.

Chunks and their order: Portable Network Graphics (PNG) Specification, W3C, third edition.
"""

import struct
import sys
import zlib
from pathlib import Path
from typing import IO

import numpy as np

from smalti.loaders._content import BrokenFileError
from smalti.loaders._png_rows import PngRows
from smalti.loaders._small import open_file, read_file
from smalti.loaders._still import Rows, Still

__all__ = ["MAGIC", "read_png"]

MAGIC = b"\x89PNG\r\n\x1a\n"
_END = b"\0\0\0\0IEND\xaeB`\x82"
_GREY, _PALETTE = 0, 3
_SAMPLES = {_GREY: "", 2: "RGB", _PALETTE: "", 4: "LA", 6: "RGBA"}
_KEPT = {b"IHDR", b"acTL", b"sBIT", b"tEXt", b"pHYs"}
_TEXT_LIMIT = 4096

DEFLATE_RATIO = 1032
"""258 bytes to 2 bits, the most there can be."""

WHOLE_BYTES = 128 << 20
"""Larger pictures are decoded by rows: libdeflate is faster than zlib, but wants all of them at once."""


def read_png(path: str) -> Still | None:
    """What the header says; None for an animated PNG, whose frames need compositing."""
    with open_file(path) as file:
        file.seek(len(MAGIC))
        chunks = _before_pixels(file)
        cut = not _is_whole(file)
    header = chunks.get(b"IHDR")
    if header is None or len(header) != 13:
        raise BrokenFileError("the PNG header (IHDR) is missing or cut; the file is damaged")
    if b"acTL" in chunks:
        return None
    width, height, bits, colour = struct.unpack(">IIBB", header[:10])
    if not width or not height or colour not in _SAMPLES or bits not in (1, 2, 4, 8, 16):
        raise BrokenFileError(
            f"the PNG header declares {width}×{height} pixels, {bits} bits, colour type {colour}; "
            "the file is damaged"
        )
    flag = bits == 1 and colour == _GREY
    interlaced = any(header[10:])
    return Still(
        samples=_SAMPLES[colour],
        size=(height, width),
        dtype=np.dtype(bool if flag else np.uint16 if bits == 16 else np.uint8),
        decode=lambda _: _decode(path, (height, width), bits, colour),
        partial="the end marker (IEND) is missing; the file is cut" if cut else None,
        metadata=_metadata(chunks, bits, colour),
        rows=None if bits < 8 or interlaced else _rows(path, (height, width), bits, colour),
    )


def _rows(path: str, size: tuple[int, int], bits: int, colour: int) -> Rows | None:
    """A reader of rows where the picture is so large that it is not to be held whole."""
    height, width = size
    samples = max(1, len(_SAMPLES[colour]))
    step = samples * bits // 8
    if height * width * step <= WHOLE_BYTES:
        return None
    file_bytes = Path(path).stat().st_size
    if height * width * step > DEFLATE_RATIO * file_bytes:
        raise BrokenFileError(
            f"the header declares {height * width * step:,} bytes of pixels, which a file of {file_bytes:,} "
            f"bytes cannot hold (deflate packs {DEFLATE_RATIO:,} to 1 at most); it is damaged or cut"
        )
    stored = PngRows(path, height, width * step, step)
    return lambda start, stop: _pixels(stored.read(start, stop), width, bits, samples)


def _pixels(rows: np.ndarray, width: int, bits: int, samples: int) -> np.ndarray:
    """Stored bytes (n, bytes) as pixels (n, X) or (n, X, S); big-endian 16-bit numbers change places."""
    shape = (len(rows), width, samples) if samples > 1 else (len(rows), width)
    if bits == 8:
        return rows.reshape(shape)
    if sys.byteorder == "little":
        rows.view(np.uint16).byteswap(inplace=True)
    return rows.view(np.uint16).reshape(shape)


def _before_pixels(file: IO[bytes]) -> dict[bytes, bytes]:
    """Short chunks before the first IDAT, by type; the first of each type."""
    chunks: dict[bytes, bytes] = {}
    while len(start := file.read(8)) == 8:
        length, kind = struct.unpack(">I4s", start)
        if kind in (b"IDAT", b"IEND"):
            break
        if kind in _KEPT and length <= _TEXT_LIMIT:
            data, check = file.read(length), file.read(4)
            if kind == b"IHDR" and struct.pack(">I", zlib.crc32(kind + data)) != check:
                raise BrokenFileError("the checksum of the PNG header (IHDR) is wrong; the file is damaged")
            chunks.setdefault(kind, data)
        else:
            file.seek(length + 4, 1)
    return chunks


def _is_whole(file: IO[bytes]) -> bool:
    """Whether the file ends as a PNG should; bytes after the end marker are allowed."""
    size = file.seek(0, 2)
    file.seek(max(0, size - len(_END)))
    if file.read() == _END:
        return True
    file.seek(0)
    return _END in file.read()


def _metadata(chunks: dict[bytes, bytes], bits: int, colour: int) -> dict[str, object]:
    found: dict[str, object] = {"format": "PNG", "compression": "deflate"}
    if colour == _PALETTE:
        found["palette"] = True
    if b"sBIT" in chunks:
        found["significant_bits"] = max(chunks[b"sBIT"], default=bits)
    elif bits < 8:
        found["significant_bits"] = bits
    key, _, text = chunks.get(b"tEXt", b"").partition(b"\0")
    if text:
        found[key.decode("latin-1").lower()] = text.decode("latin-1")
    return found


def _decode(path: str, size: tuple[int, int], bits: int, colour: int) -> np.ndarray:
    """Pixels from IHDR and IDAT alone.

    Ancillary chunks are left out: a tRNS chunk would add an alpha sample that is not stored, a broken
    iCCP or a bomb of compressed text would spoil good pixels. A palette image is handed over as a grey
    one, so that its indices come back.
    """
    data = memoryview(read_file(path))
    found = _decode_plain(data, size, bits, colour) if "numba" in sys.modules else None
    return _decode_any(data, bits, colour) if found is None else found


def _decode_any(data: memoryview, bits: int, colour: int) -> np.ndarray:
    """Pixels by libpng, which knows every kind and says what is wrong with a broken file."""
    import imagecodecs

    header = bytearray(data[16:29])
    if colour == _PALETTE:
        header[9] = _GREY
    pieces: list[bytes | memoryview] = [MAGIC, _chunk(b"IHDR", bytes(header)), *_pixel_chunks(data), _END]
    array: np.ndarray = imagecodecs.png_decode(b"".join(pieces))
    if bits >= 8:
        return array
    # libpng widens grey of 1, 2, 4 bits to 0…255; the division gives the stored values back exactly
    return array // np.uint8(255 // (2**bits - 1))


def _decode_plain(data: memoryview, size: tuple[int, int], bits: int, colour: int) -> np.ndarray | None:
    """Pixels of a whole PNG of 8 or 16 bits that is not interlaced; None for any other, for `_decode_any`.

    libdeflate and a compiled loop take 0.22 ms for a noisy 256² of 8 bit, libpng 0.69. The loop needs numba,
    whose import costs as much as 400 such files: it is used where measuring has brought numba anyway.
    """
    import imagecodecs

    from smalti.kernels.scanlines import undo_filters

    if bits < 8 or any(data[26:29]):
        return None
    chunks = _pixel_chunks(data)
    for chunk in chunks:
        check = imagecodecs.deflate_crc32(chunk[4:-4])  # type: ignore[arg-type]  # it takes any buffer
        if check != int.from_bytes(chunk[-4:]):
            return None
    samples = max(1, len(_SAMPLES[colour]))
    step = samples * bits // 8
    height, width = size
    filtered = np.empty((height, 1 + width * step), np.uint8)
    try:
        stream = b"".join(chunk[8:-4] for chunk in chunks)
        n_bytes = len(imagecodecs.deflate_decode(stream, out=filtered.data.cast("B")))
    except (RuntimeError, ValueError):
        return None
    rows = np.empty((height, width * step), np.uint8)
    if n_bytes != filtered.size or not undo_filters(filtered, step, rows):
        return None
    return _pixels(rows, width, bits, samples)


def _pixel_chunks(data: memoryview) -> list[memoryview]:
    pieces, at = [], len(MAGIC)
    while at + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        if kind == b"IDAT":
            pieces.append(data[at : at + length + 12])
        elif kind == b"IEND":
            break
        at += length + 12
    return pieces


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
