"""Thumbnails laid on sheets: one JPEG of many tiles, as the mosaic asks for them."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache, cached_property, partial
from math import ceil, isqrt
from threading import Lock
from weakref import WeakKeyDictionary

import imagecodecs
import numpy as np
import polars as pl
from PIL import Image

from smalti.processing.machine import usable_cores
from smalti.table.whole import Table
from smalti.widgets.contrast import Contrast, common_windows, curve
from smalti.widgets.jpegs import Jpegs

__all__ = ["GROUND", "Sheets", "columns_of"]

QUALITY = 85
GROUND = 28
"""Grey of the sheet where no picture lies."""

AT_ONCE = 64
"""Tiles one thread takes; 1,000 tiles of 64² cost 55 ms on two cores, 90 ms on one."""


class Sheets:
    """Makes sheets of any rows of a table, in any order; safe in any thread.

    Parameters
    ----------
    thumbnails
        A project's thumbnails.
    images
        Its images table; a row number is a place in it.
    """

    def __init__(self, thumbnails: pl.LazyFrame, images: pl.DataFrame) -> None:
        self._jpegs = Jpegs(thumbnails)
        facts = self._jpegs.facts
        rows = images.select("image_id", row=pl.int_range(pl.len(), dtype=pl.Int64))
        self._row = (
            facts.join(rows, on="image_id", how="left", maintain_order="left")["row"].fill_null(-1).to_numpy()
        )
        self._channel = facts["c"].to_numpy()
        self._window = facts.select(pl.col("low", "high").cast(pl.Float64)).to_numpy()
        self._size = facts.select("width", "height").to_numpy()
        self._n_rows = images.height
        samples = images["size_s"] if "size_s" in images.columns else pl.Series([1] * images.height)
        self._is_colour = (samples.fill_null(1) >= 3).to_numpy()
        stored = images["dtype"] if "dtype" in images.columns else pl.Series([""] * images.height)
        self._kind = stored.fill_null("").rank("dense").cast(pl.Int64).to_numpy()
        self._records: dict[int, np.ndarray] = {}

    @classmethod
    def shared(cls, table: Table, thumbnails: pl.LazyFrame) -> "Sheets":
        """The sheets of a table, the same for all who show it."""
        with _making:
            if table not in _made:
                _made[table] = cls(thumbnails, table.images)
            return _made[table]

    @cached_property
    def n_channels(self) -> int:
        """Channels of the image that has most of them; 0 without thumbnails."""
        return int(self._channel.max(initial=-1)) + 1

    def records(self, channel: int) -> np.ndarray:
        """Thumbnail of each row, int64; its first one where it lacks the channel, -1 where it has none."""
        if channel not in self._records:
            found = np.full(self._n_rows, -1)
            known = self._row >= 0
            for wanted in (known, known & (self._channel == channel)):
                at = np.flatnonzero(wanted)[::-1]  # written backwards, so that the first channel stays
                found[self._row[at]] = at
            self._records[channel] = found
        return self._records[channel]

    def sizes(self, channel: int) -> np.ndarray:
        """Width and height of each row's thumbnail, uint8 (n, 2); zeros where it has none."""
        records = self.records(channel)
        return np.where(records[:, None] < 0, 0, self._of(self._size, records).clip(0, 255)).astype(np.uint8)

    def windows(self, contrast: Contrast, channel: int, group: np.ndarray) -> np.ndarray:
        """Window each row is shown with, float64 (n, 2); see `common_windows`. Colour keeps its own."""
        records = self.records(channel)
        own = self._of(self._window, records).astype(np.float64)
        own[(records < 0) | self._is_colour] = np.nan
        return common_windows(own, contrast, self._kind, group)

    @staticmethod
    def _of(facts: np.ndarray, records: np.ndarray) -> np.ndarray:
        return facts[records] if len(facts) else np.zeros((len(records), 2))

    def sheet(
        self, rows: np.ndarray, tile: int, channel: int = 0, windows: np.ndarray | None = None
    ) -> bytes:
        """A JPEG of square tiles, left to right and top to bottom, `columns_of` of them a line.

        Each picture keeps its aspect and lies in the middle of its tile on a neutral ground; a row without
        a thumbnail leaves the ground. Grey pictures alone make a grey sheet.

        Parameters
        ----------
        rows
            int, (n,): row numbers.
        tile
            Side of a tile in pixels.
        channel
            Channel shown.
        windows
            What `windows` gave; None shows every image as it was stored.
        """
        records = self.records(channel)[rows]
        has = np.flatnonzero(records >= 0)
        pictures: list[np.ndarray | None] = [None] * len(rows)
        for place, picture in zip(has, self._pictures(rows[has], records[has], tile, windows), strict=True):
            pictures[place] = picture
        return bytes(imagecodecs.jpeg8_encode(_lay(pictures, tile), level=QUALITY, subsampling="444"))

    def _pictures(
        self, rows: np.ndarray, records: np.ndarray, tile: int, windows: np.ndarray | None
    ) -> Iterator[np.ndarray | None]:
        stored = self._jpegs.read(records)
        curves: list[np.ndarray | None] = [None] * len(rows)
        if windows is not None:
            curves = self._curves(records, windows[rows])
        parts = [slice(start, start + AT_ONCE) for start in range(0, len(rows), AT_ONCE)]
        done = _pool().map(partial(_decoded, stored, curves, tile), parts)
        return (picture for part in done for picture in part)

    def _curves(self, records: np.ndarray, shown: np.ndarray) -> list[np.ndarray | None]:
        is_own = np.isnan(shown).any(axis=1)
        return [
            None if is_own[i] else curve(self._window[record], shown[i]) for i, record in enumerate(records)
        ]


