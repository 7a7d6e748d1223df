"""AVI, MP4, MOV, Matroska, WebM, MPEG and WMV by PyAV (FFmpeg): frames are T, decoded when asked for."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

import numpy as np

from smalti.core.image import Image, ImageRef
from smalti.core.plugin import loader
from smalti.loaders._content import BrokenFileError, head_of, starts_with
from smalti.loaders._film import Film
from smalti.loaders._film_index import Index, index_of, open_video
from smalti.loaders._matroska import missing_of_segment
from smalti.loaders._runs import missing_bytes
from smalti.loaders._size import refuse_larger, selected_bytes
from smalti.loaders._small import open_file

__all__ = ["video"]

_MATROSKA, _ASF, _FLASH = b"\x1a\x45\xdf\xa3", b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", b"FLV\x01"
_PROGRAM, _ELEMENTARY = b"\0\0\1\xba", b"\0\0\1\xb3"
_BOXES = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")
_FILMS = (
    b"qt  ",
    b"isom",
    b"iso2",
    b"iso4",
    b"iso5",
    b"iso6",
    b"mp41",
    b"mp42",
    b"M4V ",
    b"avc1",
    b"3gp4",
    b"3gp5",
)
"""Brands of the box ``ftyp`` that are films; AVIF, HEIC and raw photographs have others."""

_STEADY = 0.01
_FINE_CLOCK = 0.1
"""A clock that ticks ten times a frame or more may round a steady interval by a tick."""


@loader(
    "video",
    extensions=("avi", "mp4", "mov", "mkv", "webm", "mpg", "mpeg", "m4v", "wmv", "asf", "flv", "3gp"),
    magic=(_MATROSKA, _ASF, _FLASH, _PROGRAM, _ELEMENTARY),
    magic_at=((8, b"AVI "), *((4, b"ftyp" + brand) for brand in _FILMS)),
)
def video(ref: ImageRef, limit: int) -> Iterator[Image]:
    """The first video stream, 8-bit RGB whatever it is stored as; sound and subtitles are left out.

    The interval of frames is stated where all agree within 1 %; else their mean rate and the shortest and
    longest interval stand in the metadata. Rotation for display is not applied.
    """
    form = _form(head_of(ref.uri))
    with closing(open_video(ref.uri, form)) as container:
        stream = container.streams.video[0]
        shape = (stream.height, stream.width, 3)
        refuse_larger(int(np.prod(shape, dtype=object)), limit, "one frame")
        index = index_of(container)
        clock = float(stream.time_base or 0)
        about = _metadata(container, form) | _rates(index, clock)
        taken = _taken(container.metadata | stream.metadata)
    if not index.n or not all(shape):
        raise BrokenFileError(f"the {form} container declares video and holds no frame of it")
    with closing(Film(ref.uri, form, index)) as film:
        yield Image(
            ref=replace(ref, series=0),
            axes="TYXS",
            shape=(index.n, *shape),
            dtype=np.dtype(np.uint8),
            pixels=partial(_read, film, shape, limit),
            samples="RGB",
            time_interval_s=_interval(index, clock),
            acquired_at=taken,
            partial=_missing(ref.uri, form, index),
            metadata=about,
        )


def _form(head: bytes) -> str:
    """FFmpeg's name of the container by its first bytes; nothing else is then tried on it."""
    if head.startswith(b"RIFF") and head[8:12] == b"AVI ":
        return "avi"
    if head[4:8] in _BOXES:
        return "mov"
    starts = {_MATROSKA: "matroska", _ASF: "asf", _FLASH: "flv", _PROGRAM: "mpeg", _ELEMENTARY: "mpegvideo"}
    for magic, form in starts.items():
        if head.startswith(magic):
            return form
    raise BrokenFileError(f"no AVI, MP4, MOV, Matroska, MPEG, ASF or FLV container; {starts_with(head)}")


def _missing(path: str, form: str, index: Index) -> str | None:
    """What the file lacks of what its container declares; None also where the container declares nothing."""
    if index.n < index.declared:
        return f"the file holds {index.n:,} of the {index.declared:,} frames it declares; it is cut"
    if form == "matroska":
        return missing_of_segment(path)
    if form == "avi":
        with open_file(path) as file:
            declared = int.from_bytes(file.read(8)[4:], "little") + 8
            return missing_bytes(file, 0, declared)
    return None


def _steps(index: Index, clock: float) -> np.ndarray:
    """Seconds from each frame to the next; empty where they are not known."""
    return np.diff(np.array(index.times or (), np.int64)) * clock


def _interval(index: Index, clock: float) -> float | None:
    steps = _steps(index, clock)
    if not steps.size:
        return None
    mean = float(steps.mean())
    allowed = max(_STEADY * mean, clock if clock <= _FINE_CLOCK * mean else 0.0)
    return mean if np.abs(steps - mean).max() <= allowed else None


def _rates(index: Index, clock: float) -> dict[str, object]:
    steps = _steps(index, clock)
    if not steps.size:
        return {}
    rates: dict[str, object] = {"frame_rate_mean": 1 / float(steps.mean())}
    if _interval(index, clock) is None:
        rates |= {"frame_interval_min_s": float(steps.min()), "frame_interval_max_s": float(steps.max())}
    return rates


def _metadata(container: Any, form: str) -> dict[str, object]:
    stream, tags = container.streams.video[0], container.metadata
    names = {"matroska": "Matroska", "mpegvideo": "MPEG", "mov": "MP4"}
    quicktime = form == "mov" and tags.get("major_brand", "qt").strip() == "qt"
    stated = {
        "format": "QuickTime" if quicktime else names.get(form, form.upper()),
        "compression": stream.codec_context.name,
        "pixel_format": stream.codec_context.pix_fmt,
        "software": tags.get("encoder") or tags.get("software") or tags.get("ENCODER"),
    }
    return {key: value for key, value in stated.items() if value}


def _taken(tags: dict[str, str]) -> datetime | None:
    try:
        return datetime.fromisoformat(tags.get("creation_time", "")).replace(tzinfo=None)
    except ValueError:
        return None


def _read(
    film: Film, shape: tuple[int, ...], limit: int, index: tuple[int | slice, ...], level: int
) -> np.ndarray:
    refuse_larger(selected_bytes(index, np.dtype(np.uint8)), limit, "this region")
    time, *rest = index
    if isinstance(time, int):
        return _frame(film, time, shape)[tuple(rest)]
    picked = range(time.start, time.stop, time.step)
    read: np.ndarray | None = None
    for place, t in enumerate(picked):
        part = _frame(film, t, shape)[tuple(rest)]
        if read is None:
            read = np.empty((len(picked), *part.shape), part.dtype)
        read[place] = part
    assert read is not None  # no slice is empty
    return read


def _frame(film: Film, number: int, shape: tuple[int, ...]) -> np.ndarray:
    frame = film.frame(number)
    if frame.shape != shape:
        raise BrokenFileError(f"frame {number} has shape {frame.shape}, the container declares {shape}")
    return frame
