"""``crop``: cubes out of volumes that are too large to be used whole."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice, product

import numpy as np
import xxhash

from smalti.core.image import Image
from smalti.core.options import option
from smalti.core.plugin import step
from smalti.core.progress import Progress
from smalti.curation.each import Desk, Each, each
from smalti.curation.names import Cube, Span
from smalti.curation.outcome import Outcome
from smalti.curation.planes import Picked, check_channel, picked
from smalti.curation.plans import SkipError
from smalti.curation.sources import Given, Source, images_of
from smalti.curation.spacing import Spacing, spacing_of
from smalti.curation.stacks import (
    ENDINGS,
    Form,
    form_option,
    packed_option,
    picked_notes,
    region_reader,
    write_stack,
)
from smalti.curation.usual import channel_option, fresh_option, seed_option
from smalti.writers.volume import Volume

__all__ = ["CropOptions", "crop"]

_ASKED = ("gigabytes", "crop", "channel", "write", "gzip", "seed")


@dataclass(frozen=True, slots=True)
class CropOptions:
    """Which volumes are cut, and to what."""

    gigabytes: float = option(
        5.0,
        "Of volumes above this size, cubes of so much in all are taken (10⁹ bytes).",
        least=0,
        metavar="GB",
    )
    crop: int = option(256, "Side of a cube.", least=1, metavar="PX")
    channel: str = channel_option()
    write: Form = form_option()
    gzip: bool = packed_option()
    seed: int = seed_option("Decides which cubes are taken.")
    fresh: bool = fresh_option()


@step("crop", title="Cubes of large volumes", options=CropOptions)
def crop(sources: Sequence[Given], out: str, options: CropOptions, progress: Progress) -> Outcome:
    """Cut cubes, drawn by chance, out of volumes above a size; smaller ones are left to be used whole.

    Cubes of one volume do not overlap. Voxels, their type and spacing stay as they are; names tell where a
    cube lay. The same command goes on where it was stopped, and takes only volumes that are new or changed.

    Raises
    ------
    UsageError
        There is no volume, or `out` was filled with other options.
    """
    check_channel(options.channel)
    asked = {"step": "crop 1", **{name: getattr(options, name) for name in _ASKED}}
    plan = Each("crop", "cube", asked, partial(_work, options=options), fresh=options.fresh)
    return each(sources, out, plan, progress)


def _work(source: Source, desk: Desk, *, options: CropOptions) -> None:
    skipped = SkipError("it holds no image")
    for image in images_of(source):
        try:
            _cut(image, source, desk, options)
        except SkipError as skip:
            skipped = skip
    if not desk.files:
        raise skipped


def _cut(image: Image, source: Source, desk: Desk, options: CropOptions) -> None:
    if image.axes and image.sizes["Z"] == 1:
        film = image.sizes["T"] > 1
        word = "points of time, no depth" if film else "one slice"
        raise SkipError(f"it has {word}; cubes are cut of volumes, patch2d takes images")
    one = picked(image, "Z", options.channel)
    assert image.dtype is not None
    n_bytes = int(np.prod(one.shape, dtype=object)) * image.dtype.itemsize
    if n_bytes <= options.gigabytes * 1e9:
        raise SkipError(
            f"it has {n_bytes / 1e9:.3g} GB, which is not above {options.gigabytes:g}; use it as a whole"
        )
    for note in picked_notes(image, "Z", options.channel):
        desk.say(note)
    spacing = spacing_of(image)
    series = f"_{image.ref.series}" if image.ref.series else ""
    for box in _chosen(one, source, options):
        _write(one, f"{source.dataset}{series}", box, spacing, desk, options)


def _chosen(one: Picked, source: Source, options: CropOptions) -> list[tuple[Span, Span, Span]]:
    """Cubes of a grid that begins anywhere, drawn by chance, as many as the size allows, at least one."""
    key = xxhash.xxh3_64_intdigest(
        f"{source.ref.path}\0{one.image.ref.series}".encode("utf-8", "surrogateescape")
    )
    rng = np.random.default_rng([options.seed, key])
    grid: list[list[Span]] = []
    for length in one.shape:
        side = min(options.crop, length)
        first = int(rng.integers(length % side + 1))
        grid.append([(at, at + side) for at in range(first, length - side + 1, side)])
    assert one.image.dtype is not None
    cube = int(np.prod([min(options.crop, length) for length in one.shape], dtype=object))
    most = max(1, int(options.gigabytes * 1e9 // (cube * one.image.dtype.itemsize)))
    total = len(grid[0]) * len(grid[1]) * len(grid[2])
    if total <= most:
        return list(product(*grid))  # type: ignore[arg-type]  # of three lists
    numbers = sorted(int(n) for n in islice(rng.permutation(total), most))
    places = (np.unravel_index(n, [len(axis) for axis in grid]) for n in numbers)
    return [(grid[0][z], grid[1][y], grid[2][x]) for z, y, x in places]


def _write(
    one: Picked,
    dataset: str,
    box: tuple[Span, Span, Span],
    spacing: Spacing,
    desk: Desk,
    options: CropOptions,
) -> None:
    z, y, x = box
    dtype = one.image.dtype
    assert dtype is not None
    folder, slash, name = dataset.rpartition("/")
    cube = Cube(name, x, y, z).format()
    first = (z[0], y[0], x[0])
    volume = Volume(
        axes="zyx",
        shape=(z[1] - z[0], y[1] - y[0], x[1] - x[0]),
        dtype=dtype,
        steps=spacing.steps,
        origin={axis: at * spacing.steps.get(axis, 0.0) for axis, at in zip("zyx", first, strict=True)},
        unit=spacing.unit,
        name=cube,
        facts={"kind": "cube", "source": desk.source.ref.path},
    )
    path = desk.place(f"{folder}{slash}{cube}{ENDINGS[options.write]}")
    desk.say(write_stack(path, options.write, volume, region_reader(one, first), packed=options.gzip))
    desk.made(
        path,
        kind="cube",
        series=one.image.ref.series,
        shape=list(volume.shape),
        dtype=str(dtype),
        box=[*z, *y, *x],
        voxel_size=spacing.voxel_size,
        seed=options.seed,
    )
