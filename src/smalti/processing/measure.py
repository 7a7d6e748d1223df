"""One image: all its planes read, and measured at once or with others of their kind."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import count

import numpy as np

from smalti.core.axes import STACK_AXES, PlaneIndex
from smalti.core.image import Image
from smalti.processing.budget import Budget
from smalti.processing.by_rows import measure_box, planes_in
from smalti.processing.frames import reason
from smalti.processing.gather import Gatherer
from smalti.processing.glimpses import Glimpses
from smalti.processing.growing import joined
from smalti.processing.metric_set import MetricSet
from smalti.processing.plane import Measured, Plane
from smalti.processing.reading import WHOLE_BYTES, Box, Reading, boxes, choose_reading

__all__ = ["Batch", "measure_image", "read_plane"]


_NO_STACK = str.maketrans("", "", STACK_AXES)


@dataclass(frozen=True, slots=True)
class Batch:
    """What the images of a batch share.

    Parameters
    ----------
    metrics
        What to measure.
    budget, limit
        Memory shared by all workers; bytes that a plane, or what is read of it at once, may take.
    gatherer
        Of the planes that may be measured after their image is closed.
    numbers
        Gives each plane its place in the tables.
    """

    metrics: MetricSet
    budget: Budget
    limit: int
    gatherer: Gatherer
    numbers: Iterator[int] = field(default_factory=count)

    @classmethod
    def of(cls, metrics: MetricSet, budget: Budget, limit: int) -> "Batch":
        """A new one."""
        return cls(metrics, budget, limit, Gatherer(metrics))


def measure_image(image: Image, batch: Batch, beat: Callable[[], None]) -> Measured:
    """Measure all planes of an image; a plane that cannot be read costs itself only.

    Planes too large for the limit, or for comfort, are read by rows; of these, metrics that ask for the whole
    plane have no value. An image of a single plane that no metric of images looks at may be left with its
    plane waiting in the batch's gatherer.

    Parameters
    ----------
    image
        Open: its loader is suspended.
    beat
        Called after each read, so that a slow image is told from one that hangs.

    Raises
    ------
    TooLargeError
        One plane, as declared, is above the limit and cannot be read in parts.
    Exception
        A plane that was read could not be measured.
    """
    if image.n_planes == 1 and batch.metrics.leaves_out_single_planes:
        measured = Measured(image.ref.image_id, beat)
        measured.image_values = batch.metrics.no_image_values
        _measure_planes(image, batch, batch.gatherer, measured)
        return measured
    return _measure_within(image, batch, beat)


def _measure_within(image: Image, batch: Batch, beat: Callable[[], None]) -> Measured:
    """Measure an image with all of its planes, and then as a whole, before its loader goes on."""
    metrics, gatherer = batch.metrics, Gatherer(batch.metrics)
    glimpses = Glimpses(image, metrics.asked_of(image.sizes))
    measured = Measured(image.ref.image_id, beat, glimpses if glimpses.looks else None, gatherer.sheets)
    if image.n_planes:
        _measure_planes(image, batch, gatherer, measured)
        gatherer.flush()
        _check(measured)
    if metrics.of_images and (measured.n_planes or not image.n_planes):
        planes = partial(joined, [gatherer.sheets.planes])
        measured.image_values, trouble = metrics.measure_whole(image, planes, glimpses)
        measured.trouble = measured.trouble or trouble
    return measured


def _measure_planes(image: Image, batch: Batch, gatherer: Gatherer, into: Measured) -> None:
    if batch.metrics.wants:
        _Work(image, batch, gatherer, into).measure_all()


def _check(measured: Measured) -> None:
    if measured.failed is not None:
        raise measured.failed


@dataclass(frozen=True, slots=True)
class _Work:
    """The planes of one image on their way to be measured."""

    image: Image
    batch: Batch
    gatherer: Gatherer
    into: Measured

    def measure_all(self) -> None:
        """Read and measure, or leave to be measured."""
        image, limit = self.image, self.batch.limit
        n_bytes = image.plane_bytes
        if image.n_planes == 1 and n_bytes <= min(limit, WHOLE_BYTES):  # nearly all images, which may be tiny
            self._measure_whole([PlaneIndex(0, 0, 0)], 0, 2 * n_bytes)
            return
        reading, middle = choose_reading(image, self.batch.metrics.wants, limit), image.sizes["Z"] // 2
        if reading.whole:
            self._measure_whole(image.planes(), middle, reading.n_bytes)
            return
        for box in boxes(image, reading):
            with self.batch.budget.hold(reading.n_bytes, self.into.beat):
                self._measure_by_rows(box, reading, middle)
            self.into.beat()

    def _measure_whole(self, planes: Iterable[PlaneIndex], middle: int, n_bytes: int) -> None:
        """Read planes one by one; where that takes much memory, none is left to wait."""
        budget, beat = self.batch.budget, self.into.beat
        at_once = budget.counts(n_bytes)
        for index in planes:
            with budget.hold(n_bytes, beat):
                self._measure_plane(index, index.t == 0 and index.z == middle, at_once)
            _check(self.into)
            beat()

    def _measure_plane(self, index: PlaneIndex, shown: bool, at_once: bool) -> None:
        try:
            pixels = read_plane(self.image, index)
        except Exception as error:  # a reader may raise anything; the plane is lost, not the image
            self._lose([index], error, self.image.plane_bytes)
            return
        plane = Plane(self.into, index, next(self.batch.numbers), shown)
        self.gatherer.add(plane, pixels, self.image.samples, at_once)

    def _measure_by_rows(self, box: Box, reading: Reading, middle: int) -> None:
        """Measure planes as their rows are read; a block that cannot be read costs all that lie in it."""
        waiting, beat = planes_in(box), self.into.beat
        try:
            for sums in measure_box(self.image, box, reading, self.batch.metrics.wants, beat):
                index = waiting[0]
                shown = index.t == 0 and index.z == middle
                self.gatherer.take([Plane(self.into, index, next(self.batch.numbers), shown)], None, sums)
                waiting.pop(0)
                beat()
        except Exception as error:  # as above
            self._lose(waiting, error, reading.n_bytes)
        self.into.trouble = self.into.trouble or self.batch.metrics.trouble_without_plane

    def _lose(self, indices: Sequence[PlaneIndex], error: Exception, n_bytes: int) -> None:
        """Say why planes could not be read."""
        said = f"not enough memory for {n_bytes:,} bytes" if isinstance(error, MemoryError) else reason(error)
        self.into.errors.extend(f"{where(self.image, index)}: {said}" for index in indices)


def read_plane(image: Image, index: PlaneIndex) -> np.ndarray:
    """One plane as (Y, X) or (Y, X, S), whatever the stored order of its axes."""
    plane = image.read(t=index.t, c=index.c, z=index.z)
    axes = image.axes.translate(_NO_STACK)
    wanted = "YXS" if "S" in axes else "YX"
    return plane if axes == wanted else plane.transpose([axes.index(axis) for axis in wanted])


def where(image: Image, index: PlaneIndex) -> str:
    """Which plane, in words: ``"plane t=0 c=1 z=4"``; just ``"pixels"`` when there is only one."""
    picked = " ".join(
        f"{axis.lower()}={at}" for axis, at in zip("TCZ", index, strict=True) if axis in image.axes
    )
    return f"plane {picked}" if picked else "pixels"
