"""Stacks on their way from an image to a file: spacing, form, and pixels read part by part."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np

from smalti.core.image import Image
from smalti.core.options import option
from smalti.curation.planes import Picked
from smalti.processing.machine import usable_cores
from smalti.writers.levels import Region
from smalti.writers.nrrd import nrrd_dtype, write_nrrd
from smalti.writers.ome_zarr import write_ome_zarr
from smalti.writers.pyramid import Read
from smalti.writers.tiff import states_spacing, write_tiff_stack
from smalti.writers.volume import Volume

__all__ = [
    "ENDINGS",
    "Form",
    "form_option",
    "packed_option",
    "picked_notes",
    "read_box",
    "region_reader",
    "stack_axis",
    "write_stack",
]

Form = Literal["nrrd", "tiff", "zarr"]

ENDINGS: Mapping[Form, str] = {"nrrd": ".nrrd", "tiff": ".ome.tif", "zarr": ".ome.zarr"}


def form_option() -> Any:
    """``write: Form``."""
    return option("nrrd", "What is written: NRRD, OME-TIFF, or OME-Zarr.")


def packed_option() -> Any:
    """``gzip: bool``."""
    return option(False, "Pack NRRD by gzip; a part of it can then not be read by itself.")


def stack_axis(image: Image) -> str:
    """The axis of slices: ``T`` of a film, else ``Z``."""
    length = image.sizes
    return "T" if length["Z"] == 1 and length["T"] > 1 else "Z"


def picked_notes(image: Image, stack: str, channel: str) -> list[str]:
    """What is left out of an image with more axes than a stack, and what it lacks."""
    length, notes = image.sizes, []
    if stack == "Z" and length["T"] > 1:
        notes.append(f"time 0 of {length['T']} is taken")
    if channel == "luma" and "S" not in image.axes and length["C"] > 1:
        notes.append(f"channel 0 of {length['C']} is taken")
    if image.partial:
        notes.append(f"it is not whole: {image.partial}")
    return notes


def region_reader(
    one: Picked, first: tuple[int, int, int] = (0, 0, 0), every: int = 1, time: int = 0
) -> Read:
    """Reader of parts of a stack.

    Parameters
    ----------
    one
        The image.
    first
        Its slice, row and column that are the first of the stack.
    every
        Slices from one of the stack to the next.
    time
        Index along T of a volume.
    """
    z0, y0, x0 = first

    def read(region: Region) -> np.ndarray:
        z, y, x = region
        slices = range(z0 + z.start * every, z0 + z.stop * every, every)
        rows, columns = slice(y0 + y.start, y0 + y.stop), slice(x0 + x.start, x0 + x.stop)
        return read_box(one, slices, rows, columns, time)

    return read


def read_box(one: Picked, slices: range, rows: slice, columns: slice, time: int = 0) -> np.ndarray:
    """Pixels of a box; little more is read: slice by slice where they are stored one by one."""
    image = one.image
    block = dict(zip(image.axes, image.block_shape or (1,) * len(image.axes), strict=True))
    if block.get(one.stack, 1) > 1 or len(slices) == 1:
        return one.read(slice(slices.start, slices[-1] + 1, slices.step), rows, columns, time)
    shape = len(slices), rows.stop - rows.start, columns.stop - columns.start
    pixels = np.empty(shape, image.dtype)
    for place, number in enumerate(slices):
        pixels[place] = one.read(slice(number, number + 1), rows, columns, time)[0]
    return pixels


def write_stack(path: Path, form: Form, volume: Volume, read: Read, *, packed: bool = False) -> str:
    """Write a stack; gives what of it the form cannot hold, or ``""``."""
    if form == "nrrd":
        write_nrrd(path, volume, read, packed=packed)
        stored = nrrd_dtype(volume.dtype)
        return "" if stored == volume.dtype else f"NRRD has no {volume.dtype}, it holds {stored}"
    if form == "tiff":
        write_tiff_stack(path, volume, read)
        known = states_spacing(volume.dtype) or not set(volume.steps) - {"y", "x"}
        return "" if known else f"TIFF of {volume.dtype} states no distance of slices"
    write_ome_zarr(path, volume, read, usable_cores())
    return ""
