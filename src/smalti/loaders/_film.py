"""Frames of one video stream, forward or in any order, by PyAV."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from smalti.loaders._content import BrokenFileError
from smalti.loaders._film_index import Index, open_video

__all__ = ["Film"]


class _Numbered(NamedTuple):
    """A decoded frame; None where it is damaged."""

    number: int
    frame: Any


class Film:
    """Decodes one stream, in one thread; the last frame is kept.

    A frame that follows goes on decoding, another one starts at the key frame before it. Where frames
    cannot be told apart by their times they are counted from the first.

    Parameters
    ----------
    path, form
        See `open_video`.
    index
        What `index_of` found.
    """

    def __init__(self, path: str, form: str, index: Index) -> None:
        self._path, self._form, self._index = path, form, index
        self._times = index.times
        self._container: Any = None
        self._coming: Iterator[_Numbered] = iter(())
        self._current: _Numbered | None = None
        self._kept: tuple[int, np.ndarray] | None = None

    def close(self) -> None:
        """Close the file."""
        if self._container is not None:
            self._container.close()
        self._container, self._current, self._coming = None, None, iter(())

    def frame(self, number: int) -> np.ndarray:
        """uint8 (Y, X, 3): RGB.

        Raises
        ------
        BrokenFileError
            It, or a frame that it may be built on, is damaged.
        """
        if self._kept is None or self._kept[0] != number:
            self._kept = (number, self._decoded(number))
        return self._kept[1]

    def _decoded(self, number: int) -> np.ndarray:
        key = self._key_before(number)
        if self._current is None or not key <= self._current.number <= number:
            self._start(key)
            if key and (self._current is None or self._current.number > number):
                self._start(0)  # the container led to a later place, or its times are not those of frames
        while self._current is not None and self._current.number < number:
            self._current = next(self._coming, None)
        found = self._current
        if found is None or found.number != number or found.frame is None or number in self._index.damaged:
            raise BrokenFileError(f"frame {number}, or one that it is built on, is damaged")
        pixels: np.ndarray = found.frame.to_ndarray(format="rgb24")
        return pixels

    def _key_before(self, number: int) -> int:
        place = bisect_right(self._index.keys, number)
        return self._index.keys[place - 1] if place and self._times is not None else 0

    def _start(self, key: int) -> None:
        """Be at the first frame from a key frame on; 0 is the beginning of the file."""
        if key and self._container is not None:
            assert self._times is not None
            self._container.seek(self._times[key], stream=self._container.streams.video[0])
        else:
            self.close()
            self._container = open_video(self._path, self._form)
            codec = self._container.streams.video[0].codec_context
            codec.thread_count = 1
            codec.options = {
                "err_detect": "explode"
            }  # the default patches damaged blocks up and says nothing
        self._coming = self._walk(from_start=not key)
        self._current = next(self._coming, None)

    def _walk(self, from_start: bool) -> Iterator[_Numbered]:
        """Frames in display order; None for those that a damaged one may have gone into."""
        from av.error import FFmpegError

        container, count, trouble = self._container, 0, None
        for packet in container.demux(container.streams.video[0]):
            try:
                frames = packet.decode()
            except FFmpegError:
                trouble, count = packet.pts or 0, count + 1
                continue
            for frame in frames:
                if from_start and not count and self._place(frame.pts) is None:
                    self._times = None
                number = count if self._times is None else self._place(frame.pts)
                count += 1
                if frame.key_frame and trouble is not None and (frame.pts is None or frame.pts > trouble):
                    trouble = None
                if frame.is_corrupt:
                    trouble = frame.pts or 0
                if number is not None:
                    yield _Numbered(number, frame if trouble is None else None)

    def _place(self, time: int | None) -> int | None:
        if time is None or self._times is None:
            return None
        place = bisect_left(self._times, time)
        return place if place < len(self._times) and self._times[place] == time else None
