"""``mrc2byte``: volumes to MRC of unsigned bytes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np

from smalti.core.errors import SmaltiError
from smalti.core.image import Image
from smalti.core.options import option
from smalti.core.plugin import step
from smalti.core.progress import Progress
from smalti.curation.bands import BAND_BYTES, Oddities, bands, significant_bits
from smalti.curation.each import Desk, Each, each
from smalti.curation.grey import Intensity, Window, grey, window_of
from smalti.curation.outcome import Outcome
from smalti.curation.planes import Picked, check_channel, picked
from smalti.curation.plans import SkipError
from smalti.curation.sources import Given, Source, images_of
from smalti.curation.spacing import spacing_of
from smalti.curation.usual import channel_option, fresh_option, high_option, intensity_option, low_option
from smalti.kernels.pyramid import coarse_shape, coarser
from smalti.writers.mrc import MrcBytes, write_mrc_bytes
from smalti.writers.volume import slabs

__all__ = ["Mrc2byteOptions", "mrc2byte"]

Kind = Literal["volume", "images", "volumes"]


@dataclass(frozen=True, slots=True)
class Mrc2byteOptions:
    """What becomes black and white, and how many voxels become one."""

    intensity: Intensity = intensity_option()
    low: float = low_option()
    high: float = high_option()
    bin: int = option(1, "Side of the cubes of voxels whose mean becomes one.", least=1, metavar="N")
    channel: str = channel_option()
    fresh: bool = fresh_option()


@step("mrc2byte", title="Volumes as bytes", options=Mrc2byteOptions)
def mrc2byte(sources: Sequence[Given], out: str, options: Mrc2byteOptions, progress: Progress) -> Outcome:
    """Write volumes as MRC of unsigned bytes, slab by slab: MRC of any mode, and all that is read here.

    The header has the spacing of the source, times --bin. Means are taken before pixels become bytes; black
    and white are those of the source. Bytes are marked as unsigned as IMOD does it. The same command goes on
    where it was stopped, and takes only volumes that are new or changed.

    Raises
    ------
    UsageError
        There is no volume, or `out` was filled with other options.
    """
    check_channel(options.channel)
    names = ("intensity", "low", "high", "bin", "channel")
    asked = {"step": "mrc2byte 1", **{name: getattr(options, name) for name in names}}
    plan = Each("mrc2byte", "volume", asked, partial(_work, options=options), fresh=options.fresh)
    return each(sources, out, plan, progress)


def _work(source: Source, desk: Desk, *, options: Mrc2byteOptions) -> None:
    n_images = 0
    for image in images_of(source):
        n_images += 1
        if image.dtype is not None and image.dtype.kind == "c":
            raise SmaltiError(
                f"its pixels are complex ({image.dtype}), a transform rather than an image; write its "
                "magnitude as mode 2 first"
            )
        _write(image, source, desk, options)
    if not n_images:
        raise SkipError("it holds no image")


def _write(image: Image, source: Source, desk: Desk, options: Mrc2byteOptions) -> None:
    length = image.sizes
    kind: Kind = "volume" if length["T"] == 1 else "images" if length["Z"] == 1 else "volumes"
    one = picked(image, "T" if kind == "images" else "Z", options.channel)
    times = range(length["T"]) if kind == "volumes" else range(1)
    assert image.dtype is not None
    limits, bits = (options.low, options.high), significant_bits(one)
    window = window_of(image.dtype, lambda: bands(one, times), options.intensity, limits, bits)
    n = options.bin
    factors = (1 if kind == "images" or one.shape[0] == 1 else n, n, n)
    shape = coarse_shape(one.shape, factors)
    for note in _notes(image, kind, options):
        desk.say(note)
    series = f"_{image.ref.series}" if image.ref.series else ""
    path = desk.place(f"{source.dataset}{series}.mrc")
    odd = Oddities()
    parts = (part for time in times for part in _parts(one, factors, window, odd, time))
    spacing = spacing_of(image)
    by = dict(zip("zyx", factors, strict=True))
    steps = {axis.upper(): step * by[axis] for axis, step in spacing.steps.items() if spacing.unit}
    about = MrcBytes(
        (shape[0] * len(times), shape[1], shape[2]),
        kind,
        1 if kind == "images" else shape[0],
        steps,
        f"smalti mrc2byte: {window.low:.6g} to {window.high:.6g}, bin {n}",
    )
    write_mrc_bytes(path, about, parts)
    for note in odd.notes(window):
        desk.say(note)
    sizes = [steps.get(axis) for axis in "ZYX"]
    desk.made(
        path,
        kind="volume",
        series=image.ref.series,
        shape=list(about.shape),
        dtype="uint8",
        voxel_size=None if None in sizes else sizes,
        low=window.low,
        high=window.high,
    )


def _notes(image: Image, kind: Kind, options: Mrc2byteOptions) -> Iterator[str]:
    spacing = spacing_of(image)
    if not spacing.steps:
        yield "its header states no spacing"
    elif not spacing.unit:
        yield "its spacing has no unit, and MRC has Å only: none is written"
    if kind == "images" and options.bin > 1:
        yield "its sections are images by themselves: they are binned along y and x only"
    if options.channel == "luma" and "S" not in image.axes and image.sizes["C"] > 1:
        yield f"channel 0 of {image.sizes['C']} is taken"
    if image.partial:
        yield f"it is not whole: {image.partial}"


def _parts(
    one: Picked, factors: tuple[int, int, int], window: Window, odd: Oddities, time: int
) -> Iterator[np.ndarray]:
    """Bytes in order, of blocks of voxels; those at the end may be smaller."""
    if max(factors) == 1:
        yield from (odd.greyed(window)(part) for part in bands(one, range(time, time + 1)))
        return
    assert one.image.dtype is not None
    exact = np.float32 if one.image.dtype.itemsize <= 2 else np.float64
    cost = int(np.prod(factors)) * (one.item + np.dtype(exact).itemsize)
    n, height, width = coarse_shape(one.shape, factors)
    for region in slabs((n, height, width), cost, BAND_BYTES):
        z, y, x = (
            slice(part.start * n, min(part.stop * n, whole))
            for part, n, whole in zip(region, factors, one.shape, strict=True)
        )
        pixels = odd.seen(one.read(z, y, x, time)).astype(exact)
        yield grey(coarser("mean", pixels[np.newaxis], factors)[0], window)
