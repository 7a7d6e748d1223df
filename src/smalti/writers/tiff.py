"""TIFF: one image in strips, or a stack of planes as OME-TIFF, written part by part by tifffile."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import numpy as np

from smalti.writers.aside import aside
from smalti.writers.pyramid import Read
from smalti.writers.volume import Volume, checked, slabs

__all__ = ["states_spacing", "write_tiff_image", "write_tiff_stack"]

STRIP_BYTES = 256 << 10
CLASSIC_BYTES = 3 << 30
"""Above this offsets may need more than 32 bits."""

_NOT_OME = ("int64", "uint64", "float16")
_OME_UNITS = {"um": "µm", "": "reference frame"}


def write_tiff_image(
    path: Path,
    shape: tuple[int, int],
    bands: Iterable[np.ndarray],
    pixel_size_um: Mapping[str, float] | None = None,
    check: Callable[[Path], None] | None = None,
) -> None:
    """Write a grey image of bytes, packed; the file is there as a whole or not at all.

    Parameters
    ----------
    path
        Of the file.
    shape
        Height and width.
    bands
        Rows from first to last, uint8 (rows, width), of any number.
    pixel_size_um
        By axis, ``Y`` and ``X``.
    check
        See `smalti.writers.aside.aside`.
    """
    import tifffile

    rows = max(1, STRIP_BYTES // max(1, shape[1]))
    with aside(path, check) as temporary:
        tifffile.imwrite(
            temporary,
            _packed(bands, rows),
            shape=shape,
            dtype=np.uint8,
            bigtiff=shape[0] * shape[1] > CLASSIC_BYTES,
            photometric="minisblack",
            compression="zlib",
            rowsperstrip=min(rows, shape[0]),
            metadata=None,
            software="smalti",
            **_resolution(pixel_size_um or {}),
        )


def _packed(bands: Iterable[np.ndarray], rows: int) -> Iterator[bytes]:
    """Strips of so many rows, packed here: tifffile takes pages or tiles in parts, not strips."""
    import imagecodecs

    kept: list[np.ndarray] = []
    n = 0
    for band in bands:
        start = 0
        while start < len(band):
            part = band[start : start + rows - n]
            kept.append(part)
            n, start = n + len(part), start + len(part)
            if n == rows:
                yield bytes(imagecodecs.zlib_encode(np.concatenate(kept).tobytes()))
                kept, n = [], 0
    if kept:
        yield bytes(imagecodecs.zlib_encode(np.concatenate(kept).tobytes()))


def _resolution(pixel_size_um: Mapping[str, float]) -> dict[str, Any]:
    x, y = pixel_size_um.get("X"), pixel_size_um.get("Y")
    return {"resolution": (1e4 / x, 1e4 / y), "resolutionunit": "CENTIMETER"} if x and y else {}


def states_spacing(dtype: np.dtype) -> bool:
    """Whether a stack of a type can say how far its planes are apart; OME has no word for some types."""
    return dtype.name not in _NOT_OME


def write_tiff_stack(path: Path, volume: Volume, read: Read) -> None:
    """Write a stack as OME-TIFF, packed, plane by plane; plain TIFF of types that OME lacks.

    The same stack gives the same bytes. The file is there as a whole or not at all.
    """
    import tifffile

    is_ome = states_spacing(volume.dtype)
    n_bytes = int(np.prod(volume.shape, dtype=object)) * volume.dtype.itemsize
    micrometres = {axis.upper(): step for axis, step in volume.steps.items() if volume.unit == "um"}
    with aside(path) as temporary:
        tifffile.imwrite(
            temporary,
            _planes(volume, read),
            shape=volume.shape,
            dtype=volume.dtype.newbyteorder("<"),
            bigtiff=n_bytes > CLASSIC_BYTES,
            ome=is_ome,
            photometric="minisblack",
            compression="zlib",
            metadata=_ome(volume) if is_ome else {"axes": volume.axes.upper(), **volume.facts},
            software="smalti",
            **_resolution(micrometres),
        )


def _planes(volume: Volume, read: Read) -> Iterator[np.ndarray]:
    """Planes, each whole, read as many at a time as are small."""
    plane = int(np.prod(volume.shape[1:], dtype=object)) * volume.dtype.itemsize
    regions = slabs(volume.shape, volume.dtype.itemsize, max(plane, 16 << 20))
    return chain.from_iterable(checked(volume, read, region) for region in regions)


def _ome(volume: Volume) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "axes": volume.axes.upper(),
        "UUID": str(uuid5(NAMESPACE_URL, f"{volume.name} {volume.shape} {volume.dtype}")),
    }
    if volume.name:
        facts["Name"] = volume.name
    if volume.facts:
        facts["Description"] = "; ".join(f"{name}={value}" for name, value in volume.facts.items())
    for axis, step in volume.steps.items():
        if axis == "t":
            facts |= {"TimeIncrement": step, "TimeIncrementUnit": "s"}
        else:
            name = f"PhysicalSize{axis.upper()}"
            facts |= {name: step, f"{name}Unit": _OME_UNITS[volume.unit]}
    return facts
