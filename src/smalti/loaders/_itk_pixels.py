"""Pixels that ITK reads, as the file holds them."""

import re
from math import prod
from typing import Any

import numpy as np

from smalti.core.image import SLAB_BYTES
from smalti.loaders._content import BrokenFileError
from smalti.loaders._size import refuse_larger

__all__ = ["ItkPixels", "gist"]


class ItkPixels:
    """The array behind a reader of ITK.

    Parameters
    ----------
    reader
        A ``SimpleITK.ImageFileReader`` whose image information was read.
    limit
        Bytes that one read may take.
    streams
        Whether it reads a part of a file without the rest; else all is read at once, and kept.
    stored
        Type of the samples in the file, where ITK gives another one; None where it gives them as they are.
    slope, intercept
        What ITK multiplied by and added; taken back, which is exact for the integers that are stored.

    Raises
    ------
    TooLargeError
        All is read at once, and declared larger than `limit`.
    """

    def __init__(
        self,
        reader: Any,
        limit: int,
        streams: bool,
        stored: np.dtype | None = None,
        slope: float = 1.0,
        intercept: float = 0.0,
    ) -> None:
        import SimpleITK

        given = SimpleITK.GetArrayViewFromImage(
            SimpleITK.Image((1, 1), reader.GetPixelID(), reader.GetNumberOfComponents())
        )
        self.shape = (*reader.GetSize()[::-1], *given.shape[2:])
        self.dtype = stored or given.dtype
        self.by_parts = streams and prod(self.shape) * given.itemsize > SLAB_BYTES
        self._reader = reader
        self._limit = limit
        self._itemsize = given.itemsize
        self._as_is = stored is None
        self._slope, self._intercept = slope, intercept
        self._kept: np.ndarray | None = None
        if not self.by_parts:
            refuse_larger(prod(self.shape) * given.itemsize, limit, "the volume, read at once")

    def read(self, index: tuple[int | slice, ...]) -> np.ndarray:
        """A region; `index` has one int or ascending slice per axis of `shape`."""
        if self.by_parts:
            return self._as_stored(self._part(index))
        if self._kept is None:
            self._kept = self._execute((0,) * len(self.shape), self.shape)
        return self._as_stored(self._kept[index])

    def _part(self, index: tuple[int | slice, ...]) -> np.ndarray:
        """The box around a region, and the region out of it."""
        spans = [range(i, i + 1) if isinstance(i, int) else range(i.start, i.stop, i.step) for i in index]
        starts, lengths = tuple(span[0] for span in spans), tuple(span[-1] + 1 - span[0] for span in spans)
        refuse_larger(prod(lengths) * self._itemsize, self._limit, "this region")
        box = self._execute(starts, lengths)
        return box[tuple(0 if isinstance(pick, int) else slice(None, None, pick.step) for pick in index)]

    def _execute(self, starts: tuple[int, ...], lengths: tuple[int, ...]) -> np.ndarray:
        import SimpleITK

        n_axes = self._reader.GetDimension()
        self._reader.SetExtractIndex(list(starts[:n_axes][::-1]))
        self._reader.SetExtractSize(list(lengths[:n_axes][::-1]))
        try:
            array: np.ndarray = SimpleITK.GetArrayFromImage(self._reader.Execute())
        except RuntimeError as error:
            raise BrokenFileError(gist(error)) from error
        return array[..., starts[-1] : starts[-1] + lengths[-1]] if len(starts) > n_axes else array

    def _as_stored(self, array: np.ndarray) -> np.ndarray:
        if self._as_is:
            return array
        if (self._slope, self._intercept) != (1.0, 0.0):
            array = np.rint((array.astype(np.float64) - self._intercept) / self._slope)
        return array.astype(self.dtype)


def gist(error: RuntimeError) -> str:
    """What ITK says, without the place in its sources and in memory."""
    said = " ".join(re.sub(r".*ITK ERROR: (\w+)\(0x\w+\): ", r"\1: ", str(error), flags=re.DOTALL).split())
    if said == "GDCMImageIO: Cannot read requested file":
        said += "; it is cut short, damaged, or an object of DICOM without pixels"
    return said