_making = Lock()
_made: WeakKeyDictionary[Table, Sheets] = WeakKeyDictionary()


def columns_of(n: int) -> int:
    """Tiles on one line of a sheet of n."""
    return isqrt(max(n, 1) - 1) + 1


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(usable_cores(), thread_name_prefix="smalti-sheets")


def _decoded(
    jpegs: Sequence[bytes | None], curves: Sequence[np.ndarray | None], tile: int, part: slice
) -> list[np.ndarray | None]:
    return [_decode(jpeg, levels, tile) for jpeg, levels in zip(jpegs[part], curves[part], strict=True)]


def _decode(jpeg: bytes | None, levels: np.ndarray | None, tile: int) -> np.ndarray | None:
    """One picture fitted into a tile, uint8 (h, w) or (h, w, 3); None where it cannot be decoded."""
    if jpeg is None:
        return None
    try:
        picture: np.ndarray = imagecodecs.jpeg8_decode(jpeg)
    except imagecodecs.Jpeg8Error:
        return None
    height, width = picture.shape[:2]
    scale = tile / max(height, width)
    if scale != 1:
        size = max(1, round(width * scale)), max(1, round(height * scale))
        how = Image.Resampling.BOX if scale < 1 else Image.Resampling.BILINEAR
        picture = np.asarray(Image.fromarray(picture).resize(size, how))
    return picture if levels is None else levels[picture]


def _lay(pictures: Sequence[np.ndarray | None], tile: int) -> np.ndarray:
    columns = columns_of(len(pictures))
    shape: tuple[int, ...] = (max(1, ceil(len(pictures) / columns)) * tile, columns * tile)
    in_colour = any(picture is not None and picture.ndim == 3 for picture in pictures)
    sheet = np.full((*shape, 3) if in_colour else shape, GROUND, np.uint8)
    for place, picture in enumerate(pictures):
        if picture is not None:
            height, width = picture.shape[:2]
            top = place // columns * tile + (tile - height) // 2
            left = place % columns * tile + (tile - width) // 2
            sheet[top : top + height, left : left + width] = (
                picture[..., None] if in_colour and picture.ndim == 2 else picture
            )
    return sheet
