"""NRRD, attached and detached, read here: ITK knows neither its bzip2 nor axes that lie in no space."""

import re
from collections.abc import Iterator, Mapping
from itertools import zip_longest
from math import hypot

import numpy as np

from smalti.core.image import Image, ImageRef
from smalti.core.plugin import loader
from smalti.core.units import micrometres, seconds
from smalti.loaders._about import About
from smalti.loaders._content import BrokenFileError
from smalti.loaders._flat import Flat, beside
from smalti.loaders._small import open_file
from smalti.loaders._stacked import stacked_images

__all__ = ["nrrd"]

HEADER_BYTES = 1 << 20
"""Of a header at most; one names its axes in 300 bytes."""

_NAMES = {
    "i1": ("signed char", "int8", "int8_t"),
    "u1": ("uchar", "unsigned char", "uint8", "uint8_t"),
    "i2": ("short", "short int", "signed short", "signed short int", "int16", "int16_t"),
    "u2": ("ushort", "unsigned short", "unsigned short int", "uint16", "uint16_t"),
    "i4": ("int", "signed int", "int32", "int32_t"),
    "u4": ("uint", "unsigned int", "uint32", "uint32_t"),
    "i8": ("longlong", "long long", "long long int", "signed long long", "int64", "int64_t"),
    "u8": ("ulonglong", "unsigned long long", "unsigned long long int", "uint64", "uint64_t"),
    "f4": ("float",),
    "f8": ("double",),
}
_TYPES = {name: code for code, names in _NAMES.items() for name in names}

_PACKINGS = {
    **dict.fromkeys(("raw",), ""),
    **dict.fromkeys(("gzip", "gz"), "gzip"),
    **dict.fromkeys(("bzip2", "bz2"), "bzip2"),
    **dict.fromkeys(("text", "txt", "ascii"), "text"),
    "hex": "hex",
}
_COLOURS = ("rgb-color", "rgba-color", "3-color", "4-color")
_SPATIAL = ("domain", "space")

_TOLD = ("content", "space", "space directions", "spacings", "measurement frame", "sample units")

_PLAIN_NAMES = {
    "datafile": "data file",
    "lineskip": "line skip",
    "byteskip": "byte skip",
    "sampleunits": "sample units",
}

Fields = Mapping[str, str]


@loader("nrrd", extensions=("nrrd", "nhdr"), magic=(b"NRRD000",))
def nrrd(ref: ImageRef, limit: int) -> Iterator[Image]:
    """One image a file; sizes of pixels where the header states their unit."""
    fields, said, start = _header(ref.uri)
    sizes = [int(size) for size in _field(fields, "sizes").split()]
    if len(sizes) != int(_field(fields, "dimension")) or len(sizes) < 2 or min(sizes) < 1:
        raise BrokenFileError(
            f"its header gives sizes {sizes} for {fields['dimension']} axes; 2 are the least"
        )
    letters = _letters(fields, len(sizes))
    facts = {"format": "NRRD", **{name: fields[name] for name in _TOLD if name in fields}, **said}
    if packing := _packing(fields):
        facts["compression"] = packing
    about = About(
        pixel_size_um=_pixel_size(fields, letters),
        time_interval_s=_time_step(fields, letters),
        metadata=facts,
    )
    flat = _flat(ref.uri, fields, start, tuple(sizes[::-1]))
    yield from stacked_images(ref, flat, letters[::-1], about, limit)


def _header(path: str) -> tuple[dict[str, str], dict[str, str], int]:
    """Fields, key/value pairs, and where the samples begin when they are in the same file."""
    fields: dict[str, str] = {}
    said: dict[str, str] = {}
    with open_file(path) as file:
        if not file.readline(64).startswith(b"NRRD000"):
            raise BrokenFileError("it does not begin with NRRD")
        while line := file.readline(HEADER_BYTES).decode("utf-8", "replace").rstrip("\r\n"):
            if file.tell() > HEADER_BYTES:
                raise BrokenFileError(f"its header is longer than {HEADER_BYTES:,} bytes")
            name, colon, value = line.partition(":")
            if line.startswith("#") or not colon:
                continue
            if value.startswith("="):
                said[name] = value[1:]
            else:
                fields[_PLAIN_NAMES.get(name.lower(), name.lower())] = value.strip()
        return fields, said, file.tell()


