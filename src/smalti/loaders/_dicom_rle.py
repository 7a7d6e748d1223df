"""Frames of a DICOM file coded by runs (RLE) whose colours have more than 8 bits: GDCM mixes up their bytes.

Data elements and fragments: DICOM PS3.5, sections 7.1 and A.4; runs: annex G, undone by imagecodecs.
"""

import mmap
import struct
from math import prod
from pathlib import Path

import numpy as np

from smalti.loaders._content import BrokenFileError
from smalti.loaders._size import refuse_larger, selected_bytes

__all__ = ["RlePixels"]

_PIXEL_DATA = tuple(b"\xe0\x7f\x10\x00" + kind + b"\0\0\xff\xff\xff\xff" for kind in (b"OB", b"OW"))
_ITEM, _END = b"\xfe\xff\x00\xe0", b"\xfe\xff\xdd\xe0"


class RlePixels:
    """The array in such a file; each frame is one fragment, as the standard asks.

    Parameters
    ----------
    path
        Of the file.
    shape
        (frames, Y, X, S).
    dtype
        Of the samples.
    limit
        Bytes that one read may take.

    Raises
    ------
    TooLargeError
        One frame is declared larger than `limit`.
    BrokenFileError
        The file does not hold a fragment for each frame.
    """

    def __init__(self, path: str, shape: tuple[int, ...], dtype: np.dtype, limit: int) -> None:
        refuse_larger(prod(shape[1:]) * dtype.itemsize, limit, "one frame")
        self.shape = shape
        self.dtype = dtype
        self._path = Path(path)
        self._limit = limit
        self._fragments = _fragments(self._path)
        if len(self._fragments) != shape[0]:
            raise BrokenFileError(
                f"the file holds {len(self._fragments)} of {shape[0]} frames, coded by runs"
            )

    def read(self, index: tuple[int | slice, ...]) -> np.ndarray:
        """A region; `index` has one int or ascending slice per axis of `shape`."""
        refuse_larger(selected_bytes(index, self.dtype), self._limit, "this region")
        frame, *rest = index
        if isinstance(frame, int):
            return self._frame(frame)[tuple(rest)]
        numbers = range(frame.start, frame.stop, frame.step)
        return np.stack([self._frame(number)[tuple(rest)] for number in numbers])

    def _frame(self, number: int) -> np.ndarray:
        import imagecodecs

        start, length = self._fragments[number]
        with self._path.open("rb") as file:
            file.seek(start)
            planes = imagecodecs.dicomrle_decode(file.read(length), self.dtype)
        _, height, width, samples = self.shape
        if len(planes) != prod(self.shape[1:]) * self.dtype.itemsize:
            raise BrokenFileError(f"the runs of frame {number} do not give the pixels it declares")
        return np.frombuffer(planes, self.dtype).reshape(samples, height, width).transpose(1, 2, 0)


def _fragments(path: Path) -> list[tuple[int, int]]:
    """Start and length of each, less the table of offsets that comes first."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        at = max(data.rfind(mark) for mark in _PIXEL_DATA)
        if at < 0:
            raise BrokenFileError("the file holds no pixel data in fragments")
        found = []
        at += len(_PIXEL_DATA[0])
        while data[at : at + 4] == _ITEM and at + 8 <= len(data):
            length = struct.unpack_from("<I", data, at + 4)[0]
            found.append((at + 8, length))
            at += 8 + length
        if data[at : at + 4] != _END:
            raise BrokenFileError("the pixel data end in the middle of a fragment; the file is cut")
    return found[1:]
