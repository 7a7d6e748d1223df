"""What a file gives to a collection: pictures of (channels, height, width), read when they are wanted."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product
from math import prod

import numpy as np

from smalti.core.errors import SmaltiError
from smalti.core.image import Image
from smalti.export.asked import Reading
from smalti.export.dtypes import DTYPES, promoted

__all__ = ["Picture", "axes_of", "channels_in", "pictures"]

FEW = 4
"""A last axis of at most so many, in a file that does not name its axes, is channels."""


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """One picture of a file.

    Parameters
    ----------
    image
        What it is of; of several HDUs, the first.
    shape
        Channels, height and width.
    dtype
        Of its pixels.
    t, z
        Which plane; None where it is all there is, or made of several.
    n_planes
        Planes that nothing was said of; more than 1 makes it a stack, which has no pixels.
    read
        Its pixels, of `shape` and `dtype`.
    n_samples
        Colour samples of each channel; they count among its channels, those of one together.
    """

    image: Image
    shape: tuple[int, int, int]
    dtype: np.dtype
    t: int | None
    z: int | None
    n_planes: int
    read: Callable[[], np.ndarray]
    n_samples: int = 1


def pictures(images: Iterable[Image], reading: Reading) -> Iterator[Picture]:
    """Pictures of the images of one file, readable while the next has not been asked for.

    Raises
    ------
    SmaltiError
        An image has no pixels, or complex ones; or the file lacks an HDU that was asked for.
    """
    chosen: dict[str, Picture] = {}
    wanted = [ext.upper() for ext in reading.fits_ext]
    first: object = None
    known: list[str] = []
    for image in images:
        if image.ref.loader != "fits":
            yield from _of_image(image, reading)
            continue
        hdu, name = image.metadata.get("hdu"), (image.ref.series_name or "").partition(" ")[0]
        known.append(f"{hdu} ({name})" if name else f"{hdu}")
        first = hdu if first is None else first
        if not wanted and hdu == first:
            yield from _of_image(image, reading)
        for ext in _names(hdu, name).intersection(wanted).difference(chosen):
            chosen[ext] = _single(image, reading)
        if wanted and chosen.keys() == set(wanted):  # while the file is open
            yield _stacked([chosen[ext] for ext in wanted])
            return
    if known and wanted:
        missing = ", ".join(ext for ext in reading.fits_ext if ext.upper() not in chosen)
        raise SmaltiError(f"it has no image in HDU {missing}; HDUs with one: {', '.join(known)}")


def _names(hdu: object, name: str) -> set[str]:
    """What an HDU may be called: its number, EXTNAME, and EXTNAME with its version."""
    return {str(hdu), name.upper(), name.partition(",")[0].upper()}


def _single(image: Image, reading: Reading) -> Picture:
    found = list(_of_image(image, reading))
    if len(found) != 1:
        raise SmaltiError(f"HDU {image.metadata.get('hdu')} holds {len(found)} planes; one is expected a HDU")
    return found[0]


def _stacked(parts: Sequence[Picture]) -> Picture:
    """Pictures of one height and width as channels of one."""
    sizes = {part.shape[1:] for part in parts}
    if len(sizes) > 1:
        raise SmaltiError(f"its HDUs are of different sizes, {_times(sizes)}; choose HDUs of one size")
    dtype = promoted(part.dtype for part in parts)
    if dtype is None:
        names = ", ".join(sorted({str(part.dtype) for part in parts}))
        raise SmaltiError(f"its HDUs are of types that no one type holds: {names}")

    def read() -> np.ndarray:
        return np.concatenate([part.read().astype(dtype) for part in parts])

    shape = (sum(part.shape[0] for part in parts), *parts[0].shape[1:])
    n_planes = max(part.n_planes for part in parts)
    return Picture(parts[0].image, shape, dtype, None, None, n_planes, read)


def _times(sizes: Iterable[tuple[int, ...]]) -> str:
    return ", ".join("×".join(map(str, size)) for size in sorted(sizes))


def _of_image(image: Image, reading: Reading) -> Iterator[Picture]:
    if image.pixels is None or image.dtype is None:
        raise SmaltiError("it is known by its metadata only; no installed loader reads its pixels")
    dtype = image.dtype.newbyteorder("=")
    if dtype.kind == "c":
        raise SmaltiError(f"its pixels are {dtype}, two numbers each; export real and imaginary part apart")
    if dtype.name not in DTYPES:
        raise SmaltiError(f"its pixels are {dtype}, which no collection holds; known: {', '.join(DTYPES)}")
    axes = axes_of(image, reading)
    length = dict(zip(axes, image.shape, strict=True))
    n_samples = length.get("S", 1)
    shape = (length.get("C", 1) * n_samples, length["Y"], length["X"])
    stacked = {axis: length[axis] for axis in "TZ" if length.get(axis, 1) > 1}
    made = partial(Picture, image, shape, dtype, n_samples=n_samples)
    read = partial(_plane, image, axes)
    n_planes = prod(stacked.values())
    if n_planes == 1 or not reading.planes:
        yield made(None, None, n_planes, partial(read, {}))
    elif reading.planes == "each":
        for at in product(*map(range, stacked.values())):
            pick = dict(zip(stacked, at, strict=True))
            yield made(pick.get("T"), pick.get("Z"), 1, partial(read, pick))
    elif reading.planes == "middle":
        pick = {axis: (n - 1) // 2 for axis, n in stacked.items()}
        yield made(pick.get("T"), pick.get("Z"), 1, partial(read, pick))
    else:
        picks = [dict(zip(stacked, at, strict=True)) for at in product(*map(range, stacked.values()))]
        yield made(None, None, 1, partial(_maximum, read, picks))


def axes_of(image: Image, reading: Reading) -> str:
    """A letter for each stored axis, as asked for, stated in the file, or guessed."""
    if len(reading.axes) == len(image.axes):
        return reading.axes
    named = not reading.by_length or len(image.guessed) != 1 or "C" in image.axes
    if len(image.axes) == 3 and not named:
        return channels_in(image.shape)
    return image.axes


def channels_in(shape: Sequence[int]) -> str:
    """Letters of three axes that nothing names: a last one of at most four is channels, else the first."""
    return "YXC" if shape[-1] <= FEW else "CYX"


def _plane(image: Image, axes: str, pick: dict[str, int]) -> np.ndarray:
    """Channels, samples, height and width at one place in t and z, as (channels, height, width)."""
    assert image.pixels is not None
    index = tuple(
        pick.get(axis, 0) if axis in "TZ" else slice(0, n, 1)
        for axis, n in zip(axes, image.shape, strict=True)
    )
    stored = image.pixels(index, 0)
    left = [axis for axis in axes if axis not in "TZ"]
    ordered = stored.transpose([left.index(axis) for axis in "CSYX" if axis in left])
    plane: np.ndarray = ordered.reshape(-1, *ordered.shape[-2:])
    return np.ascontiguousarray(plane, plane.dtype.newbyteorder("="))


def _maximum(read: Callable[[dict[str, int]], np.ndarray], picks: Sequence[dict[str, int]]) -> np.ndarray:
    """The largest value at each place, NaN only where all are."""
    found = read(picks[0])
    for pick in picks[1:]:
        found = np.fmax(found, read(pick))
    return found
