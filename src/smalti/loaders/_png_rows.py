"""Rows of a large PNG, decoded as they are asked for, so that the picture is never held whole."""

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from smalti.loaders._content import BrokenFileError

__all__ = ["PngRows"]

FEED = 1 << 20
"""Compressed bytes taken from the file at once."""

BAND_BYTES = 16 << 20
"""Scanlines decoded at once."""


class PngRows:
    """Rows of a PNG that is not interlaced; asked for from top to bottom, none is decoded twice.

    Parameters
    ----------
    path
        Of the file.
    height
        Number of rows.
    n_bytes, step
        Bytes of one row, and of one pixel.
    """

    def __init__(self, path: str, height: int, n_bytes: int, step: int) -> None:
        self._path = path
        self._height = height
        self._n_bytes = n_bytes
        self._step = step
        self._restart()

    def _restart(self) -> None:
        self._pieces = _pixel_bytes(self._path)
        self._inflate = zlib.decompressobj()
        self._waiting = b""
        self._above = np.zeros((1, 1 + self._n_bytes), np.uint8)  # type 0: no difference
        self._done = 0

    def read(self, start: int, stop: int) -> np.ndarray:
        """Rows `start` up to `stop` as stored, uint8 (n, bytes).

        Raises
        ------
        BrokenFileError
            The pixel data are damaged, or end before.
        """
        if start < self._done:
            self._restart()
        rows = np.empty((stop - start, self._n_bytes), np.uint8)
        while self._done < stop:
            first = self._done
            last = min(first + max(1, BAND_BYTES // self._n_bytes), start if first < start else stop)
            taken = self._take(last - first)
            if first >= start:
                rows[first - start : last - start] = taken
        return rows

    def _take(self, n: int) -> np.ndarray:
        from smalti.kernels.scanlines import undo_filters  # brings numba

        filtered = np.frombuffer(self._scanlines(n), np.uint8).reshape(n, -1)
        rows = np.empty((1 + n, self._n_bytes), np.uint8)
        if not undo_filters(np.concatenate([self._above, filtered]), self._step, rows):
            raise BrokenFileError(f"a scanline after row {self._done:,} has a filter that PNG does not know")
        self._above[0, 1:] = rows[-1]
        self._done += n
        return rows[1:]

    def _scanlines(self, n: int) -> bytearray:
        """The next `n` filtered scanlines."""
        n_bytes, found = n * (1 + self._n_bytes), bytearray()
        while len(found) < n_bytes:
            self._waiting = self._waiting or next(self._pieces, b"")
            if self._inflate.eof or not self._waiting:
                got = self._done + len(found) // (1 + self._n_bytes)
                raise BrokenFileError(f"the pixel data end after {got:,} of {self._height:,} rows")
            try:
                found += self._inflate.decompress(self._waiting, n_bytes - len(found))
            except zlib.error as error:
                words = f"the pixel data are damaged after row {self._done:,}: {error}"
                raise BrokenFileError(words) from error
            self._waiting = self._inflate.unconsumed_tail
        return found


def _pixel_bytes(path: str) -> Iterator[bytes]:
    """The compressed stream, some at a time; the checksum of each chunk is compared."""
    with Path(path).open("rb") as file:
        file.seek(8)
        while len(start := file.read(8)) == 8:
            length, kind = struct.unpack(">I4s", start)
            if kind == b"IEND":
                return
            if kind != b"IDAT":
                file.seek(length + 4, 1)
                continue
            check = zlib.crc32(kind)
            while length and (data := file.read(min(length, FEED))):
                check = zlib.crc32(data, check)
                length -= len(data)
                yield data
            if file.read(4) != struct.pack(">I", check):
                raise BrokenFileError("the checksum of pixel data (IDAT) is wrong; the file is damaged")
