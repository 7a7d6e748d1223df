"""``patch2d``: images cut to tiles."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product

import numpy as np

from smalti.core.errors import UsageError
from smalti.core.image import Image
from smalti.core.options import option
from smalti.core.plugin import step
from smalti.core.progress import Progress
from smalti.curation.cutting import Cutting, cut
from smalti.curation.duplicates import DuplicateOptions
from smalti.curation.grey import Intensity, Window
from smalti.curation.names import Span
from smalti.curation.outcome import Outcome
from smalti.curation.planes import Picked, Windows, check_channel, padded, picked
from smalti.curation.plans import Box, SkipError
from smalti.curation.sources import Given, Source
from smalti.curation.store import Write
from smalti.curation.tiles import Edge, tiles
from smalti.curation.usual import (
    channel_option,
    crop_size_option,
    edge_option,
    fresh_option,
    intensity_option,
    min_size_option,
    workers_option,
)

__all__ = ["Patch2dOptions", "patch2d", "whole_images"]

BAND_BYTES = 128 << 20
"""Of a plane that is read at once; of larger ones the rows of some tiles are."""


@dataclass(frozen=True, slots=True)
class Patch2dOptions(DuplicateOptions):
    """How images are cut."""

    crop_size: int = crop_size_option()
    overlap: int = option(0, "Pixels that neighbouring patches share.", least=0, metavar="PX")
    edge: Edge = edge_option()
    min_size: int | None = min_size_option()
    intensity: Intensity = intensity_option()
    channel: str = channel_option()
    dedupe: bool = option(
        False,
        "Look for near-duplicates in each folder, and write only what is kept.",
        title="Leave near-duplicates out",
    )
    write: Write = option("zarr", "Where patches are written; none keeps boxes and sources only.")
    workers: int = workers_option()
    fresh: bool = fresh_option()


@step("patch2d", title="Patches of images", options=Patch2dOptions)
def patch2d(sources: Sequence[Given], out: str, options: Patch2dOptions, progress: Progress) -> Outcome:
    """Cut images to patches; folder and file name are kept in names.

    Every plane of an image with several is cut. With --dedupe near-duplicates in each folder are left out.
    The same command goes on where it was stopped, and takes only images that are new or changed.

    Raises
    ------
    UsageError
        There is no image, an option does not fit, or `out` holds other things.
    """
    check_channel(options.channel)
    if options.overlap >= options.crop_size:
        raise UsageError(
            f"--overlap is {options.overlap} of patches of {options.crop_size}; give less than --crop-size"
        )
    names = (
        "crop_size",
        "overlap",
        "edge",
        "min_size",
        "intensity",
        "channel",
        "write",
        "bits",
        "compatible",
    )
    asked = {"step": "patch2d 1", **{name: getattr(options, name) for name in names}}
    cutting = Cutting(
        asked=asked,
        plan=partial(_planned, options, Windows()),
        write=options.write,
        duplicates=options,
        dedupe=options.dedupe,
        fresh=options.fresh,
        workers=options.workers,
        by_group=True,
    )
    return cut(sources, out, cutting, progress)


def whole_images(
    sources: Sequence[Given],
    out: str,
    duplicates: DuplicateOptions,
    progress: Progress,
    *,
    workers: int,
    fresh: bool,
) -> Outcome:
    """A set in which every plane of every image is one patch, still in its file, with near-duplicates."""
    options = Patch2dOptions(crop_size=0, write="none")
    cutting = Cutting(
        asked={"step": "dedupe 1", "bits": duplicates.bits, "compatible": duplicates.compatible},
        plan=partial(_planned, options, Windows()),
        write="none",
        duplicates=duplicates,
        dedupe=True,
        fresh=fresh,
        workers=workers,
        by_group=True,
    )
    return cut(sources, out, cutting, progress)


@dataclass(frozen=True, slots=True)
class _Picture:
    """How one image is cut; a `smalti.curation.plans.Plan`. A piece is a plane, or a band of rows of it."""

    image: Image
    picked: Picked
    bands: tuple[tuple[int, int, tuple[Span, ...]], ...]
    columns: tuple[Span, ...]
    side: int | None
    window: Window
    voxel_size: list[float] | None
    notes: tuple[str, ...]
    digits: int = 0

    @property
    def n_pieces(self) -> int:
        """Number of planes, or bands."""
        return len(self.bands)

    def boxes(self, piece: int) -> list[Box]:
        """See `Plan`."""
        time, z, rows = self.bands[piece]
        n = self.image.sizes
        at = z if n["Z"] > 1 else None
        frame = time * n["Z"] + z if n["T"] * n["Z"] > 1 else None
        return [
            Box(row, column, None, (at,), time, self.picked.channel, frame)
            for row, column in product(rows, self.columns)
        ]

    def read(self, piece: int) -> np.ndarray:
        """See `Plan`: (1, rows, columns)."""
        time, z, rows = self.bands[piece]
        band, wide = slice(rows[0][0], rows[-1][1]), slice(self.columns[0][0], self.columns[-1][1])
        return self.picked.grey(self.picked.read(slice(z, z + 1), band, wide, time), self.window)

    def patches(self, piece: int, pixels: np.ndarray, box: Box) -> np.ndarray:
        """See `Plan`."""
        top, left = self.bands[piece][2][0][0], self.columns[0][0]
        rows = slice(box.rows[0] - top, box.rows[1] - top)
        part = pixels[:, rows, box.columns[0] - left : box.columns[1] - left]
        return padded(np.ascontiguousarray(part), self.side)


def _planned(options: Patch2dOptions, windows: Windows, source: Source, image: Image) -> _Picture:
    if not image.axes:
        raise SkipError("it is known by its metadata only, it has no pixels")
    one = picked(image, "Z", options.channel)
    length, size = image.sizes, options.crop_size
    least = min(options.min_size or -(-size // 2), size)
    rows, columns = (tiles(length[axis], size, options.overlap, options.edge, least) for axis in "YX")
    if not rows or not columns:
        needed = size if options.edge == "drop" else least
        raise SkipError(
            f"it is {length['Y']} × {length['X']}, and the least patch {needed} × {needed}; "
            "give a smaller --crop-size, or --min-size"
        )
    notes = []
    if options.channel == "luma" and "S" not in image.axes and length["C"] > 1:
        notes.append(f"channel 0 of {length['C']} is cut")
    if image.partial:
        notes.append(f"it is not whole: {image.partial}")
    spacing = [image.pixel_size_um.get(axis) for axis in "ZYX"]
    known = [size for size in spacing if size is not None]
    bands = tuple(
        (time, z, band)
        for time, z in product(range(length["T"]), range(length["Z"]))
        for band in _bands(rows, length["X"] * one.item)
    )
    return _Picture(
        image=image,
        picked=one,
        bands=bands,
        columns=columns,
        side=size if options.edge == "pad" else None,
        window=windows.of(source.key, one, options.intensity, every_time=True),
        voxel_size=known if len(known) == 3 else None,
        notes=tuple(notes),
    )


def _bands(rows: tuple[Span, ...], row_bytes: int) -> Iterator[tuple[Span, ...]]:
    """Rows of tiles that are read together."""
    if (rows[-1][1] - rows[0][0]) * row_bytes <= BAND_BYTES:
        yield rows
        return
    yield from ((row,) for row in rows)
