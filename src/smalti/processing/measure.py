"""One image to rows: every plane measured, histograms and thumbnails kept aside."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import imagecodecs
import numpy as np
import polars as pl

from smalti.core.axes import PlaneIndex
from smalti.core.image import Image
from smalti.kernels.accumulators import Accumulated
from smalti.kernels.bins import bins
from smalti.processing.budget import Budget
from smalti.processing.by_rows import measure_box, planes_in
from smalti.processing.frames import Rows, reason, together
from smalti.processing.glimpses import Glimpses
from smalti.processing.metric_set import MetricSet
from smalti.processing.reading import Box, Reading, boxes, choose_reading
from smalti.table.schema import HISTOGRAM_COLUMNS

__all__ = ["Measured", "measure_image"]

JPEG_QUALITY = 90
"""64² costs 13 µs as JPEG, 116 µs as PNG, 383 µs as WebP."""


@dataclass
class Measured:
    """What measuring one image gave; rows are in the order of their columns."""

    planes: Rows = field(default_factory=Rows)
    histograms: Rows = field(default_factory=Rows)
    thumbnails: list[tuple[Any, ...]] = field(default_factory=list)
    image_values: list[Any] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    trouble: str | None = None


def measure_image(
    image: Image, metrics: MetricSet, budget: Budget, limit: int, beat: Callable[[], None]
) -> Measured:
    """Measure all planes of an image; a plane that cannot be read costs itself only.

    Planes too large for `limit`, or for comfort, are read by rows; of these, metrics that ask for the whole
    plane have no value.

    Parameters
    ----------
    image
        Open: its loader is suspended.
    metrics
        What to measure.
    budget, limit
        Memory shared by all workers; bytes that a plane, or what is read of it at once, may take.
    beat
        Called after each read, so that a slow image is told from one that hangs.

    Raises
    ------
    TooLargeError
        One plane, as declared, is above `limit` and cannot be read in parts.
    """
    measured, glimpses = Measured(), Glimpses(image, metrics.wants_of_images)
    if metrics.wants and image.n_planes:
        reading = choose_reading(image, metrics.wants, limit)
        work = _Work(image, metrics, reading, glimpses, measured, _shown_planes(image))
        for box in boxes(image, reading):
            with budget.hold(reading.n_bytes, beat):
                if reading.whole:
                    work.measure_plane(PlaneIndex(*(part.start for part in box)))
                else:
                    work.measure_by_rows(box, beat)
            beat()
    if metrics.of_images and (len(measured.planes) or not image.n_planes):
        planes = partial(together, [measured.planes], metrics.planes_table)
        measured.image_values, trouble = metrics.measure_whole(image, planes, glimpses)
        measured.trouble = measured.trouble or trouble
    return measured


@dataclass(frozen=True, slots=True)
class _Work:
    """The planes of one image on their way to rows."""

    image: Image
    metrics: MetricSet
    reading: Reading
    glimpses: Glimpses
    into: Measured
    shown: frozenset[PlaneIndex]

    def measure_plane(self, index: PlaneIndex) -> None:
        """Read a plane and measure it."""
        from smalti.kernels.measure import accumulate  # brings numba, which the driver does without

        try:
            plane = read_plane(self.image, index)
        except Exception as error:  # a reader may raise anything; the plane is lost, not the image
            self._lose([index], error, self.image.plane_bytes)
            return
        self._note(index, plane, accumulate(plane, self.metrics.wants, self.image.samples))

    def measure_by_rows(self, box: Box, beat: Callable[[], None]) -> None:
        """Measure planes as their rows are read; a block that cannot be read costs all that lie in it."""
        waiting = planes_in(box)
        try:
            for sums in measure_box(self.image, box, self.reading, self.metrics.wants, beat):
                self._note(waiting.pop(0), None, sums.plane(0))
                beat()
        except Exception as error:  # as above
            self._lose(waiting, error, self.reading.n_bytes)
        self.into.trouble = self.into.trouble or self.metrics.trouble_without_plane

    def _lose(self, indices: Sequence[PlaneIndex], error: Exception, n_bytes: int) -> None:
        """Say why planes could not be read."""
        said = f"not enough memory for {n_bytes:,} bytes" if isinstance(error, MemoryError) else reason(error)
        self.into.errors.extend(f"{where(self.image, index)}: {said}" for index in indices)

    def _note(self, index: PlaneIndex, plane: np.ndarray | None, sums: Accumulated) -> None:
        """Write down what metrics say of a plane."""
        values, trouble = self.metrics.measure(plane, sums)
        key = (self.image.ref.image_id, *index)
        self.into.trouble = self.into.trouble or trouble
        self.into.planes.add([*key, *values], self.metrics.planes_table)
        _keep(key, sums, index in self.shown, self.into)
        if sums.thumbnail is not None:
            self.glimpses.see(index, sums.thumbnail.pixels)


def _keep(key: tuple[Any, ...], sums: Accumulated, shown: bool, into: Measured) -> None:
    if sums.histogram is not None and sums.histogram.counts.size:
        stored = bins(sums.histogram)
        counts = pl.Series(stored.counts)  # 2 kB; as a list of Python's integers 16 (256 bins)
        into.histograms.add((*key, stored.low, stored.width, counts), HISTOGRAM_COLUMNS)
    if shown and sums.thumbnail is not None:
        from smalti.kernels.thumbnail import to_uint8

        small = to_uint8(sums.thumbnail)
        jpeg = bytes(imagecodecs.jpeg8_encode(small, level=JPEG_QUALITY))
        height, width = small.shape[:2]
        low, high = sums.thumbnail.low, sums.thumbnail.high
        into.thumbnails.append((key[0], key[2], width, height, low, high, jpeg))


def read_plane(image: Image, index: PlaneIndex) -> np.ndarray:
    """One plane as (Y, X) or (Y, X, S), whatever the stored order of its axes."""
    plane = image.read(t=index.t, c=index.c, z=index.z)
    axes = "".join(axis for axis in image.axes if axis in "YXS")
    wanted = "YXS" if "S" in axes else "YX"
    return plane if axes == wanted else plane.transpose([axes.index(axis) for axis in wanted])


def where(image: Image, index: PlaneIndex) -> str:
    """Which plane, in words: ``"plane t=0 c=1 z=4"``; just ``"pixels"`` when there is only one."""
    picked = " ".join(
        f"{axis.lower()}={at}" for axis, at in zip("TCZ", index, strict=True) if axis in image.axes
    )
    return f"plane {picked}" if picked else "pixels"


def _shown_planes(image: Image) -> frozenset[PlaneIndex]:
    """First frame, middle z, every channel."""
    length = image.sizes
    return frozenset(PlaneIndex(0, c, length["Z"] // 2) for c in range(length["C"]))
