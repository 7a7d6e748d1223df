"""NIfTI-1, NIfTI-2 and Analyze, read here: ITK fills what a cut file lacks with zeros and says nothing."""

import gzip
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from smalti.core.image import Image, ImageRef
from smalti.core.plugin import loader
from smalti.core.units import micrometres, seconds
from smalti.loaders._about import About
from smalti.loaders._content import BrokenFileError
from smalti.loaders._flat import Flat, beside
from smalti.loaders._small import open_file
from smalti.loaders._stacked import stacked_images

__all__ = ["nifti"]

_TYPES = {
    2: "u1",
    4: "i2",
    8: "i4",
    16: "f4",
    32: "c8",
    64: "f8",
    128: "u1",
    256: "i1",
    512: "u2",
    768: "u4",
    1024: "i8",
    1280: "u8",
    1792: "c16",
    2304: "u1",
}
_SAMPLES = {128: 3, 2304: 4}
_LENGTH_UNITS = {1: "m", 2: "mm", 3: "µm"}
_TIME_UNITS = {8: "s", 16: "ms", 24: "µs"}


_FIRST = {
    "dim": ("8h", 40),
    "datatype": ("h", 70),
    "pixdim": ("8f", 76),
    "offset": ("f", 108),
    "scaling": ("2f", 112),
    "units": ("B", 123),
    "description": ("80s", 148),
}
_SECOND = {
    "dim": ("8q", 16),
    "datatype": ("h", 12),
    "pixdim": ("8d", 104),
    "offset": ("q", 168),
    "scaling": ("2d", 176),
    "units": ("i", 500),
    "description": ("80s", 240),
}
"""Where the fields that are used stand."""


@dataclass(frozen=True, slots=True)
class _Header:
    """The fields used, of any of the formats.

    Parameters
    ----------
    version
        ``"NIfTI-1"``, ``"NIfTI-2"`` or ``"Analyze"``.
    order
        Byte order, ``"<"`` or ``">"``.
    detached
        Whether the samples are in the file ``.img`` beside.
    dim, pixdim
        Eight each: the number of axes, and of each axis its length and the distance between samples.
    """

    version: str
    order: str
    detached: bool
    dim: tuple[int, ...]
    pixdim: tuple[float, ...]
    datatype: int
    offset: int
    scaling: tuple[float, float]
    units: int
    description: str


@loader("nifti", extensions=("nii", "nii.gz", "hdr", "hdr.gz"))
def nifti(ref: ImageRef, limit: int) -> Iterator[Image]:
    """One image a file, stored values scaled as the header says; axes of length 1 after y are left out."""
    packed = ref.path.lower().endswith(".gz")
    header = _read_header(ref.uri, packed)
    n_axes = header.dim[0]
    lengths = header.dim[1 : n_axes + 1]
    if not 2 <= n_axes <= 7 or min(lengths) < 1:
        raise BrokenFileError(f"its header gives {n_axes} axes of lengths {lengths}; 2 to 7 axes are due")
    if header.datatype not in _TYPES:
        raise BrokenFileError(f"its data type {header.datatype} is none that is read")
    kept = [axis for axis in range(n_axes) if axis < 2 or lengths[axis] > 1]
    letters = "".join("XYZTC??"[axis] for axis in kept)
    shape = tuple(lengths[axis] for axis in kept)
    if header.datatype in _SAMPLES:
        letters, shape = "S" + letters, (_SAMPLES[header.datatype], *shape)
    path = _data_file(ref.uri, packed) if header.detached else ref.uri
    offset = 0 if packed else header.offset
    flat = Flat(
        path,
        offset,
        np.dtype(header.order + _TYPES[header.datatype]),
        shape[::-1],
        "gzip" if packed else "",
        header.offset if packed else 0,
        header.scaling,
    )
    yield from stacked_images(ref, flat, letters[::-1], _about(header, packed), limit)


def _read_header(path: str, packed: bool) -> _Header:
    with open_file(path) as file:
        data = (gzip.GzipFile(fileobj=file) if packed else file).read(540)
    for order in "<>":
        if data[:4] == struct.pack(order + "i", 348) and len(data) >= 348:
            magic = data[344:347]
            return _unpack(
                "NIfTI-1" if magic in (b"n+1", b"ni1") else "Analyze", data, order, magic != b"n+1"
            )
        if data[:4] == struct.pack(order + "i", 540) and len(data) == 540:
            return _unpack("NIfTI-2", data, order, data[4:7] == b"ni2")
    raise BrokenFileError(
        "it is no NIfTI or Analyze: the length of its header, 348 or 540, does not come first"
    )


def _unpack(version: str, data: bytes, order: str, detached: bool) -> _Header:
    places = _SECOND if version == "NIfTI-2" else _FIRST
    values = {name: struct.unpack_from(order + form, data, at) for name, (form, at) in places.items()}
    if version == "Analyze":  # other things stand there
        values |= {"scaling": (1.0, 0.0), "units": (0,)}
    return _Header(
        version,
        order,
        detached,
        values["dim"],
        tuple(float(str(np.float32(step))) for step in values["pixdim"]),  # 4.6, not 4.599999904632568
        values["datatype"][0],
        int(values["offset"][0]),
        values["scaling"],
        values["units"][0],
        values["description"][0].split(b"\0")[0].decode("utf-8", "replace"),
    )


def _data_file(path: str, packed: bool) -> str:
    """The ``.img`` of a ``.hdr``, spelled like it."""
    stem = Path(path).name.removesuffix(".gz").removesuffix(".GZ")
    ending = ".IMG" if stem.endswith(".HDR") else ".img"
    return beside(path, stem[:-4] + ending + (".gz" if packed else ""))


def _about(header: _Header, packed: bool) -> About:
    unit, time_unit = _LENGTH_UNITS.get(header.units & 7), _TIME_UNITS.get(header.units & 56)
    sizes = {axis: micrometres(header.pixdim[i], unit) for i, axis in enumerate("XYZ", 1)}
    facts: dict[str, object] = {"format": header.version}
    if packed:
        facts["compression"] = "gzip"
    if header.description:
        facts["description"] = header.description
    if not unit:
        facts["pixdim"] = header.pixdim[1 : header.dim[0] + 1]
    return About(
        pixel_size_um={axis: size for axis, size in sizes.items() if size},
        time_interval_s=seconds(header.pixdim[4], time_unit),
        metadata=facts,
    )
