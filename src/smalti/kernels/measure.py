"""The one door to the kernels: from a plane of pixels to what metrics ask for."""

from collections.abc import Iterable

import numpy as np

from smalti.kernels.accumulators import Accumulated
from smalti.kernels.cells import CellSums
from smalti.kernels.colour import ColourSums
from smalti.kernels.deviation import median_deviation
from smalti.kernels.digest import Digest
from smalti.kernels.encoding import Encoding
from smalti.kernels.layout import Layout, native, row_strips
from smalti.kernels.luma import Luma
from smalti.kernels.neighbours import NeighbourSums
from smalti.kernels.ringing import ringing_of_many
from smalti.kernels.scanlines import undo_filters
from smalti.kernels.spectrum import SpectrumSums
from smalti.kernels.thumbnail import ThumbnailSums
from smalti.kernels.values import ValueSums

__all__ = ["PlaneSums", "accumulate", "warm"]

EVERYTHING = frozenset(
    {"moments", "histogram", "stencil", "profiles", "cells", "colour", "thumbnail", "spectrum", "digest"}
)


def accumulate(plane: np.ndarray, wants: frozenset[str], samples: str = "") -> Accumulated:
    """Measure one plane; safe to call from several threads, which run side by side.

    Parameters
    ----------
    plane
        (Y, X) or (Y, X, S): booleans, integers, floats or complex numbers, in any byte order and strides.
    wants
        Names of accumulators (`smalti.core.plugin.PLANE_NEEDS`); only these are computed. ``"plane"`` is
        the caller's to pass on.
    samples
        One letter per sample along S, as `Image.samples`; ``A`` is alpha and left out.

    Raises
    ------
    ValueError
        The axes or samples do not fit.
    TypeError
        The type holds no numbers.
    """
    layout = Layout.of(plane.shape, plane.dtype, samples)
    with np.errstate(over="ignore", invalid="ignore"):  # sums beyond float64 become Inf or NaN, and null
        sums = PlaneSums(layout, Encoding.of(layout, row_strips(plane, layout)), wants)
        for rows in row_strips(plane, layout):
            sums.add(rows)
        return sums.result()


class PlaneSums:
    """Sums over one plane that is given strip by strip, top to bottom.

    Parameters
    ----------
    layout
        What the plane looks like.
    encoding
        What a first pass over the same strips found.
    wants
        Names of accumulators.
    """

    def __init__(self, layout: Layout, encoding: Encoding, wants: frozenset[str]) -> None:
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
        self._spectrum = SpectrumSums(layout) if "spectrum" in wants else None
        self._digest = Digest(layout) if "digest" in wants else None
        self._luma = Luma(layout)

    def add(self, rows: np.ndarray) -> None:
        """Add the next rows, (n, X) or (n, X, S) with n at most `Layout.strip_rows`."""
        if self._digest:
            self._digest.add(rows)
        codes = self._encoding.encode(native(self._layout.colours(rows)), self._luma.room(len(rows)))
        block, halo = self._luma.next(codes)
        luma = block[halo:]
        if self._values:
            self._values.add(codes)
        if self._neighbours:
            self._neighbours.add(block, halo)
        if self._cells:
            self._cells.add(block, halo)
        if self._colour:
            self._colour.add(codes)
        if self._thumbnail:
            self._thumbnail.add(codes if self._layout.rgb else luma)
        if self._spectrum:
            self._spectrum.add(luma)

    def result(self) -> Accumulated:
        """Finish all that was asked for."""
        moments, histogram = self._values.result() if self._values else (None, None)
        neighbours, wants = self._neighbours, self._wants
        return Accumulated(
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
    """Compile, or load from numba's cache, the loops that planes of these types need, grey and RGB."""
    for dtype in dtypes:
        for shape, samples in (((16, 16), ""), ((16, 16, 3), "RGB")):
            plane = np.arange(np.prod(shape)).reshape(shape).astype(dtype)
            found = accumulate(plane, EVERYTHING, samples)
            if plane.dtype.kind == "f":
                plane[0, 0] = np.nan
                accumulate(plane, EVERYTHING, samples)
            if found.histogram:
                median_deviation(found.histogram, 0.0)
    ringing_of_many(np.eye(16)[None], np.array([0.5]))
    undo_filters(np.zeros((1, 2), np.uint8), 1, np.zeros((1, 1), np.uint8))
