"""NRRD: a text header and the samples behind it, little endian, plain or packed by gzip.

Written after https://teem.sourceforge.net/nrrd/format.html.
"""

from collections.abc import Mapping
from contextlib import nullcontext
from gzip import GzipFile
from pathlib import Path

import numpy as np

from smalti.core.errors import SmaltiError
from smalti.writers.aside import aside
from smalti.writers.pyramid import Read
from smalti.writers.volume import Volume, checked, slabs

__all__ = ["nrrd_dtype", "write_nrrd"]

_TYPES = {
    "int8": "int8",
    "uint8": "uint8",
    "int16": "int16",
    "uint16": "uint16",
    "int32": "int32",
    "uint32": "uint32",
    "int64": "int64",
    "uint64": "uint64",
    "float32": "float",
    "float64": "double",
}
_WIDER: Mapping[str, np.dtype] = {"bool": np.dtype(np.uint8), "float16": np.dtype(np.float32)}
"""What NRRD has no name for, as the least type that holds it."""

_FASTEST = 1
"""Of gzip: half the time of its usual level for 2 % more bytes of micrographs."""


def nrrd_dtype(dtype: np.dtype) -> np.dtype:
    """The type as which pixels are stored; the same but for truth values and floats of 16 bits."""
    stored = _WIDER.get(dtype.name, dtype)
    if stored.name not in _TYPES:
        raise SmaltiError(f"NRRD has no pixels of {dtype}; whole numbers and floats are written")
    return stored


def write_nrrd(path: Path, volume: Volume, read: Read, *, packed: bool = False) -> None:
    """Write a stack in parts; the file is there as a whole or not at all.

    Parameters
    ----------
    path
        Of the file.
    volume, read
        What it is, and what reads parts of it.
    packed
        Whether samples are packed; no part of them can then be read without those before it.
    """
    stored = nrrd_dtype(volume.dtype).newbyteorder("<")
    with aside(path) as temporary, temporary.open("wb") as file:
        file.write(_header(volume, packed))
        with GzipFile("", "wb", _FASTEST, file, 0) if packed else nullcontext(file) as sink:
            for region in slabs(volume.shape, volume.dtype.itemsize):
                pixels = checked(volume, read, region)
                sink.write(np.ascontiguousarray(pixels, stored).reshape(-1).view(np.uint8).data)


def _header(volume: Volume, packed: bool) -> bytes:
    """Axes fastest first; directions in space where all steps are known, else what is known by axis."""
    axes = volume.axes[::-1]
    steps = [volume.steps.get(axis) for axis in axes]
    lines = [
        "NRRD0005",
        f"type: {_TYPES[nrrd_dtype(volume.dtype).name]}",
        f"dimension: {len(axes)}",
    ]
    if "t" not in axes and None not in steps:
        origin = ",".join(repr(float(volume.origin.get(axis, 0.0))) for axis in axes)
        lines += [
            f"space dimension: {len(axes)}",
            f"sizes: {_spaced(volume.shape[::-1])}",
            f"space directions: {_spaced(_direction(i, step or 0.0) for i, step in enumerate(steps))}",
            "kinds: domain domain domain",
            *([f"space units: {_spaced([_quoted(volume.unit)] * len(axes))}"] if volume.unit else []),
            f"space origin: ({origin})",
        ]
    else:
        units = ["s" if axis == "t" else volume.unit if axis in volume.steps else "" for axis in axes]
        lines += [
            f"sizes: {_spaced(volume.shape[::-1])}",
            f"spacings: {_spaced('nan' if step is None else repr(float(step)) for step in steps)}",
            f"kinds: {_spaced('time' if axis == 't' else 'domain' for axis in axes)}",
            f"units: {_spaced(map(_quoted, units))}",
        ]
    lines += ["endian: little", f"encoding: {'gzip' if packed else 'raw'}"]
    if volume.name:
        lines.append(f"content: {_line(volume.name)}")
    lines += [f"{name}:={_line(value)}" for name, value in volume.facts.items()]
    return ("\n".join(lines) + "\n\n").encode("utf-8", "surrogateescape")


def _direction(i: int, step: float) -> str:
    return "(" + ",".join(repr(float(step)) if j == i else "0" for j in range(3)) + ")"


def _spaced(parts: object) -> str:
    return " ".join(map(str, parts))  # type: ignore[call-overload]  # anything that can be gone through


def _quoted(text: str) -> str:
    return f'"{text}"'


def _line(text: str) -> str:
    """A text in one line, as the format says."""
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", " ")
