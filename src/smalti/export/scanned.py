"""What is known of a picture before its pixels are read."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

__all__ = ["Scanned"]


@dataclass(frozen=True, slots=True)
class Scanned:
    """One picture of a file, or why the file has none; a million of them take 300 MB.

    Parameters
    ----------
    path
        Of the file, as the table shows it.
    series, t, z
        Which picture of it; `series` is None for a file that failed.
    shape
        Channels, height and width.
    dtype, axes, format
        As the file has them.
    n_planes
        Planes of which nothing was said; more than 1 makes it a stack.
    error
        Why it cannot be read; empty when it can.
    """

    path: str
    series: int | None = 0
    t: int | None = None
    z: int | None = None
    shape: tuple[int, int, int] = (0, 0, 0)
    dtype: str = ""
    axes: str = ""
    format: str = ""
    n_planes: int = 1
    error: str = ""

    @classmethod
    def of(cls, path: str, row: Mapping[str, Any]) -> Self:
        """What stands in a row of `smalti.export.reading.FOUND`."""
        if row["error"] is not None:
            return cls(path, None, error=row["error"])
        c, h, w = row["shape"]
        dtype, axes, format_ = (sys.intern(row[name] or "") for name in ("dtype", "axes", "format"))
        place = row["series"], row["t"], row["z"]
        return cls(path, *place, (c, h, w), dtype, axes, format_, row["n_planes"])
