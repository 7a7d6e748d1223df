"""The chain of pages (IFDs) of a TIFF, walked before tifffile does, which may walk in circles.

Layout: TIFF 6.0, section 2; BigTIFF by its specification.
"""

import struct
from collections.abc import Iterator
from typing import Any

__all__ = ["end_circles"]

_MOST_PAGES = 1_000_000


def end_circles(file: Any) -> str | None:
    """Cut the list of pages where it comes back to itself; says so, or None when the chain ends by itself.

    tifffile 2026.3 looks for a circle once, at the hundredth page, and not at all when pages are taken
    one by one. The walk reads 2 + 4 bytes a page.
    """
    if not file.pages:
        return None
    offsets: dict[int, int] = {}
    for offset in _chain(file):
        if offset in offsets or len(offsets) == _MOST_PAGES:
            file.pages._offsets, file.pages._indexed = list(offsets), True
            back = f"points back to page {offsets[offset]}" if offset in offsets else "is not the last"
            return f"page {len(offsets) - 1} {back}"
        offsets[offset] = len(offsets)
    return None


def _chain(file: Any) -> Iterator[int]:
    handle, layout = file.filehandle, file.tiff
    offset = file.pages.first.offset
    while 0 < offset < handle.size:
        yield offset
        handle.seek(offset)
        count = handle.read(layout.tagnosize)
        if len(count) < layout.tagnosize:
            return
        handle.seek(offset + layout.tagnosize + struct.unpack(layout.tagnoformat, count)[0] * layout.tagsize)
        following = handle.read(layout.offsetsize)
        if len(following) < layout.offsetsize:
            return
        offset = struct.unpack(layout.offsetformat, following)[0]
