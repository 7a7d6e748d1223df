"""Whether a Matroska or WebM file is whole, by the size that its segment declares.

Layout: RFC 8794 (EBML), RFC 9559 (Matroska).
"""

import os
from typing import IO

from smalti.loaders._small import open_file

__all__ = ["missing_of_segment"]

_SEGMENT = 0x18538067
_LONGEST = 8


def missing_of_segment(path: str) -> str | None:
    """What the file lacks of its segment; None when it is whole, or the size was never filled in."""
    with open_file(path) as file:
        _number(file, marked=True)  # the element EBML, its header
        file.seek(_number(file) or 0, os.SEEK_CUR)
        if _number(file, marked=True) != _SEGMENT:
            return None
        declared = _number(file)
        start = file.tell()
        there = file.seek(0, os.SEEK_END) - start
    if declared is None or there >= declared:
        return None
    return f"the file holds {there:,} of the {declared:,} bytes its segment declares; it is cut"


def _number(file: IO[bytes], marked: bool = False) -> int | None:
    """A number of one to eight bytes, whose leading zeros tell how many; None for one that says unknown.

    `marked` keeps the bit that ends the zeros, as the names of elements do.
    """
    first = (file.read(1) or b"\0")[0]
    length = _LONGEST + 1 - first.bit_length()
    if length > _LONGEST:
        return None
    number = int.from_bytes(bytes([first]) + file.read(length - 1), "big")
    if marked:
        return number
    unmarked = number & ((1 << 7 * length) - 1)
    return None if unmarked == (1 << 7 * length) - 1 else unmarked
