"""Images that are in memory already, into a collection."""

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import count
from typing import Any

import numpy as np
import polars as pl
import xxhash

from smalti.core.ahead import in_order
from smalti.core.errors import SmaltiError, UsageError
from smalti.core.progress import Progress
from smalti.export.asked import Wanted
from smalti.export.convert import layout_for, store_path
from smalti.export.dry import plan_lines
from smalti.export.dtypes import DTYPES
from smalti.export.facts import OF_PATH, renamed
from smalti.export.layout import Layout
from smalti.export.pictures import channels_in
from smalti.export.prepare import pixel_hash, prepared, statistics
from smalti.export.report import Report
from smalti.export.scanned import Scanned
from smalti.export.session import Item, look_before, writing
from smalti.export.settings import ConvertOptions
from smalti.processing.machine import usable_cores
from smalti.writers.target import target_at

__all__ = ["convert_arrays"]

Images = np.ndarray | Sequence[np.ndarray]
Metadata = pl.DataFrame | Sequence[Mapping[str, Any]] | None

AHEAD = 8
"""Images a thread that may be made ready before they are stored."""


def convert_arrays(
    images: Images, metadata: Metadata, out: str, options: ConvertOptions, progress: Progress
) -> Report:
    """Write images in memory as `smalti.export.convert.convert` writes files.

    Parameters
    ----------
    images
        One array (images, channels, height, width) or (images, height, width); or a list of images, each
        (height, width), (channels, height, width), or with at most four channels last.
    metadata
        A row an image: a Polars or pandas frame, or a list of dicts; its ``filename`` names the images.
    out, options, progress
        As for files.

    Raises
    ------
    UsageError
        Something is no image, or there is not a row for each.
    """
    axes = (options.axes or "").upper()
    if axes and set(axes) != set("CYX"):
        raise UsageError(f"axes are {options.axes!r}; of arrays in memory give an order of C, Y and X")
    channels_first = isinstance(images, np.ndarray) and images.ndim == 4
    axes = axes or ("CYX" if channels_first else "")
    with ThreadPoolExecutor(options.workers or usable_cores()) as pool:
        pictures = list(pool.map(partial(_picture, axes=axes), count(), images))
        if not pictures:
            raise UsageError("there is no image in images; give an array (images, channels, height, width)")
        return _stored(pictures, _facts(metadata, len(pictures)), out, options, progress, pool)


@dataclass(frozen=True, slots=True, eq=False)
class _Picture:
    """One image, its pixels (channels, height, width) in C order."""

    pixels: np.ndarray
    hash: str

    def scanned(self, path: str) -> Scanned:
        """What a file like it would hold."""
        c, h, w = self.pixels.shape
        return Scanned(path, 0, shape=(c, h, w), dtype=self.pixels.dtype.name, axes="CYX", format="array")


def _stored(
    pictures: Sequence[_Picture],
    facts: pl.DataFrame,
    out: str,
    options: ConvertOptions,
    progress: Progress,
    pool: Executor,
) -> Report:
    target, store = target_at(store_path(out))
    name = f"{target.name}/{store}"
    creation = options.creation() | {"sources": ["memory"], "digest": _digest(pictures)}
    try:
        before = look_before(target, store, options, creation)
        facts = _named(facts, before.start)
        found = [picture.scanned(path) for picture, path in zip(pictures, facts[OF_PATH], strict=True)]
        beside = facts if len(facts.columns) > 1 else None
        before.check(name, {(one.path, None) for one in found}, beside)
        layout = layout_for(found, options, before, name)
        if options.dry_run:
            return Report(name, plan=plan_lines(found, layout, options))
        left = [pair for pair in zip(pictures, found, strict=True) if _key(pair[1]) not in before.done]
        item = partial(_item, layout=layout, wanted=options.wanted(layout.dtype))
        items = in_order(pool, item, left, AHEAD * (options.workers or usable_cores()))
        with writing(target, store, layout, options, creation, before) as session:
            session.progress, session.facts = progress, beside
            return session.take(items, len(found))
    finally:
        target.close()
        progress.close()


def _picture(number: int, image: Any, axes: str) -> _Picture:
    """One image; `axes` names its three axes, "" for what is usual."""
    array = np.asarray(image)
    if array.dtype.kind == "c":
        raise UsageError(
            f"image {number} is {array.dtype}, two numbers a pixel; give real and imaginary part apart"
        )
    if array.dtype.newbyteorder("=").name not in DTYPES:
        raise UsageError(f"image {number} is of type {array.dtype}; known: {', '.join(DTYPES)}")
    if array.ndim not in (2, 3) or not array.size:
        raise UsageError(
            f"image {number} has shape {array.shape}; give (height, width) or (channels, height, width)"
        )
    if array.ndim == 2:
        array = array[np.newaxis]
    else:
        letters = axes or channels_in(array.shape)
        array = array.transpose([letters.index(axis) for axis in "CYX"])
    pixels = np.ascontiguousarray(array, array.dtype.newbyteorder("="))
    return _Picture(pixels, pixel_hash(pixels))


def _facts(metadata: Metadata, n: int) -> pl.DataFrame:
    """Names, null where none are given, and the columns of the metadata, a row an image."""
    frame = pl.DataFrame() if metadata is None else _frame(metadata)
    if metadata is not None and frame.height != n:
        raise UsageError(f"image_metadata has {frame.height:,} rows for {n:,} images; give one an image")
    names = pl.Series([None] * n, dtype=pl.String)
    if "filename" in frame.columns:
        names = frame["filename"].cast(pl.String)
        if names.null_count() or names.n_unique() < n:
            raise UsageError("image_metadata has a filename that is empty or there twice; give each its own")
    return pl.DataFrame({OF_PATH: names}).hstack(renamed(frame.drop("filename", strict=False), "metadata"))


def _named(facts: pl.DataFrame, start: int) -> pl.DataFrame:
    """With names by number, counted on from the images that are there, where none were given."""
    numbered = [f"image_{number:06d}" for number in range(start, start + facts.height)]
    return facts.with_columns(pl.col(OF_PATH).fill_null(pl.Series(numbered, dtype=pl.String)))


def _digest(pictures: Sequence[_Picture]) -> str:
    """Of all pixels, so that a run goes on with the images that it was begun with only."""
    told = (f"{picture.pixels.shape}{picture.pixels.dtype}{picture.hash}" for picture in pictures)
    return xxhash.xxh3_128_hexdigest("".join(told).encode())


def _frame(metadata: Any) -> pl.DataFrame:
    if isinstance(metadata, pl.DataFrame):
        return metadata
    if isinstance(metadata, Sequence):
        return pl.DataFrame(metadata, infer_schema_length=None)
    frame: pl.DataFrame = pl.from_pandas(metadata)
    return frame


def _key(one: Scanned) -> tuple[str, int, None, None]:
    return one.path, 0, None, None


def _item(pair: tuple[_Picture, Scanned], layout: Layout, wanted: Wanted) -> Item:
    """What is stored of an image."""
    picture, one = pair
    row = {"path": one.path, "filename": one.path.rpartition("/")[2], "series": 0, "format": one.format}
    row |= {"shape": list(one.shape), "dtype": one.dtype, "error": None}
    try:
        pixels = prepared(picture.pixels, wanted)
    except SmaltiError as error:
        return Item(row | {"error": str(error)})
    home = layout.home((pixels.dtype.name, *pixels.shape))
    assert home is not None
    known = picture.hash if pixels is picture.pixels else pixel_hash(pixels)
    stored = {"stored_shape": list(pixels.shape), "pixel_hash": known, **statistics(pixels)}
    return Item(row | stored, pixels, home.path)
