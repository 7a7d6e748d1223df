"""Small planes of one shape and type wait for each other, and are measured many at once.

Measuring a tiny plane alone costs some hundred calls of Python, however few its pixels are.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from smalti.kernels.several import Several
from smalti.processing.growing import Sheets
from smalti.processing.metric_set import MetricSet
from smalti.processing.plane import Plane, histogram_rows, thumbnail_rows

__all__ = ["Gatherer"]

WAITING_BYTES = 16 << 20
"""Room for pixels that wait in one gatherer, at most, beside the group that grows: a hundred shapes in a
folder would make a hundred groups."""


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
        before = group.room.nbytes
        try:
            group.add(plane, pixels)
        except MemoryError:  # that would be for others; there may be enough for this one
            self._measure([plane], pixels[None], samples)
            return
        self._n_bytes += group.room.nbytes - before
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
        histograms = several.histogram and histogram_rows(numbers, *keys, several.histogram)
        thumbnails = several.thumbnail and thumbnail_rows(planes, several.thumbnail)
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
        of = planes[0].of
        of.beat()  # of a group, so that a crash is laid to one of its own files
        if len(planes) > 1:
            try:
                self._together(planes, pixels, samples)
            except Exception:  # whatever it is, it comes again below, when the guilty one is alone
                for at, plane in enumerate(planes):
                    self._measure([plane], pixels[at : at + 1], samples)
            return
        try:
            self._together(planes, pixels, samples)
        except Exception as error:  # said in the row of this image
            of.failed = of.failed or error

    def _together(self, planes: Sequence[Plane], pixels: np.ndarray, samples: str) -> None:
        from smalti.kernels.measure import accumulate_many  # brings numba, as above

        self.take(planes, pixels, accumulate_many(pixels, self._metrics.wants, samples))


def _room(group: _Group) -> int:
    return group.room.nbytes


def _look(planes: Sequence[Plane], pixels: np.ndarray) -> None:
    """Show thumbnails to those who keep something of them."""
    for plane, each in zip(planes, pixels, strict=True):
        if plane.of.glimpses is not None:
            plane.of.glimpses.see(plane.index, each)
