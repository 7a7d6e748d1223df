"""The rows of the speed table: what is measured, what is asked of it, what was found."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from asked import Asked, Sizes, at_most
from contestants import Contestants
from datasets import ome_tiff_folder, ome_zarr_folder, png_folder, tiff_folder
from meter import Cost
from startup import ASKED, LIMIT, measured
from streaming import tiled

__all__ = ["ROWS", "Line"]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table."""

    name: str
    asked: tuple[Asked, ...]
    smalti: Cost | None = None
    peer: Cost | None = None
    decode: Cost | None = None


def less(part: Literal["wall", "cpu"], limit: float, own: Cost, peer: Cost | None) -> Asked:
    """Ask that smalti takes so many times less than PixelPatrol."""
    told = f"{limit:g}× less {_PARTS[part]} than PixelPatrol"
    if peer is None:
        return Asked(told, "–", None)
    ratio = getattr(peer, part) / getattr(own, part)
    return Asked(told, f"{ratio:.1f}×", ratio >= limit)


def png(who: Contestants, sizes: Sizes) -> Iterator[Line]:
    """Many small files."""
    folder = png_folder(who.scratch, sizes.of(2000))
    own, decode, peer = who.smalti(folder), who.decode(folder), who.peer(folder)
    asked = (
        less("wall", 10, own, peer),
        less("cpu", 12, own, peer),
    )
    yield Line(_named(folder, "PNG u8 256²"), asked, own, peer, decode)


def tiff(who: Contestants, sizes: Sizes) -> Iterator[Line]:
    """Files of one plane of a megapixel."""
    folder = tiff_folder(who.scratch, sizes.of(500))
    own, decode, peer = who.smalti(folder), who.decode(folder), who.peer(folder)
    asked = (less("cpu", 10, own, peer), _of_decoding(own, decode))
    yield Line(_named(folder, "TIFF u16 1024² deflate"), asked, own, peer, decode)


def ome_tiff(who: Contestants, sizes: Sizes) -> Iterator[Line]:
    """Stacks of many small planes."""
    folder = ome_tiff_folder(who.scratch, sizes.of(20, 1))
    own, decode, peer = who.smalti(folder), who.decode(folder), who.peer(folder)
    asked = (less("cpu", 8, own, peer),)
    yield Line(_named(folder, "OME-TIFF u16 T5 C2 Z10 512²"), asked, own, peer, decode)


def ome_zarr(who: Contestants, sizes: Sizes) -> Iterator[Line]:
    """One store of large planes."""
    n = sizes.of(16)
    folder = ome_zarr_folder(who.scratch, n)
    own, decode, peer = who.smalti(folder), who.decode(folder), who.peer(folder, "zarr")
    asked = (
        less("cpu", 10, own, peer),
        at_most("peak", 500, own.peak_mb, " MB", 0),
        _of_decoding(own, decode),
    )
    yield Line(f"OME-Zarr u16 {n} × 4096²", asked, own, peer, decode)


def plane(who: Contestants, sizes: Sizes) -> Iterator[Line]:
    """All metrics of a plane in memory, one thread."""
    import kernels  # the first to bring numba, which must learn its cache folder before

    for dtype, found in kernels.measured().items():
        asked = at_most("kernels and metrics", kernels.LIMITS[dtype], found.whole, " ns a pixel")
        yield Line(f"plane {dtype} 1024²", (asked,))


def streamed(who: Contestants, sizes: Sizes) -> Iterator[Line]:
    """One plane that is never held whole."""
    side = round(32_768 * sizes.scale**0.5)
    own = replace(who, repeats=1).smalti(tiled(who.scratch / f"tiff-{side}", side))
    asked = (at_most("peak", 500, own.peak_mb, " MB", 0),)
    yield Line(f"TIFF u16 {side:,}² deflate, tiles 512²", asked, own)


def fixed(who: Contestants, sizes: Sizes) -> Iterator[Line]:
    """What a run costs before its first file."""
    folder = png_folder(who.scratch, 1, 16)
    own, peer = who.smalti(folder), who.peer(folder)
    yield Line("fixed cost of a run (one PNG of 16²)", (at_most("CPU", 2.5, own.cpu, " s"),), own, peer)


def tiny(who: Contestants, sizes: Sizes) -> Iterator[Line]:
    """What one more file costs."""
    few, many = (png_folder(who.scratch, sizes.of(n), 16) for n in (2_000, 20_000))
    own_few, own_many = who.smalti(few), who.smalti(many)
    more = _count(many) - _count(few)
    wall, cpu = ((getattr(own_many, part) - getattr(own_few, part)) / more * 1e3 for part in ("wall", "cpu"))
    asked = (
        at_most("one more file: wall", 0.15, wall, " ms"),
        Asked("its CPU", f"{cpu:.2f} ms", None),
        Asked("PixelPatrol's", _one_more(who, sizes), None),
    )
    yield Line(_named(many, "PNG u8 16²"), asked, own_many)


def _one_more(who: Contestants, sizes: Sizes) -> str:
    """PixelPatrol's wall and CPU for one more tiny file, from smaller sets: it takes 18 ms for each."""
    few, many = (png_folder(who.scratch, sizes.of(n), 16) for n in (400, 2_000))
    first = who.peer(few)
    second = first and who.peer(many)
    if first is None or second is None:
        return "–"
    more = _count(many) - _count(few)
    wall, cpu = (second.wall - first.wall) / more, (second.cpu - first.cpu) / more
    return f"{wall * 1e3:.1f} ms wall, {cpu * 1e3:.1f} ms CPU"


def start(who: Contestants, sizes: Sizes) -> Iterator[Line]:
    """What starting costs."""
    seconds = measured()
    for name in ASKED:
        yield Line(f"`{name}`", (at_most("wall", LIMIT, seconds[name], " s"),))


ROWS: dict[str, Callable[[Contestants, Sizes], Iterator[Line]]] = {
    "png": png,
    "tiff": tiff,
    "ome-tiff": ome_tiff,
    "ome-zarr": ome_zarr,
    "plane": plane,
    "streamed": streamed,
    "fixed": fixed,
    "tiny": tiny,
    "start": start,
}


_PARTS = {"wall": "wall", "cpu": "CPU"}


def _of_decoding(own: Cost, decode: Cost) -> Asked:
    return at_most("CPU against decode alone", 2.5, own.cpu / decode.cpu, "×")


def _count(folder: Path) -> int:
    return sum(1 for _ in folder.iterdir())


def _named(folder: Path, what: str) -> str:
    return f"{_count(folder):,} {what}"
