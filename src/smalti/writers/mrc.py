"""MRC with unsigned bytes: the header by mrcfile's table, pixels as they come.

Mode 0 has been signed bytes since MRC2014. Unsigned ones are marked as IMOD marks them, by its stamp without
the flag for signed bytes; what knows no stamp shows 128 to 255 as -128 to -1, the same bits.
"""

import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np

from smalti.core.errors import MissingExtraError
from smalti.writers.aside import aside

__all__ = ["MrcBytes", "write_mrc_bytes"]

_HEADER_BYTES = 1024
_STAMP_IN_EXTRA, _STAMP = 40, 1146047817
_SPACE_GROUPS = {"volume": 1, "images": 0, "volumes": 401}
_VERSION = 20141


@dataclass(frozen=True, slots=True)
class MrcBytes:
    """What the header says.

    Parameters
    ----------
    shape
        Sections, rows and columns.
    kind
        Whether sections are a volume, images by themselves, or volumes one after the other.
    sections
        Of one volume.
    steps_um
        From voxel to voxel by axis, ``Z``, ``Y`` and ``X``; what is unknown is absent, and 0 in the header.
    label
        One line for people.
    """

    shape: tuple[int, int, int]
    kind: Literal["volume", "images", "volumes"]
    sections: int
    steps_um: Mapping[str, float] = field(default_factory=dict)
    label: str = ""


def write_mrc_bytes(path: Path, about: MrcBytes, parts: Iterable[np.ndarray]) -> None:
    """Write bytes in order; the file is there as a whole or not at all.

    Written one after the other, not through a mapped file: on a full disk that ends the process.

    Parameters
    ----------
    path, about
        The file, and what its header says.
    parts
        Pixels, uint8, in the order of sections, rows and columns.
    """
    count, low, high, total, squares = 0, 255, 0, 0, 0
    with aside(path) as temporary, temporary.open("wb") as file:
        file.write(bytes(_HEADER_BYTES))
        for part in parts:
            file.write(np.ascontiguousarray(part).reshape(-1).data)
            counts = np.bincount(part.reshape(-1), minlength=256)
            values = np.flatnonzero(counts)
            low, high = min(low, int(values[0])), max(high, int(values[-1]))
            count += part.size
            total += int((counts * np.arange(256)).sum())
            squares += int((counts * np.arange(256) ** 2).sum())
        mean = total / count
        rms = max(0.0, squares / count - mean**2) ** 0.5
        file.seek(0)
        file.write(_header(about, (low, high, mean, rms)))


def _header(about: MrcBytes, statistics: tuple[float, float, float, float]) -> bytes:
    try:
        from mrcfile.dtypes import HEADER_DTYPE
    except ImportError as error:
        raise MissingExtraError("mrcfile", "volumes") from error
    table = np.zeros((), HEADER_DTYPE.newbyteorder("<"))
    header: Any = table.view(np.recarray)
    header.nz, header.ny, header.nx = about.shape
    header.mx, header.my, header.mz = about.shape[2], about.shape[1], about.sections
    lengths = {"x": about.shape[2], "y": about.shape[1], "z": about.sections}
    for axis, n in lengths.items():
        header.cella[axis] = about.steps_um.get(axis.upper(), 0.0) * 1e4 * n
    header.cellb.alpha = header.cellb.beta = header.cellb.gamma = 90
    header.mapc, header.mapr, header.maps = 1, 2, 3
    header.dmin, header.dmax, header.dmean, header.rms = statistics
    header.ispg = _SPACE_GROUPS[about.kind]
    header.nversion = _VERSION
    header.map = b"MAP "
    header.machst = (0x44, 0x44, 0, 0)
    header.nlabl = 1
    header.label[0] = about.label.encode("ascii", "replace")[:80]
    data = bytearray(table.tobytes())
    extra = HEADER_DTYPE.fields["extra2"][1]
    struct.pack_into("<2i", data, extra + _STAMP_IN_EXTRA, _STAMP, 0)
    return bytes(data)
