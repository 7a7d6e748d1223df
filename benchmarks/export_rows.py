"""The rows of the table of exports: what is measured, what is asked of it, what was found."""

import os
import sys
from collections.abc import Callable, Iterator

from asked import Asked, Sizes, at_least, at_most
from converters import ADDED, Converters, Made
from datasets import colour_folder, tiff_folder
from kills import TESTS, killed
from line import Line
from pyramid_rows import pyramid2d, pyramid3d

__all__ = ["ROWS", "Line"]

KILLS = 30
"""Of a run that makes a store, and of one that adds to it."""


def png(who: Converters, sizes: Sizes) -> Iterator[Line]:
    """Many small files."""
    folder = colour_folder(who.scratch, sizes.of(5000))
    own, peer = who.smalti(folder), who.peer(folder)
    asked = (
        at_least("images/s", 600, own.rate, ""),
        at_least("of images_to_zarr", 2, own.rate / peer.rate if peer else None, "×", 1),
        at_most("files", 40, own.files, "", 0),
        at_most("peak", 500, own.cost.peak_mb, " MB", 0),
    )
    yield _line(f"{own.amount:,} PNG u8 256²×3", asked, own, peer)


def tiff(who: Converters, sizes: Sizes) -> Iterator[Line]:
    """Files of one plane."""
    for packed in (False, True):
        folder = tiff_folder(who.scratch, sizes.of(1000), 512, packed)
        own, peer = who.smalti(folder), who.peer(folder)
        asked = () if packed else (at_least("images/s", 450, own.rate, ""),)
        yield _line(f"{own.amount:,} TIFF u16 512²{' deflate' if packed else ''}", asked, own, peer)


def append(who: Converters, sizes: Sizes) -> Iterator[Line]:
    """Some images more, to few and to many."""
    lot = max(ADDED, round(1000 * sizes.scale / ADDED) * ADDED)
    (own, peer), (own_many, peer_many) = (
        (who.smalti_appends(lots, lot), who.peer_appends(lots, lot)) for lots in (4, 16)
    )
    took = at_most("an append", 70, own.cost.wall * 1e3, " ms", 0)
    yield _line(_added(4 * lot), (took,), own, peer)
    flat = at_most(f"an append against one to {4 * lot:,}", 1.3, own_many.cost.wall / own.cost.wall, "×")
    yield _line(_added(16 * lot), (flat,), own_many, peer_many)


def kills(who: Converters, sizes: Sizes) -> Iterator[Line]:
    """Kills at random moments."""
    each = int(os.environ.get("SMALTI_REPEATS", sizes.of(KILLS, 1)))
    code = killed(TESTS / "export" / "test_kills.py", each, sys.stderr.fileno())
    found = f"{2 * each} of {2 * each}" if code == 0 else f"pytest ended with {code}"
    met = None if code == 0 and each < KILLS else code == 0
    asked = Asked(f"{2 * KILLS} of {2 * KILLS} stores consistent", found, met)
    yield Line("kill −9 during convert and append", (asked,))


ROWS: dict[str, Callable[[Converters, Sizes], Iterator[Line]]] = {
    "png": png,
    "tiff": tiff,
    "append": append,
    "pyramid2d": pyramid2d,
    "pyramid3d": pyramid3d,
    "kills": kills,
}


def _line(name: str, asked: tuple[Asked, ...], own: Made, peer: Made | None) -> Line:
    return Line(name, asked, {"smalti": own, "images_to_zarr": peer})


def _added(n: int) -> str:
    return f"append {ADDED} (u8 256²×3, in memory) to {n:,}"
