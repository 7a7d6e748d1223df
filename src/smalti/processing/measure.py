"""One image to rows: every plane measured, histograms and thumbnails kept aside."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import imagecodecs
import numpy as np
import polars as pl

from smalti.core.axes import PlaneIndex
from smalti.core.errors import TooLargeError
from smalti.core.image import Image
from smalti.kernels.accumulators import Accumulated
from smalti.kernels.bins import bins
from smalti.processing.budget import Budget
from smalti.processing.frames import Rows, reason, together
from smalti.processing.glimpses import Glimpses
from smalti.processing.metric_set import MetricSet
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

    Parameters
    ----------
    image
        Open: its loader is suspended.
    metrics
        What to measure.
    budget, limit
        Memory shared by all workers; bytes one plane may take.
    beat
        Called after each plane, so that a slow image is told from one that hangs.

    Raises
    ------
    TooLargeError
        One plane, as declared, is above `limit`.
    """
    measured, glimpses = Measured(), Glimpses(image, metrics.wants_of_images)
    if metrics.wants and image.n_planes:
        if image.plane_bytes > limit:
            raise TooLargeError(image.plane_bytes, limit)
        shown = _shown_planes(image)
        for index in image.planes():
            with budget.hold(2 * image.plane_bytes, beat):
                _measure_plane(image, index, index in shown, metrics, measured, glimpses)
            beat()
    if metrics.of_images and (len(measured.planes) or not image.n_planes):
        planes = partial(together, [measured.planes], metrics.planes_table)
        measured.image_values, trouble = metrics.measure_whole(image, planes, glimpses)
        measured.trouble = measured.trouble or trouble
    return measured


def _measure_plane(
    image: Image,
    index: PlaneIndex,
    shown: bool,
    metrics: MetricSet,
    into: Measured,
    glimpses: Glimpses,
) -> None:
    from smalti.kernels.measure import accumulate  # brings numba, which the driver does without

    try:
        plane = read_plane(image, index)
    except MemoryError:
        into.errors.append(f"{where(image, index)}: not enough memory for {image.plane_bytes:,} bytes")
        return
    except Exception as error:  # a reader may raise anything; the plane is lost, not the image
        into.errors.append(f"{where(image, index)}: {reason(error)}")
        return
    sums = accumulate(plane, metrics.wants, image.samples)
    values, trouble = metrics.measure(plane, sums)
    key = (image.ref.image_id, *index)
    into.trouble = into.trouble or trouble
    into.planes.add([*key, *values], metrics.planes_table)
    _keep(key, sums, shown, into)
    if sums.thumbnail is not None:
        glimpses.see(index, sums.thumbnail.pixels)


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
