"""The chain of pages (IFDs) of a TIFF, walked before tifffile does, which may walk for ever.

Layout: TIFF 6.0, section 2; BigTIFF by its specification.
"""

import struct
from collections.abc import Iterator
from typing import Any

__all__ = ["make_finite"]

_MOST_PAGES = 1_000_000
_WIDTH, _HEIGHT = 256, 257
_WHOLE = (1, 3, 4, 16)  # BYTE, SHORT, LONG, LONG8


def make_finite(file: Any) -> str | None:
    """Keep tifffile 2026.3 from running in circles; says where the chain was cut, None when it ends.

    It looks for a circle of pages once, at the hundredth, and not at all when pages are taken one by
    one. It counts pages down for ever when sizes that may be negative or fractional meet a shape of its
    own in the description. The walk reads the tags of each page once.
    """
    if not file.pages:
        return None
    offsets: dict[int, int] = {}
    for offset, whole in _chain(file):
        if not whole:
            file.is_shaped = False
        if offset in offsets or len(offsets) == _MOST_PAGES:
            file.pages._offsets, file.pages._indexed = list(offsets), True
            back = f"points back to page {offsets[offset]}" if offset in offsets else "is not the last"
            return f"page {len(offsets) - 1} {back}"
        offsets[offset] = len(offsets)
    return None


def _chain(file: Any) -> Iterator[tuple[int, bool]]:
    """Offset of each page, and whether its width and height are stored as whole numbers."""
    handle, layout = file.filehandle, file.tiff
    offset = file.pages.first.offset
    while 0 < offset < handle.size:
        handle.seek(offset)
        count = handle.read(layout.tagnosize)
        if len(count) < layout.tagnosize:
            return
        length = struct.unpack(layout.tagnoformat, count)[0] * layout.tagsize
        if length > handle.size:
            return
        tags, following = handle.read(length), handle.read(layout.offsetsize)
        yield offset, _is_whole(tags, layout)
        if len(following) < layout.offsetsize:
            return
        offset = struct.unpack(layout.offsetformat, following)[0]


def _is_whole(tags: bytes, layout: Any) -> bool:
    heads = (
        struct.unpack_from(f"{layout.byteorder}HH", tags, i) for i in range(0, len(tags) - 3, layout.tagsize)
    )
    return all(kind in _WHOLE for code, kind in heads if code in (_WIDTH, _HEIGHT))
