"""A video container, and what its packets say of the frames before one is decoded, by PyAV."""

from array import array
from bisect import bisect_left
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from smalti.core.errors import MissingExtraError
from smalti.loaders._content import BrokenFileError

__all__ = ["Index", "index_of", "open_video"]

_PROTOCOLS = "file"
"""Playlists inside a container may not send the library to another place."""


@dataclass(frozen=True, slots=True)
class Index:
    """What the packets say, none of them decoded.

    Parameters
    ----------
    n
        Number of frames.
    times
        Of each frame, in display order and in units of the stream's time base; None where packets do not
        tell frames apart.
    keys
        Numbers of frames that decoding can start at.
    damaged
        Numbers of frames whose packet the container calls damaged.
    declared
        Number of frames that the file states; 0 when it states none.
    """

    n: int
    times: "array[int] | None"
    keys: "array[int]"
    damaged: frozenset[int]
    declared: int


def open_video(path: str, form: str) -> Any:
    """An open `av.container.InputContainer`, read as the container format `form` and as nothing else.

    Raises
    ------
    MissingExtraError
        PyAV is not installed.
    BrokenFileError
        It is no whole container of that format, or holds no video.
    """
    try:
        import av
    except ImportError as error:
        raise MissingExtraError("av", "video") from error
    try:
        container = av.open(path, format=form, options={"protocol_whitelist": _PROTOCOLS})
    except av.error.FFmpegError as error:
        said = error.strerror or type(error).__name__
        raise BrokenFileError(
            f"the {form} container cannot be read, as when its index is cut off: {said}"
        ) from error
    if not container.streams.video:
        container.close()
        raise BrokenFileError("the container holds no video")
    return container


def index_of(container: Any) -> Index:
    """Go through all packets of the first video stream, which reads the file once and decodes nothing."""
    stream = container.streams.video[0]
    times, keys, damaged, empty, n = array("q"), array("q"), array("q"), 0, 0
    known = True
    for packet in container.demux(stream):
        time = packet.pts
        if not packet.size:
            empty += packet.dts is not None
            continue
        if packet.is_discard:
            continue
        n += 1
        known = known and time is not None
        if known:
            times.append(time)
            keys.extend((time,) if packet.is_keyframe else ())
            damaged.extend((time,) if packet.is_corrupt else ())
    ordered = array("q", sorted(times))
    known = known and all(a != b for a, b in pairwise(ordered))
    declared = max(0, stream.frames - empty)
    if not known:
        return Index(n, None, array("q"), frozenset(), declared)
    numbers = [array("q", sorted(bisect_left(ordered, time) for time in some)) for some in (keys, damaged)]
    return Index(n, ordered, numbers[0], frozenset(numbers[1]), declared)
