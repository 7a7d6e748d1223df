"""Small planes of one shape and type wait for each other, and are measured many at once.

Measuring a tiny plane alone costs some hundred calls of Python, however few its pixels are.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import compress
from typing import Any

import imagecodecs
import numpy as np

from smalti.core.axes import PlaneIndex
from smalti.kernels.accumulators import Histograms, Several, Thumbnail
from smalti.processing.frames import Ragged, Values
from smalti.processing.glimpses import Glimpses
from smalti.processing.growing import Sheets
from smalti.processing.metric_set import MetricSet

__all__ = ["Gatherer", "Measured", "Plane"]

WAITING_BYTES = 16 << 20
"""Room for pixels that wait in one gatherer, at most, beside the group that grows: a hundred shapes in a
folder would make a hundred groups."""

JPEG_QUALITY = 90
"""64² costs 13 µs as JPEG, 116 µs as PNG, 383 µs as WebP."""


@dataclass(slots=True)
class Measured:
    """What measuring one image gives; complete when none of its planes waits any more.

    Parameters
    ----------
    image_id
        Of the image.
    beat
        Says that its file is being worked on.
    glimpses
        To be shown its planes; None when nobody asks for that.
    sheets
        Tables of its planes; None when they stand among those of other images.
    n_planes
        Measured so far.
    failed
        What kept a plane from being measured that could be read: a fault of ours, or too little memory.
    """

    image_id: str = ""
    beat: Callable[[], None] = lambda: None
    glimpses: Glimpses | None = None
    sheets: Sheets | None = None
    n_planes: int = 0
    image_values: list[Any] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    trouble: str | None = None
    failed: Exception | None = None


@dataclass(slots=True)
class Plane:
    """A plane that was read.

    Parameters
    ----------
    of
        Its image.
    index
        Its place there.
    number
        Its place in the tables.
    shown
        Whether its thumbnail is kept.
    """

    of: Measured
    index: PlaneIndex
    number: int
    shown: bool


@dataclass(slots=True)
class _Group:
    """Planes of one shape and type that wait side by side, and how many are worth waiting for."""

    samples: str
    most: int
    planes: list[Plane] = field(default_factory=list)
    room: np.ndarray = field(default_factory=lambda: np.empty(0, np.uint8))

    def add(self, plane: Plane, pixels: np.ndarray) -> None:
        """Copy them: their loader may close, or use the memory again. Room for all is made for the second."""
        n = len(self.planes)
        if n >= len(self.room):
            waiting = self.room
            self.room = np.empty((self.most if n else 1, *pixels.shape), pixels.dtype)
            self.room[:n] = waiting if n else 0
        self.room[n] = pixels
        self.planes.append(plane)


class Gatherer:
    """Measures planes, small ones in groups.

    Parameters
    ----------
    metrics
        What to measure.
    """

    def __init__(self, metrics: MetricSet) -> None:
        self.sheets = Sheets(metrics.planes_table)
        self._metrics = metrics
        self._groups: dict[tuple[tuple[int, ...], np.dtype, str], _Group] = {}
        self._n_bytes = 0

    def add(self, plane: Plane, pixels: np.ndarray, samples: str, at_once: bool) -> None:
        """Measure a plane now, `at_once` or when it is large; else together with others, by `flush` at last.

        Where that fails, its image says so in `Measured.failed`.

        Raises
        ------
        TypeError, ValueError
            There is no measuring pixels of this type, or with these `samples` (see `Image.samples`).
        """
        key = pixels.shape, pixels.dtype, samples
        group = self._groups.get(key)
        if group is None:
            group = self._groups[key] = _Group(samples, self._worth(*key))
        if at_once or group.most == 1:
            self._measure([plane], pixels[None], samples)
            return
        self._n_bytes -= group.room.nbytes
        group.add(plane, pixels)
        self._n_bytes += group.room.nbytes
        if len(group.planes) >= group.most:
            self._flush(group)
        elif self._n_bytes - group.room.nbytes > WAITING_BYTES:
            largest = max((other for other in self._groups.values() if other is not group), key=_room)
            self._flush(largest)
            self._n_bytes -= largest.room.nbytes
            largest.room = largest.room[:0].copy()

    def flush(self) -> None:
        """Measure what waits."""
        for group in self._groups.values():
            self._flush(group)

    def take(self, planes: Sequence[Plane], pixels: np.ndarray | None, several: Several) -> None:
        """Write down what metrics say of planes; nothing at all when anything of that fails.

        Parameters
        ----------
        planes
            Of one shape and type.
        pixels
            Theirs, (N, Y, X) or (N, Y, X, S); None where they are never held whole.
        several
            Their sums.
        """
        beats = [plane.of.beat for plane in planes]
        values, troubles = self._metrics.measure_many(pixels, several, beats)
        numbers = np.array([plane.number for plane in planes])
        keys = [plane.of.image_id for plane in planes], np.array([plane.index for plane in planes])
        histograms = several.histogram and _histograms(numbers, *keys, several.histogram)
        thumbnails = several.thumbnail and _thumbnails(planes, several.thumbnail)
        if several.thumbnail:
            _look(planes, several.thumbnail.pixels)
        self.sheets.planes.add(numbers, [keys[0], *keys[1].T, *values])
        if histograms:
            self.sheets.histograms.add(*histograms)
        if thumbnails:
            self.sheets.thumbnails.add(*thumbnails)
        for plane in planes:
            plane.of.n_planes += 1
        for at, why in troubles.items():
            planes[at].of.trouble = planes[at].of.trouble or why

    def _worth(self, shape: tuple[int, ...], dtype: np.dtype, samples: str) -> int:
        from smalti.kernels.layout import Layout
        from smalti.kernels.measure import planes_at_once  # brings numba, which the driver does without

        return planes_at_once(Layout.of(shape, dtype, samples))

    def _flush(self, group: _Group) -> None:
        planes, group.planes = group.planes, []
        if planes:
            self._measure(planes, group.room[: len(planes)], group.samples)

    def _measure(self, planes: list[Plane], pixels: np.ndarray, samples: str) -> None:
        """Measure planes of one shape and type; if that fails, one by one, to see whose fault it is."""
        if len(planes) > 1:
            try:
                self._together(planes, pixels, samples)
            except Exception:  # whatever it is, it comes again below, when the guilty one is alone
                for at, plane in enumerate(planes):
                    self._measure([plane], pixels[at : at + 1], samples)
            return
        of = planes[0].of
        of.beat()
        try:
            self._together(planes, pixels, samples)
        except Exception as error:  # said in the row of this image
            of.failed = of.failed or error

    def _together(self, planes: Sequence[Plane], pixels: np.ndarray, samples: str) -> None:
        from smalti.kernels.measure import accumulate_many  # brings numba, as above

        self.take(planes, pixels, accumulate_many(pixels, self._metrics.wants, samples))


def _room(group: _Group) -> int:
    return group.room.nbytes


def _histograms(
    numbers: np.ndarray, ids: list[str], index: np.ndarray, histograms: Histograms
) -> tuple[np.ndarray, list[Values]]:
    """Rows of those planes that have a finite sample."""
    from smalti.kernels.bins import bins_of_many

    found = bins_of_many(histograms)
    sizes = np.diff(found.starts)
    some = sizes > 0
    if not some.all():
        numbers, ids, index = numbers[some], list(compress(ids, some)), index[some]
    return numbers, [ids, *index.T, found.low[some], found.width[some], Ragged(found.counts, sizes[some])]


def _thumbnails(
    planes: Sequence[Plane], thumbnails: Thumbnail[np.ndarray, np.ndarray]
) -> tuple[np.ndarray, list[Values]] | None:
    """Rows of those planes that are shown."""
    from smalti.kernels.thumbnail import to_uint8

    shown = [at for at, plane in enumerate(planes) if plane.shown]
    if not shown:
        return None
    fields = (thumbnails.pixels, thumbnails.low, thumbnails.high, thumbnails.dhash, thumbnails.phash)
    chosen = Thumbnail(*(part[shown] for part in fields))
    jpegs = [bytes(imagecodecs.jpeg8_encode(each, level=JPEG_QUALITY)) for each in to_uint8(chosen)]
    height, width = chosen.pixels.shape[1:3]
    sizes = (np.full(len(shown), size) for size in (width, height))
    keys = [planes[at].of.image_id for at in shown], np.array([planes[at].index.c for at in shown])
    numbers = np.array([planes[at].number for at in shown])
    return numbers, [*keys, *sizes, chosen.low, chosen.high, jpegs]


def _look(planes: Sequence[Plane], pixels: np.ndarray) -> None:
    """Show thumbnails to those who keep something of them."""
    for plane, each in zip(planes, pixels, strict=True):
        if plane.of.glimpses is not None:
            plane.of.glimpses.see(plane.index, each)
