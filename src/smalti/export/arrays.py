"""Images that are in memory already, into a collection."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl
import xxhash

from smalti.core.errors import SmaltiError, UsageError
from smalti.core.progress import Progress
from smalti.export.convert import layout_for, store_path
from smalti.export.dry import plan_lines
from smalti.export.dtypes import DTYPES
from smalti.export.facts import OF_PATH, renamed
from smalti.export.layout import Layout
from smalti.export.pictures import channels_in
from smalti.export.prepare import pixel_hash, prepared, statistics
from smalti.export.report import Report
from smalti.export.scanned import Scanned
from smalti.export.session import Before, Item, look_before, writing
from smalti.export.settings import ConvertOptions
from smalti.writers.target import target_at

__all__ = ["convert_arrays"]

Images = np.ndarray | Sequence[np.ndarray]
Metadata = pl.DataFrame | Sequence[Mapping[str, Any]] | None


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
    pictures = [_picture(number, image, axes) for number, image in enumerate(images)]
    if not pictures:
        raise UsageError("there is no image in images; give an array (images, channels, height, width)")
    facts = _facts(metadata, len(pictures))
    target, store = target_at(store_path(out))
    name = f"{target.name}/{store}"
    creation = options.creation() | {"sources": ["memory"], "digest": _digest(pictures)}
    try:
        before = look_before(target, store, options, creation)
        facts = _named(facts, before.start)
        found = [_scanned(picture, path) for picture, path in zip(pictures, facts[OF_PATH], strict=True)]
        beside = facts if len(facts.columns) > 1 else None
        before.check(name, {(one.path, None) for one in found}, beside)
        layout = layout_for(found, options, before, name)
        if options.dry_run:
            return Report(name, plan=plan_lines(found, layout, options))
        with writing(target, store, layout, options, creation, before) as session:
            session.progress, session.facts = progress, beside
            return session.take(_items(pictures, found, layout, options, before), len(found))
    finally:
        target.close()
        progress.close()


def _picture(number: int, image: Any, axes: str) -> np.ndarray:
    """One image as (channels, height, width); `axes` names its three, "" for what is usual."""
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
    return np.ascontiguousarray(array, array.dtype.newbyteorder("="))


def _scanned(picture: np.ndarray, path: str) -> Scanned:
    c, h, w = picture.shape
    return Scanned(path, 0, shape=(c, h, w), dtype=picture.dtype.name, axes="CYX", format="array")


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


def _digest(pictures: Sequence[np.ndarray]) -> str:
    """Of all pixels, so that a run goes on with the images that it was begun with only."""
    digest = xxhash.xxh3_128()
    for picture in pictures:
        digest.update(f"{picture.shape}{picture.dtype}".encode())
        digest.update(picture.view(np.uint8).data)
    return digest.hexdigest()


def _frame(metadata: Any) -> pl.DataFrame:
    if isinstance(metadata, pl.DataFrame):
        return metadata
    if isinstance(metadata, Sequence):
        return pl.DataFrame(metadata, infer_schema_length=None)
    frame: pl.DataFrame = pl.from_pandas(metadata)
    return frame


def _items(
    pictures: Sequence[np.ndarray],
    found: Sequence[Scanned],
    layout: Layout,
    options: ConvertOptions,
    before: Before,
) -> Iterator[Item]:
    wanted, done = options.wanted(layout.dtype), before.done
    for picture, one in zip(pictures, found, strict=True):
        if (one.path, 0, None, None) in done:
            continue
        row = {"path": one.path, "filename": one.path.rpartition("/")[2], "series": 0, "format": one.format}
        row |= {"shape": list(one.shape), "dtype": one.dtype, "error": None}
        try:
            pixels = prepared(picture, wanted)
        except SmaltiError as error:
            yield Item(row | {"error": str(error)})
            continue
        home = layout.home((pixels.dtype.name, *pixels.shape))
        assert home is not None
        stored = {"stored_shape": list(pixels.shape), "pixel_hash": pixel_hash(pixels), **statistics(pixels)}
        yield Item(row | stored, pixels, home.path)
