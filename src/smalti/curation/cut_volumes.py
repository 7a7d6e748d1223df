"""``patch3d``: slices of volumes along their axes, cut to patches, without near-duplicates."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from smalti.core.errors import UsageError
from smalti.core.image import Image
from smalti.core.options import option
from smalti.core.plugin import step
from smalti.core.progress import Progress
from smalti.curation.cutting import Cutting, cut
from smalti.curation.duplicates import DuplicateOptions
from smalti.curation.grey import Intensity, Window
from smalti.curation.outcome import Outcome
from smalti.curation.planes import Windows, check_channel, picked
from smalti.curation.plans import SkipError
from smalti.curation.sources import Given, Source
from smalti.curation.spacing import Sizes, proportions, read_spacing, stated
from smalti.curation.store import Write
from smalti.curation.tiles import Edge
from smalti.curation.usual import (
    channel_option,
    crop_size_option,
    edge_option,
    fresh_option,
    intensity_option,
    memory_option,
    min_size_option,
    workers_option,
)
from smalti.curation.volumes import Kept, Tiling, Volume, slabs_of
from smalti.processing.settings import parse_size

__all__ = ["Patch3dOptions", "patch3d"]

SLAB = "128MB"


@dataclass(frozen=True, slots=True)
class Patch3dOptions(DuplicateOptions):
    """How volumes are cut."""

    axes: tuple[int, ...] = option(
        (0, 1, 2), "Axes along which slices lie: 0 xy, 1 xz, 2 yz.", metavar="A,B", usual="0,1,2"
    )
    spacing: int = option(1, "Take every so many-th slice.", least=1, metavar="N")
    crop_size: int = crop_size_option()
    edge: Edge = edge_option()
    min_size: int | None = min_size_option()
    anisotropy: float = option(
        0.25,
        "Where z spacing is further off that of x or y than this share, only xy is cut.",
        least=0,
        metavar="SHARE",
    )
    voxel_size: str | None = option(
        None, "Spacing in µm instead of what the header says.", metavar="Z,Y,X", usual="as the header says"
    )
    intensity: Intensity = intensity_option()
    channel: str = channel_option()
    dedupe: bool = option(
        True, "Look for near-duplicates, and write only what is kept.", title="Leave near-duplicates out"
    )
    write: Write = option("zarr", "Where patches are written; none keeps boxes and sources only.")
    memory: str | None = memory_option()
    workers: int = workers_option()
    fresh: bool = fresh_option()


@step("patch3d", title="Patches of volumes", options=Patch3dOptions)
def patch3d(sources: Sequence[Given], out: str, options: Patch3dOptions, progress: Progress) -> Outcome:
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
        plan=partial(_planned, options, voxel_size, Windows(), Kept()),
        write=options.write,
        duplicates=options,
        dedupe=options.dedupe,
        fresh=options.fresh,
        workers=options.workers,
    )
    return cut(sources, out, cutting, progress)


def _planned(
    options: Patch3dOptions,
    voxel_size: Sizes | None,
    windows: Windows,
    kept: Kept,
    source: Source,
    image: Image,
) -> Volume:
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
    tiling = _tiling(options)
    made = Volume(
        image=image,
        picked=one,
        axes=axes,
        spacing=options.spacing,
        side=options.crop_size if options.edge == "pad" else None,
        slabs=tuple(slabs_of(one, axes, tiling)),
        window=Window(0, 255),
        voxel_size=list(spacing) if spacing else None,
        notes=tuple(notes),
        key=(*source.key, image.ref.series),
        kept=kept,
    )
    if not any(made.boxes(piece) for piece in range(made.n_pieces)):
        needed = tiling.needed
        size = " × ".join(map(str, one.shape))
        raise SkipError(f"it is {size}, and the least patch {needed} × {needed}; give a smaller --crop-size")
    return replace(made, window=windows.of(source.key, one, options.intensity))


def _tiling(options: Patch3dOptions) -> Tiling:
    least = options.min_size or -(-options.crop_size // 2)
    return Tiling(
        side=options.crop_size,
        least=min(least, options.crop_size),
        edge=options.edge,
        spacing=options.spacing,
        memory=parse_size(options.memory or SLAB),
    )


def _axes(
    source: Source,
    image: Image,
    stack: str,
    options: Patch3dOptions,
    spacing: Sizes | None,
) -> tuple[tuple[int, ...], str]:
    """The axes that are cut, and why not all that are asked for."""
    asked = tuple(sorted(set(options.axes)))
    if asked == (0,) or image.sizes[stack] == 1:
        return asked, ""
    reason = _why_not(source, image, stack, options.anisotropy, spacing)
    if reason and 0 not in asked:
        raise SkipError(f"{reason}; only xy could be cut, add --axes 0")
    return ((0,), f"{reason}: xy only") if reason else (asked, "")


def _why_not(source: Source, image: Image, stack: str, most: float, spacing: Sizes | None) -> str:
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
