"""What the tags of a DICOM file say; names and dates of patients are left where they are."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from itertools import pairwise
from math import isfinite

from smalti.core.units import micrometres
from smalti.loaders._about import About

__all__ = ["about_dicom", "frame_axis", "number", "transfer_syntax"]

Tags = Mapping[str, str]
"""Text by tag, as ``"0028|0030"``."""

_TEXTS = {
    "modality": "0008|0060",
    "photometric_interpretation": "0028|0004",
    "series_description": "0008|103e",
    "sop_class_uid": "0008|0016",
    "sop_instance_uid": "0008|0018",
    "series_uid": "0020|000e",
    "study_uid": "0020|000d",
    "image_type": "0008|0008",
    "software": "0018|1020",
}
_NUMBERS = {
    "significant_bits": "0028|0101",
    "rescale_slope": "0028|1053",
    "rescale_intercept": "0028|1052",
    "window_center": "0028|1050",
    "window_width": "0028|1051",
    "slice_thickness_mm": "0018|0050",
    "dose_grid_scaling": "3004|000e",
}
_TIMES = (("0008|002a", ""), ("0008|0022", "0008|0032"), ("0008|0023", "0008|0033"))
"""Acquired at; on which day and at what time; when the content was made."""

_PIXEL_SPACING, _ON_DETECTOR = "0028|0030", "0018|1164"
_FRAME_TIME, _OFFSETS = "0018|1063", "3004|000c"
_TIME_POINTERS = ("0018,1063", "0018,1065", "0018|1063", "0018|1065")

_SYNTAXES = {
    "1.2.840.10008.1.2": None,
    "1.2.840.10008.1.2.1": None,
    "1.2.840.10008.1.2.2": None,
    "1.2.840.10008.1.2.1.99": "deflate",
    "1.2.840.10008.1.2.4.50": "JPEG",
    "1.2.840.10008.1.2.4.51": "JPEG 12 bit",
    "1.2.840.10008.1.2.4.57": "JPEG lossless",
    "1.2.840.10008.1.2.4.70": "JPEG lossless",
    "1.2.840.10008.1.2.4.80": "JPEG-LS lossless",
    "1.2.840.10008.1.2.4.81": "JPEG-LS",
    "1.2.840.10008.1.2.4.90": "JPEG 2000 lossless",
    "1.2.840.10008.1.2.4.91": "JPEG 2000",
    "1.2.840.10008.1.2.5": "RLE",
}


def transfer_syntax(head: bytes) -> str | None:
    """How the pixels are stored, out of the first bytes: ``"RLE"``, a UID that is not known here, or None."""
    before, found, after = head.partition(b"\x02\x00\x10\x00UI")
    if not found or before[128:132] != b"DICM" or len(after) < 2:
        return None
    uid = after[2 : 2 + int.from_bytes(after[:2], "little")].rstrip(b"\0 ").decode("ascii", "replace")
    return _SYNTAXES.get(uid, uid)


def frame_axis(tags: Tags) -> str:
    """T where frames follow each other in time, as the frame increment pointer says; else Z."""
    return "T" if any(tag in tags.get("0028|0009", "") for tag in _TIME_POINTERS) else "Z"


def about_dicom(tags: Tags, spacing: tuple[float, ...], compression: str | None) -> About:
    """Pixel size, times and well-known facts; what is not stated is absent.

    Parameters
    ----------
    tags
        As SimpleITK hands them on: those of the top level, without sequences.
    spacing
        As ITK found it, x and y first, in mm; 1.0 where nothing is stated.
    compression
        From `transfer_syntax`.
    """
    facts: dict[str, object] = {"format": "DICOM"}
    if compression:
        facts["compression"] = compression
    facts |= {name: tags[tag] for name, tag in _TEXTS.items() if tags.get(tag)}
    values = {name: number(tags.get(tag)) for name, tag in _NUMBERS.items()}
    facts |= {name: value for name, value in values.items() if value is not None}
    if "significant_bits" in facts:
        facts["significant_bits"] = int(tags["0028|0101"])
    if maker := " ".join(filter(None, (tags.get("0008|0070"), tags.get("0008|1090")))):
        facts["instrument"] = maker
    if (exposure := number(tags.get("0018|1150"))) is not None:
        facts["exposure_s"] = exposure / 1000
    frame_time = number(tags.get(_FRAME_TIME)) if frame_axis(tags) == "T" else None
    return About(
        pixel_size_um=_pixel_size(tags, spacing),
        time_interval_s=frame_time / 1000 if frame_time else None,
        acquired_at=_acquired_at(tags),
        metadata=facts,
    )


def number(text: str | None) -> float | None:
    """The first of the numbers in a value; None when there is none."""
    with suppress(ValueError):
        value = float((text or "").split("\\")[0])
        return value if isfinite(value) else None
    return None


def _pixel_size(tags: Tags, spacing: tuple[float, ...]) -> dict[str, float]:
    """Of PixelSpacing (row and column, mm), and between slices; a slice's thickness is no distance.

    In files of many frames PixelSpacing stands in a sequence: what ITK found there is taken, unless it may be
    the 1.0 of nothing found, or ImagerPixelSpacing, which is a distance on the detector.
    """
    rows, _, columns = tags.get(_PIXEL_SPACING, "").partition("\\")
    if not rows and _ON_DETECTOR not in tags and spacing[:2] != (1.0, 1.0):
        columns, rows = map(str, spacing[:2])
    between = tags.get("0018|0088") or _between(tags.get(_OFFSETS, ""))
    sizes = {"X": micrometres(columns, "mm"), "Y": micrometres(rows, "mm"), "Z": micrometres(between, "mm")}
    return {axis: size for axis, size in sizes.items() if size}


def _between(offsets: str) -> float | None:
    """The step of a grid of frames, where it is one throughout."""
    try:
        places = [float(text) for text in offsets.split("\\")]
    except ValueError:
        return None
    steps = {round(b - a, 6) for a, b in pairwise(places)}
    return abs(steps.pop()) if len(steps) == 1 else None


def _acquired_at(tags: Tags) -> datetime | None:
    moments = (_moment(tags.get(day, ""), tags.get(time, "")) for day, time in _TIMES)
    return next(filter(None, moments), None)


def _moment(day: str, time: str) -> datetime | None:
    """``YYYYMMDDHHMMSS.FFFFFF`` in one text or two; later parts may be left out, but not the hour."""
    digits = (day + time).replace(".", "").replace(":", "")
    if len(digits) < len("YYYYMMDDHH"):
        return None
    with suppress(ValueError):
        return datetime.strptime(digits[:20].ljust(20, "0"), "%Y%m%d%H%M%S%f")
    return None
