"""Binary Netpbm, grey (P5) and colour (P6): values as stored, where Pillow scales them to 8 or 16 bits.

Layout: the manual pages pgm(5) and ppm(5).
"""

import re
from math import prod

import numpy as np

from smalti.loaders._content import BrokenFileError
from smalti.loaders._small import open_file
from smalti.loaders._still import Still

__all__ = ["is_pnm", "read_pnm"]

_GAP = rb"(?:\s|#[^\n]*\n)+"
_HEADER = re.compile(rb"P([56])" + _GAP + rb"(\d+)" + _GAP + rb"(\d+)" + _GAP + rb"(\d+)\s")


def is_pnm(head: bytes) -> bool:
    """Whether these first bytes open a binary PGM or PPM."""
    return re.match(rb"P[56]\s", head) is not None


def read_pnm(path: str) -> Still:
    """What the header says."""
    with open_file(path) as file:
        header = _HEADER.match(file.read(4096))
        size = file.seek(0, 2)
    if header is None:
        raise BrokenFileError("a Netpbm header holds width, height and maximum; it is cut or damaged")
    kind, width, height, top = (int(number) for number in header.groups())
    samples = "RGB" if kind == 6 else ""
    dtype = np.dtype(">u2" if top > 255 else "u1")
    shape = (height, width, 3) if samples else (height, width)
    there, declared = size - header.end(), prod(shape) * dtype.itemsize
    if there < declared:
        raise BrokenFileError(f"the file holds {there:,} of the {declared:,} bytes of pixels it declares")
    return Still(
        samples=samples,
        size=(height, width),
        dtype=dtype.newbyteorder("="),
        decode=lambda _: np.fromfile(path, dtype, prod(shape), offset=header.end()).reshape(shape),
        metadata={"format": "PPM" if samples else "PGM", "significant_bits": top.bit_length()},
    )
