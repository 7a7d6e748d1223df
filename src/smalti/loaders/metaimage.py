"""MetaImage, attached and detached, read here: a plane is mapped, and what is not stated is not made up."""

from collections.abc import Iterator, Mapping

import numpy as np

from smalti.core.image import Image, ImageRef
from smalti.core.plugin import loader
from smalti.core.units import micrometres
from smalti.loaders._about import About
from smalti.loaders._content import BrokenFileError
from smalti.loaders._flat import Flat, beside
from smalti.loaders._small import open_file
from smalti.loaders._stacked import stacked_images

__all__ = ["metaimage"]

HEADER_BYTES = 1 << 16
"""Of a header at most, and so of a line of it."""

_TYPES = {
    "MET_CHAR": "i1",
    "MET_UCHAR": "u1",
    "MET_SHORT": "i2",
    "MET_USHORT": "u2",
    "MET_INT": "i4",
    "MET_UINT": "u4",
    "MET_LONG": "i4",
    "MET_ULONG": "u4",
    "MET_LONG_LONG": "i8",
    "MET_ULONG_LONG": "u8",
    "MET_FLOAT": "f4",
    "MET_DOUBLE": "f8",
}
_TOLD = ("Modality", "ElementSpacing", "ElementSize", "AnatomicalOrientation", "Comment", "AcquisitionDate")

Fields = Mapping[str, str]


@loader("metaimage", extensions=("mha", "mhd"))
def metaimage(ref: ImageRef, limit: int) -> Iterator[Image]:
    """One image a file; sizes of pixels where the header states their unit."""
    fields, start = _header(ref.uri)
    lengths = [int(length) for length in _field(fields, "DimSize").split()]
    if len(lengths) != int(_field(fields, "NDims")) or len(lengths) < 2 or min(lengths) < 1:
        raise BrokenFileError(f"its header gives sizes {lengths} for {fields['NDims']} axes; 2 are the least")
    letters = ("XYZT" + "?" * len(lengths))[: len(lengths)]
    channels = int(fields.get("ElementNumberOfChannels", 1))
    if channels > 1:
        lengths, letters = [channels, *lengths], "C" + letters
    facts: dict[str, object] = {name: fields[name] for name in _TOLD if name in fields}
    facts["format"] = "MetaImage"
    if _is_true(fields, "CompressedData"):
        facts["compression"] = "zlib"
    about = About(pixel_size_um=_pixel_size(fields), metadata=facts)
    flat = _flat(ref.uri, fields, start, tuple(lengths[::-1]))
    yield from stacked_images(ref, flat, letters[::-1], about, limit)


def _header(path: str) -> tuple[dict[str, str], int]:
    """Fields, and where the samples begin when they are in the same file."""
    fields: dict[str, str] = {}
    with open_file(path) as file:
        while file.tell() < HEADER_BYTES:
            line = file.readline(HEADER_BYTES)
            name, equals, value = line.decode("utf-8", "replace").partition("=")
            if not equals:
                break
            fields[name.strip()] = value.strip()
            if name.strip() == "ElementDataFile":
                return fields, file.tell()
    raise BrokenFileError("its header does not end with ElementDataFile")


def _field(fields: Fields, name: str) -> str:
    if name not in fields:
        raise BrokenFileError(f"its header lacks {name}")
    return fields[name]


def _is_true(fields: Fields, *names: str) -> bool:
    return any(fields.get(name, "").lower() in ("true", "1") for name in names)


def _flat(path: str, fields: Fields, start: int, shape: tuple[int, ...]) -> Flat:
    kind = _field(fields, "ElementType").removesuffix("_ARRAY")
    if kind not in _TYPES:
        raise BrokenFileError(f"its ElementType is {kind}; read are {', '.join(_TYPES)}")
    order = ">" if _is_true(fields, "BinaryDataByteOrderMSB", "ElementByteOrderMSB") else "<"
    name = fields["ElementDataFile"]
    if name.upper() != "LOCAL":
        if name.startswith("LIST") or "%" in name:
            raise BrokenFileError(f"its samples lie in several files ({name}); one file is read")
        path, start = beside(path, name), 0
    packing = "zlib" if _is_true(fields, "CompressedData") else ""
    if fields.get("BinaryData", "True").lower() in ("false", "0"):
        packing = "text"
    skip = int(fields.get("HeaderSize", 0))
    return Flat(path, -1 if skip < 0 else start + skip, np.dtype(order + _TYPES[kind]), shape, packing)


def _pixel_size(fields: Fields) -> dict[str, float]:
    steps = (fields.get("ElementSpacing") or fields.get("ElementSize") or "").split()
    sizes = {
        axis: micrometres(step, fields.get("DistanceUnits")) for axis, step in zip("XYZ", steps, strict=False)
    }
    return {axis: size for axis, size in sizes.items() if size}
