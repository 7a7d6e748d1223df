"""The one door to the kernels: from planes of pixels to what metrics ask for."""

from collections.abc import Iterable

import numpy as np

from smalti.kernels.accumulators import Accumulated
from smalti.kernels.cells import CellSums
from smalti.kernels.colour import ColourSums
from smalti.kernels.deviation import median_deviation_of_many
from smalti.kernels.digest import Digest
from smalti.kernels.encoding import Encoding
from smalti.kernels.layout import STRIP_SAMPLES, Layout, native, row_strips
from smalti.kernels.luma import HALO, Luma
from smalti.kernels.neighbours import NeighbourSums
from smalti.kernels.ringing import ringing_of_many
from smalti.kernels.scanlines import undo_filters
from smalti.kernels.several import Several
from smalti.kernels.spectrum import SpectrumSums
from smalti.kernels.threshold import otsu_of_many
from smalti.kernels.thumbnail import ThumbnailSums
from smalti.kernels.values import FEW_SAMPLES, ValueSums

__all__ = ["PlaneSums", "accumulate", "accumulate_many", "planes_at_once", "warm"]

EVERYTHING = frozenset(
    {"moments", "histogram", "stencil", "profiles", "cells", "colour", "thumbnail", "spectrum", "digest"}
)


def accumulate(plane: np.ndarray, wants: frozenset[str], samples: str = "") -> Accumulated:
    """Measure one plane, (Y, X) or (Y, X, S); see `accumulate_many`."""
    return accumulate_many(np.asarray(plane)[None], wants, samples).plane(0)


def accumulate_many(planes: np.ndarray, wants: frozenset[str], samples: str = "") -> Several:
    """Measure planes of one shape and type; safe to call from several threads, which run side by side.

    What is found of a plane does not depend on the others.

    Parameters
    ----------
    planes
        (N, Y, X) or (N, Y, X, S), one at least: booleans, integers, floats or complex numbers, in any byte
        order and strides. Integers of more than 16 bits go one by one. `planes_at_once` says how many pay.
    wants
        Names of accumulators (`smalti.core.plugin.PLANE_NEEDS`); only these are computed. ``"plane"`` is
        the caller's to pass on.
    samples
        One letter per sample along S, as `Image.samples`; ``A`` is alpha and left out.

    Raises
    ------
    ValueError
        The axes or samples do not fit, or N is not 1 for wide integers.
    TypeError
        The type holds no numbers.
    """
    layout, k = Layout.of(planes.shape[1:], planes.dtype, samples), len(planes)
    with np.errstate(over="ignore", invalid="ignore"):  # sums beyond float64 become Inf or NaN, and null
        encoding = Encoding.of(layout, k, row_strips(planes, layout, layout.strip_rows))
        sums = PlaneSums(layout, encoding, wants)
        for first in range(0, k, layout.side_by_side):
            part = planes[first : first + layout.side_by_side]
            for rows in row_strips(part, layout, layout.strip_rows):
                sums.add(rows, first)
        return sums.result()


MOST_SAMPLES = 128 * STRIP_SAMPLES
"""Of planes that are finished together: eight of 1024², which then take 12.5 ms each, not 13.5 as four do."""

ENOUGH = 16
"""Planes that share what their last steps cost, some 0.5 ms; tiny ones, which go side by side, are more."""


def planes_at_once(layout: Layout) -> int:
    """How many planes of a layout it pays to measure at once: tiny ones by the hundred, a large one alone."""
    if layout.dtype.kind in "iu" and layout.dtype.itemsize > 2:
        return 1
    most = MOST_SAMPLES // max(1, layout.n_samples)
    return max(1, min(most, max(ENOUGH, layout.side_by_side)))


