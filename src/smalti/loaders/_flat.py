"""One array in a file, as NRRD, NIfTI and MetaImage keep theirs: samples in order, plain or packed."""

import bz2
import gzip
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from math import prod
from pathlib import Path
from typing import IO, cast

import numpy as np

from smalti.core.image import SLAB_BYTES
from smalti.loaders._content import BrokenFileError
from smalti.loaders._size import refuse_larger, selected_bytes

__all__ = ["Flat", "FlatPixels", "beside"]

TEXT_BYTES = 40
"""More than any number takes that is written out."""


@dataclass(frozen=True, slots=True)
class Flat:
    """Where an array lies and how it is stored.

    Parameters
    ----------
    path
        The file.
    offset
        Bytes of the file before the samples, or before what they are packed in; -1 when plain samples are the
        last bytes of the file.
    dtype
        As stored, in its byte order.
    shape
        Slowest axis first.
    packing
        ``""``, ``"gzip"``, ``"bzip2"``, ``"zlib"``, ``"text"`` or ``"hex"``.
    skip
        Bytes before the samples in what is unpacked.
    scaling
        Slope and intercept that stored values are to be scaled by; a slope of 0, as of 1 with 0, is none.
    """

    path: str
    offset: int
    dtype: np.dtype
    shape: tuple[int, ...]
    packing: str = ""
    skip: int = 0
    scaling: tuple[float, float] = (1.0, 0.0)

    @property
    def is_scaled(self) -> bool:
        """Whether values differ from those stored."""
        return self.scaling[0] not in (0.0, 1.0) or (self.scaling[0] == 1.0 and self.scaling[1] != 0.0)

    @property
    def given(self) -> np.dtype:
        """Type of the samples as handed out: scaled ones are floats that hold what is stored."""
        own = self.dtype.newbyteorder("=")
        return np.result_type(own, np.float32) if self.is_scaled else own

    @property
    def n_bytes(self) -> int:
        """Bytes of all samples."""
        return prod(self.shape) * self.dtype.itemsize


class FlatPixels:
    """Reads regions of a `Flat`, samples in the machine's byte order.

    A plain array is mapped. A packed one is kept whole up to `SLAB_BYTES`, and above that unpacked from its
    start to the block asked for.

    Parameters
    ----------
    flat
        The array.
    n_stacked
        How many of the slowest axes a block has length 1 along; where a plain array is mapped, the next one
        too, which is rows.
    limit
        Bytes that one read may take.

    Raises
    ------
    BrokenFileError
        A plain file is shorter than declared. Reading a packed one raises this too.
    TooLargeError
        One block is declared larger than `limit`, or all of what can only be unpacked at once.
    """

    def __init__(self, flat: Flat, n_stacked: int, limit: int) -> None:
        plain = not flat.packing
        self.block_shape = (1,) * (n_stacked + plain) + flat.shape[n_stacked + plain :]
        self._flat = flat
        self._limit = limit
        self._n_stacked = n_stacked
        self._open: list[IO[bytes]] = []
        self._kept = _mapped(flat) if plain else None
        self._by_parts = flat.packing in _STREAMS and flat.n_bytes > min(SLAB_BYTES, limit)
        if self._by_parts:
            refuse_larger(prod(self.block_shape) * flat.dtype.itemsize, limit, "one block")
        elif flat.packing:
            refuse_larger(flat.n_bytes, limit, "the volume, unpacked at once")

    def read(self, index: tuple[int | slice, ...]) -> np.ndarray:
        """A region; `index` has one int or ascending slice per axis."""
        flat = self._flat
        refuse_larger(selected_bytes(index, flat.given), self._limit, "this region")
        if self._kept is None and not self._by_parts:
            self._kept = _whole(flat)
        array = self._by_blocks(index) if self._kept is None else self._kept[index]
        region = np.array(array, flat.given)
        if flat.is_scaled:
            region *= flat.scaling[0]
            region += flat.scaling[1]
        return region

    def close(self) -> None:
        """Let go of the file."""
        self._kept = None
        while self._open:
            self._open.pop().close()

    def _by_blocks(self, index: tuple[int | slice, ...]) -> np.ndarray:
        stacked, inner = index[: self._n_stacked], index[self._n_stacked :]
        spans = [range(i, i + 1) if isinstance(i, int) else range(i.start, i.stop, i.step) for i in stacked]
        blocks = [self._block(at)[inner] for at in product(*spans)]
        lengths = [len(span) for span, pick in zip(spans, stacked, strict=True) if isinstance(pick, slice)]
        return np.stack(blocks).reshape(*lengths, *blocks[0].shape)

    def _block(self, at: tuple[int, ...]) -> np.ndarray:
        """The block at a place along the stacked axes; going back unpacks from the start again."""
        flat, shape = self._flat, self._flat.shape[self._n_stacked :]
        size = prod(shape) * flat.dtype.itemsize
        number = int(np.ravel_multi_index(at, flat.shape[: self._n_stacked])) if at else 0
        start = flat.skip + size * number
        if not self._open or self._open[-1].tell() > start:
            self.close()
            self._open.append(_at_offset(flat))
            self._open.append(_STREAMS[flat.packing](self._open[0]))
        self._open[1].seek(start)
        return _checked(self._open[1].read(size), size, flat.dtype).reshape(shape)


