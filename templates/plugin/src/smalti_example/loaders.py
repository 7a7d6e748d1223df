"""Acquisition settings that a microscope writes beside its images, as rows without pixels."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from smalti import Column, Image, ImageRef, loader
from smalti.core.errors import UnreadableError

__all__ = ["acq"]

LARGEST = 65_536
"""A settings file has some hundred bytes; a larger one is something else."""

COLUMNS = (
    Column("laser_power_percent", "Float32", "%", "Power of the laser.", "same"),
    Column("detector_gain", "Float32", "V", "Voltage of the detector.", "same"),
    Column("scan_mode", "String", "", "How the field was scanned.", "same"),
)

KEYS: dict[str, Callable[[str], object]] = {
    "laser_power_percent": float,
    "detector_gain": float,
    "scan_mode": str,
    "exposure_s": float,  # the last two are columns that every table has
    "instrument": str,
}


@loader("acq", extensions=("acq",), columns=COLUMNS)
def acq(ref: ImageRef, limit: int) -> Iterator[Image]:
    """Lines of ``key=value``, the last line ``end``; a file without that line is partial."""
    lines = _lines(ref)
    settings = dict(_pair(ref, line) for line in lines if line != "end")
    cut = None if lines[-1] == "end" else "the last line is not 'end'; the file is cut"
    yield Image(replace(ref, loader="acq"), axes="", shape=(), dtype=None, partial=cut, metadata=settings)


def _lines(ref: ImageRef) -> list[str]:
    if ref.size_bytes > LARGEST:
        raise UnreadableError(ref.path, "acq", f"{ref.size_bytes:,} bytes; settings have at most {LARGEST:,}")
    try:
        text = Path(ref.uri).read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise UnreadableError(ref.path, "acq", "not text in UTF-8") from error
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines:
        raise UnreadableError(ref.path, "acq", "the file is empty")
    return lines


def _pair(ref: ImageRef, line: str) -> tuple[str, object]:
    key, equals, value = (part.strip() for part in line.partition("="))
    if not equals:
        raise UnreadableError(ref.path, "acq", f"expected key=value, found {line[:40]!r}")
    try:
        return key, KEYS.get(key, str)(value)
    except ValueError as error:
        raise UnreadableError(ref.path, "acq", f"{key} should be a number, found {value!r}") from error