class PlaneSums:
    """Sums over k planes of one layout that are given strip by strip, top to bottom; some side by side.

    Parameters
    ----------
    layout
        What each plane looks like.
    encoding
        What a first pass over the same strips found.
    wants
        Names of accumulators.
    """

    def __init__(self, layout: Layout, encoding: Encoding, wants: frozenset[str]) -> None:
        k = len(encoding.zero)
        self._done = [0] * k
        self._layout = layout
        self._encoding = encoding
        self._wants = wants
        self._values = (
            ValueSums(layout, encoding) if wants & {"moments", "histogram", "stencil", "thumbnail"} else None
        )
        self._neighbours = NeighbourSums(layout, encoding) if wants & {"stencil", "profiles"} else None
        self._cells = CellSums(layout, encoding) if "cells" in wants else None
        self._colour = ColourSums(encoding) if "colour" in wants and layout.rgb else None
        self._thumbnail = ThumbnailSums(layout, encoding) if "thumbnail" in wants else None
        self._spectrum = SpectrumSums(layout, k, min(k, layout.side_by_side)) if "spectrum" in wants else None
        self._digest = Digest(layout, k) if "digest" in wants else None
        self._luma = Luma(layout, k)

    def add(self, rows: np.ndarray, first: int = 0) -> None:
        """Add the next rows of the planes from `first` on, (m, n, X) or (m, n, X, S).

        At most `Layout.side_by_side` planes, always the same ones, and `Layout.strip_rows` rows.
        """
        part, top = slice(first, first + len(rows)), self._done[first]
        self._done[first] += rows.shape[1]
        if self._digest:
            self._digest.add(rows, part)
        room = self._luma.room(*rows.shape[:2])
        codes = self._encoding.encode(native(self._layout.colours(rows)), part, room)
        block = self._luma.next(codes, part)
        if self._values:
            self._values.add(codes, part)
        if self._neighbours:
            self._neighbours.add(block, part, top)
        if self._cells:
            self._cells.add(block, part, top)
        if self._colour:
            self._colour.add(codes, part)
        if self._thumbnail:
            self._thumbnail.add(*((codes, 0) if self._layout.rgb else (block, HALO)), part, top)
        if self._spectrum:
            self._spectrum.add(block, part, top)

    def result(self) -> Several:
        """Finish all that was asked for."""
        moments, histogram = self._values.result() if self._values else (None, None)
        neighbours, wants = self._neighbours, self._wants
        return Several(
            n=len(self._done),
            moments=moments if "moments" in wants else None,
            histogram=histogram if "histogram" in wants else None,
            stencil=neighbours.stencil(moments) if neighbours and moments and "stencil" in wants else None,
            profiles=neighbours.profiles() if neighbours and "profiles" in wants else None,
            cells=self._cells.result() if self._cells else None,
            colour=self._colour.result() if self._colour else None,
            thumbnail=self._thumbnail.result(histogram) if self._thumbnail and histogram else None,
            spectrum=self._spectrum.result() if self._spectrum else None,
            digest=self._digest.result() if self._digest else None,
        )


COMMON = ("uint8", "uint16", "float32")


def warm(dtypes: Iterable[str] = COMMON) -> None:
    """Compile, or load from numba's cache, the loops that planes of these types need, grey and RGB.

    The last one is too large for its places to be sorted.
    """
    for dtype in dtypes:
        for shape, samples in (((16, 16), ""), ((16, 16, 3), "RGB"), ((16, FEW_SAMPLES // 8), "")):
            planes = np.arange(np.prod(shape)).reshape(1, *shape).astype(dtype)
            found = accumulate_many(planes, EVERYTHING, samples)
            if planes.dtype.kind == "f":
                planes[0, 0, 0] = np.nan
                accumulate_many(planes, EVERYTHING, samples)
            if found.histogram:
                median_deviation_of_many(found.histogram, np.zeros(1))
                otsu_of_many(found.histogram)
    ringing_of_many(np.eye(16)[None], np.array([0.5]))
    undo_filters(np.zeros((1, 2), np.uint8), 1, np.zeros((1, 1), np.uint8))
