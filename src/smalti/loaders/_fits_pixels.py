"""Pixels of one FITS image: where they lie, how they are scaled, and what is refused.

Sources: FITS Standard 4.0, sections 4.4.2.5 (BSCALE, BZERO, BLANK), 5.3 (unsigned integers) and 10 (tiles).
"""

from dataclasses import dataclass
from math import prod
from typing import IO, Any, NamedTuple

import numpy as np

from smalti.loaders._content import BrokenFileError
from smalti.loaders._runs import low_block, missing_bytes, read_region, run_in
from smalti.loaders._size import refuse_larger, selected_bytes

__all__ = ["Scale", "missing_pixels", "readable_block", "region", "scale_of"]

_STORED = {8: "u1", 16: ">i2", 32: ">i4", 64: ">i8", -32: ">f4", -64: ">f8"}
_SIGN_FLIPPED = {(8, -128.0): "i1", (16, 2.0**15): "u2", (32, 2.0**31): "u4", (64, 2.0**63): "u8"}
"""Type of what BITPIX and BZERO make together: the sign bit flipped and nothing else."""


@dataclass(frozen=True, slots=True)
class Scale:
    """How stored numbers become pixels.

    Parameters
    ----------
    stored, dtype
        Type in the file, and of the pixels.
    factor, offset
        BSCALE and BZERO.
    blank
        The stored number of a pixel without a value; None when there is none.
    """

    stored: np.dtype
    dtype: np.dtype
    factor: float
    offset: float
    blank: int | None

    def applied(self, array: np.ndarray) -> np.ndarray:
        """Pixels of stored numbers, native byte order; may change `array`."""
        if self.dtype.kind in "iu" and self.dtype != array.dtype:
            flipped: np.ndarray = array.view(self.dtype)
            flipped ^= self.dtype.type(1 << (8 * self.dtype.itemsize - 1)) if self.dtype.kind == "u" else -128
            return flipped
        if self.dtype.kind in "iu":
            return array
        pixels = array.astype(self.dtype, copy=False)
        if self.factor != 1:
            pixels *= self.factor
        if self.offset != 0:
            pixels += self.offset
        if self.blank is not None:
            pixels[array == self.blank] = np.nan
        return pixels


def scale_of(header: Any) -> Scale:
    """What BITPIX, BSCALE, BZERO and BLANK of an image say.

    Raises
    ------
    BrokenFileError
        There is no such BITPIX.
    """
    bits = header["BITPIX"]
    if bits not in _STORED:
        raise BrokenFileError(f"BITPIX is {bits!r}; {', '.join(map(str, _STORED))} are expected")
    factor, offset = float(header.get("BSCALE", 1)), float(header.get("BZERO", 0))
    blank = header.get("BLANK") if bits > 0 else None
    stored = np.dtype(_STORED[bits])
    if bits < 0 or (blank is None and (factor, offset) == (1, 0)):
        pixels = stored
    elif blank is None and factor == 1 and (bits, offset) in _SIGN_FLIPPED:
        pixels = np.dtype(_SIGN_FLIPPED[bits, offset])
    else:
        pixels = np.dtype("f4" if bits <= 16 else "f8")
    return Scale(stored, pixels.newbyteorder("="), factor, offset, None if blank is None else int(blank))


def readable_block(file: IO[bytes], hdu: Any, scale: Scale, limit: int) -> tuple[int, ...]:
    """The block that reads cheaply: a tile where there are tiles, else as many rows as make 1 MB.

    Raises `TooLargeError` when the least that can be read, a row, a tile, or the table that says where
    tiles are, is declared larger than `limit`.
    """
    shape = tuple(int(n) for n in hdu.shape)
    itemsize = scale.dtype.itemsize
    table = _table(file, hdu)
    if table:
        tile = tuple(int(n) for n in hdu.tile_shape)
        refuse_larger(prod(tile) * itemsize, limit, "one tile")
        refuse_larger(table.row_bytes, limit, "the table of tiles")
        declared = prod(-(-n // m) for n, m in zip(shape, tile, strict=True))
        if declared > table.rows:
            raise BrokenFileError(f"{declared:,} tiles are declared, their table has {table.rows:,} rows")
        return tuple(map(min, tile, shape))
    refuse_larger(shape[-1] * itemsize, limit, "one row")
    rows = low_block("YX", shape[-2:], itemsize)
    return (1,) * (len(shape) - 2) + rows


def region(file: IO[bytes], hdu: Any, scale: Scale, index: tuple[int | slice, ...], limit: int) -> np.ndarray:
    """Part of an image as pixels; one int or slice an axis, as `core.axes.selection` makes them."""
    refuse_larger(selected_bytes(index, scale.dtype), limit, "this region")
    if hasattr(hdu, "tile_shape"):
        stored = np.array(hdu.section[index])
        return scale.applied(stored.astype(stored.dtype.newbyteorder("="), copy=False))
    run = run_in(file, hdu.fileinfo()["datLoc"], scale.stored)
    return scale.applied(np.ascontiguousarray(read_region(run, hdu.shape, index)))


def missing_pixels(file: IO[bytes], hdu: Any) -> str | None:
    """What the file lacks of the data of an HDU, see `_runs.missing_bytes`."""
    return missing_bytes(file, hdu.fileinfo()["datLoc"], _declared_bytes(file, hdu))


def _declared_bytes(file: IO[bytes], hdu: Any) -> int:
    table = _table(file, hdu)
    if table:
        return table.row_bytes + table.heap_bytes
    return prod(int(n) for n in hdu.shape) * abs(int(hdu.header["BITPIX"])) // 8


class _Table(NamedTuple):
    """The table that tiles are kept in: a row says where in the heap each lies."""

    rows: int
    row_bytes: int
    heap_bytes: int


def _table(file: IO[bytes], hdu: Any) -> _Table | None:
    """What the file itself declares of the table, which astropy hides; None without tiles."""
    from astropy.io.fits import Header

    if not hasattr(hdu, "tile_shape"):
        return None
    place = hdu.fileinfo()
    file.seek(place["hdrLoc"])
    header = Header.fromstring(file.read(place["datLoc"] - place["hdrLoc"]))
    rows = int(header["NAXIS2"])
    return _Table(rows, rows * int(header["NAXIS1"]), int(header["PCOUNT"]))
