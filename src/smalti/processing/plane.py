"""A plane that was read, and the image that it is of; what is kept of its looks."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import compress
from typing import Any

import imagecodecs
import numpy as np

from smalti.core.axes import PlaneIndex
from smalti.kernels.accumulators import Histograms, Thumbnail
from smalti.processing.frames import Ragged, Values
from smalti.processing.glimpses import Glimpses
from smalti.processing.growing import Sheets

__all__ = ["Measured", "Plane", "histogram_rows", "thumbnail_rows"]

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


def histogram_rows(
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


def thumbnail_rows(
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
