"""What is known of a file and of an image, as columns of the QC table."""

from datetime import UTC, datetime
from functools import cache, lru_cache
from json import JSONEncoder
from pathlib import PurePosixPath
from typing import Any

import numpy as np

from smalti.core.columns import Column
from smalti.core.image import Image, ImageRef
from smalti.core.plugin import plugins
from smalti.core.remote import shown
from smalti.processing.fit import MisfitError, fit
from smalti.processing.frames import utf8
from smalti.table.schema import IMAGE_COLUMNS, size_readable

__all__ = ["file_facts", "image_facts", "modified_at"]

_PROMOTED = frozenset(
    (
        "objective_magnification",
        "objective_na",
        "exposure_s",
        "instrument",
        "software",
        "significant_bits",
        "compression",
        "format",
    )
)
_JSON = JSONEncoder(default=str, ensure_ascii=False)
_WELL_KNOWN = tuple(column for column in IMAGE_COLUMNS if column.name in _PROMOTED)


def file_facts(ref: ImageRef) -> dict[str, Any]:
    """What is known of a file without opening it."""
    folder, name = _parted(ref.path)
    parent, depth = _folder(folder)
    stem, suffix = _split(name)
    return {
        "image_id": ref.image_id,
        "path": ref.path,
        "uri": utf8(shown(ref.uri)),
        "name": name,
        "stem": stem,
        "file_extension": suffix.lower(),
        "parent": parent,
        "depth": depth,
        "series": ref.series,
        "series_name": ref.series_name,
        "condition": ref.condition,
        "reader": ref.loader,
        "size_bytes": ref.size_bytes,
        "size_readable": size_readable(ref.size_bytes),
        "modified": modified_at(ref.mtime),
    }


def _parted(path: str) -> tuple[str, str]:
    """A path up to its last slash, and the name after it."""
    if path.endswith(("/", ".")):  # a name that is none, or may be
        path = str(PurePosixPath(path))
    cut = path.rfind("/") + 1
    return path[:cut], path[cut:]


@lru_cache(256)
def _folder(text: str) -> tuple[str, int]:
    """The same folder without the slash, and how many names that has; kept, because files share folders."""
    folder = PurePosixPath(text)
    return str(folder) if folder.name else "", len(folder.parts)


def _split(name: str) -> tuple[str, str]:
    """Stem and extension as pathlib has them, in a tenth of its time."""
    dot = name.rfind(".")
    return (name[:dot], name[dot + 1 :]) if 0 < dot < len(name) - 1 else (name, "")


def modified_at(mtime: float) -> datetime | None:
    """A file's time of change, UTC without a zone, to the microsecond; None when no calendar has it."""
    try:
        return datetime.fromtimestamp(mtime, UTC).replace(tzinfo=None)
    except (ValueError, OverflowError, OSError):  # after the year 9999; before 1970 on some platforms
        return None


def image_facts(image: Image) -> dict[str, Any]:
    """What a loader says of an image, as columns; unknown stays absent."""
    counted = "TCZYX" + "S" * ("S" in image.axes) if image.axes else ""  # an absent axis has length 1
    length = image.sizes
    sizes = {f"size_{axis.lower()}": length[axis] for axis in counted}
    pixel = {f"pixel_size_{axis.lower()}_um": image.pixel_size_um.get(axis) for axis in "XYZ"}
    lifted = _lifted(image)
    rest = {key: value for key, value in image.metadata.items() if key not in lifted}
    return {
        **lifted,
        "axes": image.axes or None,
        "dtype": None if image.dtype is None else _type_name(image.dtype),
        "channel_names": list(image.channel_names) if image.channel_names else None,
        "time_interval_s": image.time_interval_s,
        "acquired_at": None if image.acquired_at is None else image.acquired_at.replace(tzinfo=None),
        "n_planes": image.n_planes,
        "metadata": _JSON.encode(rest) if rest else None,
        **sizes,
        **pixel,
    }


@lru_cache(256)
def _type_name(dtype: np.dtype) -> str:
    return dtype.newbyteorder("=").name


def _lifted(image: Image) -> dict[str, Any]:
    """Metadata that has a column of its own, and fits it; a file may state anything under any name."""
    found = {}
    for name, column in _columns(image.ref.loader).items():
        try:
            if name in image.metadata:
                found[name] = fit(column, image.metadata[name])
        except MisfitError:
            continue  # it stays in the JSON as it is
    return found


@cache
def _columns(loader: str | None) -> dict[str, Column]:
    """The columns that metadata may go to, by name."""
    used = plugins("loader").get(loader or "")
    return {column.name: column for column in (*_WELL_KNOWN, *(used.columns if used else ()))}