def beside(header: str, name: str) -> str:
    """The path of a data file that a header names; it must lie in the header's own folder.

    Raises
    ------
    BrokenFileError
        It lies elsewhere, or is not there.
    """
    folder = Path(header).parent
    path = folder / name
    if name != Path(name).name or name in ("", ".", "..") or "\\" in name:
        raise BrokenFileError(f"its data file is given as {name!r}; only files beside the header are read")
    if not path.is_file():
        raise BrokenFileError(f"its data file {name!r} is not there; it belongs beside the header")
    return str(path)


def _mapped(flat: Flat) -> np.ndarray:
    held = Path(flat.path).stat().st_size
    offset = held - flat.n_bytes if flat.offset < 0 else flat.offset + flat.skip
    if offset < 0 or held < offset + flat.n_bytes:
        there = held if offset < 0 else max(0, held - offset)
        raise BrokenFileError(f"its header declares {flat.n_bytes:,} bytes of pixels, there are {there:,}")
    if not flat.n_bytes:
        return np.empty(flat.shape, flat.dtype)
    return np.memmap(flat.path, flat.dtype, "r", offset, flat.shape)


def _at_offset(flat: Flat) -> IO[bytes]:
    file = Path(flat.path).open("rb")  # noqa: SIM115 - who asks for it closes it
    file.seek(flat.offset)
    return file


def _whole(flat: Flat) -> np.ndarray:
    with _at_offset(flat) as file:
        if flat.packing in _STREAMS:
            with _STREAMS[flat.packing](file) as stream:
                stream.seek(flat.skip)
                data = stream.read(flat.n_bytes)
        elif flat.packing == "zlib":
            packed = file.read(flat.n_bytes + flat.n_bytes // 8 + 1024)  # what does not shrink grows by less
            data = zlib.decompressobj().decompress(packed, flat.n_bytes)
        else:
            return _written_out(file, flat)
    return _checked(data, flat.n_bytes, flat.dtype).reshape(flat.shape)


def _written_out(file: IO[bytes], flat: Flat) -> np.ndarray:
    """Samples as decimal numbers, or their bytes as hexadecimal digits."""
    text = file.read(TEXT_BYTES * prod(flat.shape) + 1024).decode("ascii")
    if flat.packing == "hex":
        return _checked(bytes.fromhex(text), flat.n_bytes, flat.dtype).reshape(flat.shape)
    values = np.array(text.replace(",", " ").split()[: prod(flat.shape)], np.float64)
    if values.size < prod(flat.shape):
        raise BrokenFileError(f"its header declares {prod(flat.shape):,} numbers, there are {values.size:,}")
    return values.astype(flat.dtype).reshape(flat.shape)


def _checked(data: bytes, wanted: int, dtype: np.dtype) -> np.ndarray:
    if len(data) < wanted:
        raise BrokenFileError(f"its header declares {wanted:,} bytes of pixels here, there are {len(data):,}")
    return np.frombuffer(data[:wanted], dtype)


_STREAMS: dict[str, Callable[[IO[bytes]], IO[bytes]]] = {
    "gzip": lambda file: cast(IO[bytes], gzip.GzipFile(fileobj=file)),
    "bzip2": lambda file: cast(IO[bytes], bz2.BZ2File(file)),
}
"""Packings that are read from the start on, a part at a time."""
