"""``standardize``: images to single-channel grey bytes, beside their folders or in them."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any, Literal

import numpy as np
import xxhash

from smalti.core.errors import SmaltiError, UsageError
from smalti.core.image import Image, ImageRef
from smalti.core.options import option
from smalti.core.plugin import step
from smalti.core.progress import Progress
from smalti.curation.bands import Oddities, bands, significant_bits
from smalti.curation.each import Desk, Each, each
from smalti.curation.grey import Intensity, Window, window_of
from smalti.curation.in_place import in_place
from smalti.curation.ledger import Ledger, stamp_at
from smalti.curation.outcome import Outcome
from smalti.curation.planes import Picked, check_channel, picked
from smalti.curation.plans import SkipError
from smalti.curation.shades import is_inverted, is_plain, shades_of
from smalti.curation.shared_window import share_windows, shared_window
from smalti.curation.sources import Given, Source, images_of
from smalti.curation.usual import (
    channel_option,
    fresh_option,
    high_option,
    intensity_option,
    low_option,
    workers_option,
)
from smalti.processing.machine import usable_cores
from smalti.writers.aside import aside
from smalti.writers.tiff import write_tiff_image

__all__ = ["StandardizeOptions", "standardize"]

_STEP = "standardize"


@dataclass(frozen=True, slots=True)
class StandardizeOptions:
    """What becomes black and white, of which channel, and where it goes."""

    intensity: Intensity = intensity_option()
    per: Literal["image", "group"] = option(
        "image",
        "Whether each image has a black and white of its own, or those of one folder and type share them.",
        title="Black and white of each",
    )
    low: float = low_option()
    high: float = high_option()
    channel: str = channel_option()
    write: Literal["tiff", "png"] = option("tiff", "What is written.")
    in_place: bool = option(
        False, "Put each image in the place of its original, once the copy was read back and found right."
    )
    workers: int = workers_option()
    fresh: bool = fresh_option()


@step(_STEP, title="Images as grey bytes", options=StandardizeOptions, needs_out=False)
def standardize(
    sources: Sequence[Given], out: str, options: StandardizeOptions, progress: Progress
) -> Outcome:
    """Write images as single-channel grey bytes, in the same folders below -o, or in their place.

    NaN become 0, which is said. Volumes and films are left out, which is said too. The same command goes on
    where it was stopped, and takes only images that are new or changed; black and white of a folder that were
    found once stay.

    Raises
    ------
    UsageError
        There is no image, no place or two for what is written, or it was filled with other options.
    """
    check_channel(options.channel)
    names = ("intensity", "per", "low", "high", "channel", "write")
    asked = {"step": "standardize 1", **{name: getattr(options, name) for name in names}}
    if options.low >= options.high:
        raise UsageError(f"--low {options.low:g} is not below --high {options.high:g}")
    plan = Each(
        _STEP,
        "image",
        asked,
        partial(_work, options=options),
        options.workers or usable_cores(),
        options.fresh,
        partial(_share, options=options) if options.per == "group" else None,
    )
    if options.in_place:
        if out.strip():
            raise UsageError("both -o and --in-place are given; give one of them")
        return in_place(sources, plan, progress)
    if not out.strip():
        raise UsageError("give a folder to write to with -o, or --in-place")
    return each(sources, out, plan, progress)


def _work(source: Source, desk: Desk, *, options: StandardizeOptions) -> None:
    if options.in_place and (n := sum(1 for _ in images_of(source))) > 1:
        raise SkipError(f"it holds {n} images, of which one file cannot take the place; give -o")
    n_images = 0
    for image in images_of(source):
        n_images += 1
        _write(image, source, desk, options)
    if not n_images:
        raise SkipError("it holds no image")


def _write(image: Image, source: Source, desk: Desk, options: StandardizeOptions) -> None:
    one = _plane(image, options.channel)
    if options.in_place and _is_grey_bytes(image):
        raise SkipError("it is grey bytes already")
    series = f"_{image.ref.series}" if image.ref.series else ""
    path = desk.place(f"{source.dataset}{series}{_ending(source, options)}")
    shades, inverted = shades_of(image), is_inverted(image)
    window = Window(0, 255) if shades is not None else _window(one, source, desk.ledger, options)
    odd = Oddities()
    digest = xxhash.xxh3_64()

    def grey_rows() -> Iterator[np.ndarray]:
        for part in bands(one):
            rows = odd.greyed(window)(part)[0] if shades is None else shades[part[0]]
            rows = np.ascontiguousarray(255 - rows if inverted else rows)
            digest.update(rows.data)
            yield rows

    def facts(stamp: str | None = None) -> dict[str, Any]:
        """What the table says of it, when all its pixels were seen."""
        for note in (*_notes(image, options), *odd.notes(window)):
            desk.say(note)
        shape, series = list(one.shape[1:]), image.ref.series
        made = {"kind": "image", "series": series, "shape": shape, "dtype": "uint8"}
        low, high = (window.high, window.low) if inverted else (window.low, window.high)
        return {**made, "low": low, "high": high, "file_stamp": stamp}

    def check(temporary: Path) -> None:
        _verify(temporary, digest.hexdigest())
        desk.intend(path, **facts(stamp_at(temporary)))

    checked = check if options.in_place else None
    if options.write == "png":
        _write_png(path, np.concatenate(list(grey_rows())), checked)
    else:
        write_tiff_image(path, one.shape[1:], grey_rows(), image.pixel_size_um, checked)
    desk.made(path, **facts(stamp_at(path) if options.in_place else None))


def _ending(source: Source, options: StandardizeOptions) -> str:
    """In its place a TIFF keeps how its name ends."""
    if options.write == "png":
        return ".png"
    own = PurePosixPath(source.ref.path).suffix
    return own if options.in_place and own.lower() in (".tif", ".tiff") else ".tiff"


def _plane(image: Image, channel: str) -> Picked:
    if image.axes:
        length = image.sizes
        n = length["T"] * length["Z"]
        if n > 1:
            word = "a stack of" if length["Z"] > 1 else "a film of"
            raise SkipError(f"it is {word} {n} planes; patch3d takes volumes, video takes films")
    if image.dtype is not None and image.dtype.kind == "c":
        raise SmaltiError(f"its pixels are complex ({image.dtype}), a transform rather than an image")
    return picked(image, "Z", channel)


def _notes(image: Image, options: StandardizeOptions) -> Iterator[str]:
    if options.channel == "luma" and "S" not in image.axes and image.sizes["C"] > 1:
        yield f"channel 0 of {image.sizes['C']} is taken"
    if image.metadata.get("palette") is True:
        yield "its pixels are numbers of a palette; their colours were taken"
    if is_inverted(image):
        yield "its 0 is white; it was turned round"
    if image.partial:
        yield f"it is not whole: {image.partial}"


def _is_grey_bytes(image: Image) -> bool:
    lone = image.sizes["C"] == 1 and "S" not in image.axes
    return lone and is_plain(image) and image.dtype == np.uint8 and image.ref.loader == "tiff"


def _write_png(path: Path, pixels: np.ndarray, check: Callable[[Path], None] | None) -> None:
    import imagecodecs

    with aside(path, check) as temporary:
        temporary.write_bytes(imagecodecs.png_encode(pixels, 6))


def _window(one: Picked, source: Source, ledger: Ledger, options: StandardizeOptions) -> Window:
    if options.per == "group":
        return shared_window(ledger, source, one)
    assert one.image.dtype is not None
    limits = (options.low, options.high)
    return window_of(one.image.dtype, lambda: bands(one), options.intensity, limits, significant_bits(one))


def _share(
    ledger: Ledger, sources: Sequence[Source], waiting: Sequence[Source], *, options: StandardizeOptions
) -> None:
    """Find the windows of folders in which something is new."""
    groups = {source.group for source in waiting}
    members = [source for source in sources if source.group in groups]
    limits = (options.low, options.high)
    share_windows(ledger, members, partial(_planes_of, channel=options.channel), options.intensity, limits)


def _planes_of(source: Source, *, channel: str) -> Iterator[Picked]:
    """Images of a file that get a window; what cannot be read tells so in its turn."""
    with suppress(SmaltiError, SkipError):
        for image in images_of(source):
            with suppress(SkipError):
                one = _plane(image, channel)
                if shades_of(image) is None:
                    yield one


def _verify(path: Path, digest: str) -> None:
    """Read a file back and compare it with what was to be written."""
    source = Source(ImageRef(str(path), path.name), path.name, path.name, "")
    found = xxhash.xxh3_64()
    for image in images_of(source):
        for part in bands(picked(image, "Z", "luma")):
            found.update(np.ascontiguousarray(part[0]).data)
    if found.hexdigest() != digest:
        raise SmaltiError("what was written is not what is read back; the original is left as it was")
