"""``patch3d``: slices of volumes along their axes, cut to patches, without near-duplicates."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import product
from typing import NamedTuple

import numpy as np

from smalti.core.errors import UsageError
from smalti.core.image import Image
from smalti.core.options import option
from smalti.core.plugin import step
from smalti.core.progress import Progress
from smalti.curation.cutting import Box, Cutting, SkipError, cut
from smalti.curation.duplicates import DuplicateOptions
from smalti.curation.grey import Intensity, Window
from smalti.curation.names import Span
from smalti.curation.outcome import Outcome
from smalti.curation.planes import ORDERS, Picked, Windows, check_channel, padded, picked
from smalti.curation.sources import Source
from smalti.curation.spacing import Spacing, proportions, read_spacing, stated
from smalti.curation.store import Write
from smalti.curation.tiles import Edge, tiles
from smalti.curation.usual import memory_option, workers_option
from smalti.processing.settings import parse_size

__all__ = ["Patch3dOptions", "patch3d"]

SLAB = "128MB"

READ_BYTES = 4 << 20
"""Of a slab that is read at once, or the slices that are stored together."""

STACK_BYTES = 1 << 20
"""Patches of one place that are copied and hashed together."""


@dataclass(frozen=True, slots=True)
class Patch3dOptions(DuplicateOptions):
    """How volumes are cut."""

    axes: tuple[int, ...] = option(
        (0, 1, 2), "Axes along which slices lie: 0 xy, 1 xz, 2 yz.", metavar="A,B", usual="0,1,2"
    )
    spacing: int = option(1, "Take every so many-th slice.", least=1, metavar="N")
    crop_size: int = option(224, "Side of a patch in pixels.", least=1, most=65_535, metavar="PX")
    edge: Edge = option(
        "keep", "A patch that reaches over the edge is kept shorter, dropped, or padded by reflection."
    )
    min_size: int | None = option(
        None, "The shortest side of a patch at the edge.", least=1, metavar="PX", usual="half of --crop-size"
    )
    anisotropy: float = option(
        0.25,
        "Where z spacing is further off that of x or y than this share, only xy is cut.",
        least=0,
        metavar="SHARE",
    )
    voxel_size: str | None = option(
        None, "Spacing in µm instead of what the header says.", metavar="Z,Y,X", usual="as the header says"
    )
    intensity: Intensity = option("range", "What becomes black and white where pixels are no bytes.")
    channel: str = option("luma", "Channel to take; luma mixes colours.", metavar="luma|0…")
    dedupe: bool = option(True, "Look for near-duplicates, and write only what is kept.")
    write: Write = option("zarr", "Where patches are written; none keeps boxes and sources only.")
    memory: str | None = memory_option()
    workers: int = workers_option()
    fresh: bool = option(False, "Forget what an earlier run made, and begin anew.")


@step("patch3d", title="Patches of volumes", options=Patch3dOptions)
def patch3d(sources: Sequence[str], out: str, options: Patch3dOptions, progress: Progress) -> Outcome:
    """Cut slices of volumes along their axes to patches, and leave near-duplicates out.

    Volumes are read slab by slab, for all axes at once. Only xy is cut of videos, without spacing in the
    header, and where slices are further apart than pixels; that is said. The same command goes on where it
    was stopped, and takes only volumes that are new or changed.

    Raises
    ------
    UsageError
        There is no volume, an option does not fit, or `out` holds other things.
    """
    if not options.axes or not set(options.axes) <= {0, 1, 2}:
        raise UsageError(f"--axes is {options.axes}; give some of 0 (xy), 1 (xz) and 2 (yz), as --axes 0,1,2")
    check_channel(options.channel)
    voxel_size = read_spacing(options.voxel_size)
    asked = {
        "step": "patch3d 1",
        **{name: getattr(options, name) for name in (
            "axes", "spacing", "crop_size", "edge", "min_size", "anisotropy", "voxel_size", "intensity",
            "channel", "write", "bits", "compatible", "memory",
        )},
    }  # fmt: skip
    cutting = Cutting(
        asked=asked,
        plan=partial(_planned, options, voxel_size, Windows(), _Kept()),
        write=options.write,
        duplicates=options,
        dedupe=options.dedupe,
        fresh=options.fresh,
        workers=options.workers,
    )
    return cut(sources, out, cutting, progress)


class _Segment(NamedTuple):
    """A part of an axis; `is_tile` where patches are cut of it."""

    span: Span
    is_tile: bool


class _Slab(NamedTuple):
    """What is read at once."""

    z: tuple[_Segment, ...]
    y: tuple[_Segment, ...]
    x: tuple[_Segment, ...]

    @property
    def box(self) -> tuple[Span, Span, Span]:
        """First and last of each axis."""
        z, y, x = ((parts[0].span[0], parts[-1].span[1]) for parts in (self.z, self.y, self.x))
        return z, y, x


@dataclass(slots=True)
class _Kept:
    """The last volume that is one slab: it is hashed, and what is kept of it written, of one reading."""

    key: object = None
    pixels: np.ndarray | None = None


@dataclass(frozen=True, slots=True)
class _Volume:
    """How one volume is cut; a `smalti.curation.cutting.Plan`."""

    image: Image
    picked: Picked
    axes: tuple[int, ...]
    spacing: int
    side: int | None
    slabs: tuple[_Slab, ...]
    window: Window
    voxel_size: list[float] | None
    notes: tuple[str, ...]
    key: object
    kept: "_Kept"

    @property
    def n_pieces(self) -> int:
        """Number of slabs."""
        return len(self.slabs)

    @property
    def digits(self) -> int:
        """Of the highest slice of any axis."""
        return len(str(max(self.picked.shape) - 1))

    def boxes(self, piece: int) -> list[Box]:
        """See `Plan`."""
        slab = self.slabs[piece]
        found = []
        for z, y, x in product(slab.z, slab.y, slab.x):
            for axis, (along, rows, columns) in enumerate(((z, y, x), (y, z, x), (x, z, y))):
                slices = self._slices(along.span)
                if axis in self.axes and rows.is_tile and columns.is_tile:
                    some = max(1, STACK_BYTES // (_length(rows.span) * _length(columns.span)))
                    parts = (slices[at : at + some] for at in range(0, len(slices), some))
                    found += [
                        Box(rows.span, columns.span, axis, part, 0, self.picked.channel) for part in parts
                    ]
        return found

    def read(self, piece: int) -> np.ndarray:
        """See `Plan`: (z, y, x), made bytes a few slices at a time: readers need as much again for these."""
        if self.n_pieces == 1 and self.kept.key == self.key and self.kept.pixels is not None:
            return self.kept.pixels
        z, y, x = self.slabs[piece].box
        made = np.empty([_length(span) for span in (z, y, x)], np.uint8)
        stored = stored_together(self.picked)
        some = READ_BYTES // max(1, _length(y) * _length(x) * self.picked.item) // stored * stored
        at = z[0]
        while at < z[1]:
            stop = min(z[1], at // stored * stored + max(some, stored))
            pixels = self.picked.read(slice(at, stop), slice(*y), slice(*x))
            made[at - z[0] : stop - z[0]] = self.picked.grey(pixels, self.window)
            at = stop
        self.kept.key, self.kept.pixels = (self.key, made) if self.n_pieces == 1 else (None, None)
        return made

    def patches(self, piece: int, pixels: np.ndarray, box: Box) -> np.ndarray:
        """See `Plan`."""
        assert box.axis is not None
        order = ORDERS[box.axis]
        first, rows, columns = (self.slabs[piece].box[axis][0] for axis in order)
        turned = np.transpose(pixels, order)[
            :, box.rows[0] - rows : box.rows[1] - rows, box.columns[0] - columns : box.columns[1] - columns
        ]
        return padded(_copied(turned, [(at or 0) - first for at in box.slices], box.axis), self.side)

    def _slices(self, span: Span) -> tuple[int, ...]:
        first = -(-span[0] // self.spacing) * self.spacing
        return tuple(range(first, span[1], self.spacing))


def _copied(turned: np.ndarray, slices: list[int], axis: int) -> np.ndarray:
    """Some slices of a volume, C-contiguous.

    Of yz slices row by row: a row of all of them is a plane of the volume, which stays in the cache while it
    is turned; slice by slice each pixel would be fetched alone, three times as slow.
    """
    if axis != 2 or len(slices) < 8:
        return np.stack([turned[at] for at in slices])
    made = np.empty((len(slices), *turned.shape[1:]), turned.dtype)
    for row in range(made.shape[1]):
        made[:, row] = turned[:, row][slices]
    return made


def _planned(
    options: Patch3dOptions,
    voxel_size: Spacing | None,
    windows: Windows,
    kept: _Kept,
    source: Source,
    image: Image,
) -> _Volume:
    length = image.sizes
    if not image.axes:
        raise SkipError("it is known by its metadata only, it has no pixels")
    stack = "T" if length["Z"] == 1 and length["T"] > 1 else "Z"
    one = picked(image, stack, options.channel)
    notes = []
    if stack == "Z" and length["T"] > 1:
        notes.append(f"time 0 of {length['T']} is cut")
    if options.channel == "luma" and "S" not in image.axes and length["C"] > 1:
        notes.append(f"channel 0 of {length['C']} is cut")
    if image.partial:
        notes.append(f"it is not whole: {image.partial}")
    spacing = voxel_size or stated(image)
    axes, reason = _axes(source, image, stack, options, spacing or proportions(image))
    notes += [reason] if reason else []
    made = _Volume(
        image=image,
        picked=one,
        axes=axes,
        spacing=options.spacing,
        side=options.crop_size if options.edge == "pad" else None,
        slabs=tuple(_slabs(one, axes, options)),
        window=Window(0, 255),
        voxel_size=list(spacing) if spacing else None,
        notes=tuple(notes),
        key=(*source.key, image.ref.series),
        kept=kept,
    )
    if not any(made.boxes(piece) for piece in range(made.n_pieces)):
        least = options.min_size or -(-options.crop_size // 2)
        needed = options.crop_size if options.edge == "drop" else least
        size = " × ".join(map(str, one.shape))
        raise SkipError(f"it is {size}, and the least patch {needed} × {needed}; give a smaller --crop-size")
    return replace(made, window=windows.of(source.key, one, options.intensity))


def _axes(
    source: Source,
    image: Image,
    stack: str,
    options: Patch3dOptions,
    spacing: Spacing | None,
) -> tuple[tuple[int, ...], str]:
    """The axes that are cut, and why not all that are asked for."""
    asked = tuple(sorted(set(options.axes)))
    if asked == (0,) or image.sizes[stack] == 1:
        return asked, ""
    reason = _why_not(source, image, stack, options.anisotropy, spacing)
    if reason and 0 not in asked:
        raise SkipError(f"{reason}; only xy could be cut, add --axes 0")
    return ((0,), f"{reason}: xy only") if reason else (asked, "")


def _why_not(source: Source, image: Image, stack: str, most: float, spacing: Spacing | None) -> str:
    if image.ref.loader == "video" or "video" in source.ref.path.lower():
        return "it is of a video"
    if stack == "T":
        return "its slices are points of time"
    if spacing is None:
        return "its header states no spacing (give --voxel-size Z,Y,X)"
    z, y, x = spacing
    off = max(abs(z - x) / x, abs(z - y) / y)
    if off > most * (1 + 1e-9):
        return f"z spacing {z:g} is {off:.0%} off that of x {x:g} or y {y:g}"
    return ""


def _slabs(one: Picked, axes: tuple[int, ...], options: Patch3dOptions) -> Iterator[_Slab]:
    """A volume in parts that memory holds, cut along tiles."""
    n, height, width = one.shape
    most = parse_size(options.memory or SLAB)
    y, x = (_segments(length, options) for length in (height, width))
    plane = height * width * one.item
    if axes == (0,):
        is_small = n * plane <= most and options.spacing == 1
        deep = n if is_small else max(1, min(_depth(one, options), most // max(1, plane)))
        z = [_Segment((at, min(at + deep, n)), False) for at in range(0, n, deep)]
        z = [part for part in z if -(-part.span[0] // options.spacing) * options.spacing < part.span[1]]
        y, x = ([part for part in parts if part.is_tile] for parts in (y, x))
    else:
        z = _segments(n, options)
    for part in _grouped(z, plane, most if n * plane <= most else 0):
        row = (part[-1].span[1] - part[0].span[0]) * one.item
        for columns in _grouped(x, row * options.crop_size, most):
            wide = row * (columns[-1].span[1] - columns[0].span[0])
            for rows in _grouped(y, wide, most):
                yield _Slab(part, rows, columns)


def stored_together(one: Picked) -> int:
    """Slices that lie in one block of the file."""
    block = one.image.block_shape
    return 1 if block is None else max(1, dict(zip(one.image.axes, block, strict=True)).get(one.stack, 1))


def _depth(one: Picked, options: Patch3dOptions) -> int:
    """Slices that are read at once where only xy is cut: those that are decoded together, or some."""
    stored = stored_together(one)
    if options.spacing >= 2 * stored:
        return 1
    return max(1, 32 // stored) * stored


def _length(span: Span) -> int:
    return span[1] - span[0]


def _segments(length: int, options: Patch3dOptions) -> list[_Segment]:
    """Tiles, and what they leave, of which only slices are cut."""
    least = options.min_size or -(-options.crop_size // 2)
    spans = tiles(length, options.crop_size, 0, options.edge, min(least, options.crop_size))
    found = [_Segment(span, True) for span in spans]
    end = spans[-1][1] if spans else 0
    return [*found, _Segment((end, length), False)] if end < length else found


def _grouped(segments: list[_Segment], each: int, most: int) -> Iterator[tuple[_Segment, ...]]:
    """Neighbours, as many as fit: `each` is the bytes of one pixel along the axis."""
    group: list[_Segment] = []
    for segment in segments:
        if group and (segment.span[1] - group[0].span[0]) * each > most:
            yield tuple(group)
            group = []
        group.append(segment)
    if group:
        yield tuple(group)