def _field(fields: Fields, name: str) -> str:
    if name not in fields:
        raise BrokenFileError(f"its header lacks the field {name!r}")
    return fields[name]


def _packing(fields: Fields) -> str:
    encoding = _field(fields, "encoding").lower()
    if encoding not in _PACKINGS:
        raise BrokenFileError(f"its encoding is {encoding!r}; known: {', '.join(_PACKINGS)}")
    return _PACKINGS[encoding]


def _flat(path: str, fields: Fields, start: int, shape: tuple[int, ...]) -> Flat:
    kind = _field(fields, "type").lower()
    if kind not in _TYPES:
        raise BrokenFileError(f"its type is {kind!r}; integers of 1 to 8 bytes, float and double are read")
    order = ">" if fields.get("endian", "little").lower() == "big" else "<"
    if "data file" in fields:
        name = fields["data file"]
        if name.startswith("LIST") or "%" in name:
            raise BrokenFileError(f"its samples lie in several files ({name}); one file is read")
        path, start = beside(path, name.removeprefix("./")), 0
    packing, skip = _packing(fields), int(fields.get("byte skip", 0))
    for _ in range(int(fields.get("line skip", 0))):
        start = _after_line(path, start)
    if skip < 0 and not packing:
        start = -1
    elif not packing:
        start, skip = start + skip, 0
    return Flat(path, start, np.dtype(order + _TYPES[kind]), shape, packing, max(0, skip))


def _after_line(path: str, start: int) -> int:
    with open_file(path) as file:
        file.seek(start)
        file.readline(HEADER_BYTES)
        return file.tell()


def _letters(fields: Fields, n_axes: int) -> str:
    """One letter an axis, fastest first: X, Y, Z in space, S of colours, T and C for others."""
    kinds = fields.get("kinds", "").lower().split()
    directions = _vectors(fields.get("space directions", ""))
    letters = ""
    for axis, kind, direction in zip_longest(range(n_axes), kinds[:n_axes], directions[:n_axes]):
        if kind in _COLOURS and "S" not in letters:
            letters += "S"
        elif kind == "time" or (axis == n_axes - 1 > 2 and kind not in _SPATIAL and direction == "none"):
            letters += "T"
        elif kind in _SPATIAL or (kind in (None, "???") and direction != "none"):
            letters += next((letter for letter in "XYZT" if letter not in letters), "C")
        else:
            letters += "C"
    return letters


def _vectors(text: str) -> list[str]:
    """``(1,0,0) none (0, 1, 0)`` as one text an axis."""
    return text.replace(", ", ",").split()


def _pixel_size(fields: Fields, letters: str) -> dict[str, float]:
    found = {}
    for letter, (step, unit) in zip(letters, _steps(fields, len(letters)), strict=True):
        if letter in "XYZ" and (size := micrometres(step, unit)):
            found[letter] = size
    return found


def _time_step(fields: Fields, letters: str) -> float | None:
    return seconds(*_steps(fields, len(letters))[letters.index("T")]) if "T" in letters else None


def _steps(fields: Fields, n_axes: int) -> list[tuple[str | float, str]]:
    """From sample to sample along each axis, with the unit; both may be unstated, which is empty.

    A space named by directions of the body (``left-posterior-superior``) states no unit.
    """
    directions = _vectors(fields.get("space directions", ""))
    spacings = fields.get("spacings", "").split()
    units = re.findall(r'"([^"]*)"', fields.get("units", ""))
    in_space = (re.findall(r'"([^"]*)"', fields.get("space units", "")) or [""])[0]
    steps: list[tuple[str | float, str]] = []
    every = zip_longest(range(n_axes), directions[:n_axes], spacings[:n_axes], units[:n_axes], fillvalue="")
    for _, direction, spacing, unit in every:
        if direction.startswith("("):
            steps.append((hypot(*map(float, direction.strip("()").split(","))), in_space))
        else:
            steps.append((spacing, unit))
    return steps
