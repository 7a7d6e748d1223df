"""Images that are in memory already, into a collection."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl
import xxhash

from smalti.core.errors import SmaltiError, UsageError
from smalti.core.progress import Progress
from smalti.export.columns import NAMES
from smalti.export.convert import store_path
from smalti.export.dry import plan_lines
from smalti.export.dtypes import DTYPES
from smalti.export.layout import Layout, planned
from smalti.export.pictures import FEW
from smalti.export.prepare import pixel_hash, prepared, statistics
from smalti.export.report import Report
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
    channels_first = isinstance(images, np.ndarray) and images.ndim == 4
    axes = "CYX" if channels_first else (options.axes or "").upper()
    pictures = [_picture(number, image, axes) for number, image in enumerate(images)]
    if not pictures:
        raise UsageError("there is no image in images; give an array (images, channels, height, width)")
    facts = _facts(metadata, len(pictures))
    target, store = target_at(store_path(out))
    creation = options.creation() | {"sources": ["memory"], "digest": _digest(pictures)}
    try:
        before = look_before(target, store, options, creation)
        facts = _named(facts, before.start)
        rows = [_row(picture, path) for picture, path in zip(pictures, facts["path"], strict=True)]
        layout = planned(rows, options, before.layout)
        if options.dry_run:
            return Report(f"{target.name}/{store}", plan=plan_lines(rows, layout, options))
        with writing(target, store, layout, options, creation, before) as session:
            session.progress = progress
            session.facts = facts if len(facts.columns) > 1 else None
            return session.take(_items(pictures, rows, layout, options, before), len(rows))
    finally:
        target.close()
        progress.close()


def _picture(number: int, image: Any, axes: str) -> np.ndarray:
    """One image as (channels, height, width); without `axes`, a last one of at most four is channels."""
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
    elif len(axes) == 3 and set(axes) == set("CYX"):
        array = array.transpose([axes.index(axis) for axis in "CYX"])
    elif array.shape[-1] <= FEW:
        array = array.transpose(2, 0, 1)
    return np.ascontiguousarray(array, array.dtype.newbyteorder("="))


def _row(picture: np.ndarray, path: str) -> dict[str, Any]:
    facts = {
        "path": path,
        "filename": path.rpartition("/")[2],
        "format": "array",
        "error": None,
        "n_planes": 1,
    }
    return facts | {
        "series": 0,
        "t": None,
        "z": None,
        "shape": list(picture.shape),
        "dtype": picture.dtype.name,
    }


def _facts(metadata: Metadata, n: int) -> pl.DataFrame:
    """``path`` and the columns of the metadata, a row an image."""
    frame = pl.DataFrame() if metadata is None else _frame(metadata)
    if metadata is not None and frame.height != n:
        raise UsageError(f"image_metadata has {frame.height:,} rows for {n:,} images; give one an image")
    names = pl.Series([None] * n, dtype=pl.String)
    if "filename" in frame.columns:
        names = frame["filename"].cast(pl.String)
        if names.null_count() or names.n_unique() < n:
            raise UsageError("image_metadata has a filename that is empty or there twice; give each its own")
    taken = {name: f"metadata_{name}" for name in frame.columns if name in NAMES and name != "filename"}
    others = frame.drop("filename", strict=False).rename(taken)
    return pl.DataFrame({"path": names}).hstack(others)


def _named(facts: pl.DataFrame, start: int) -> pl.DataFrame:
    """With names by number, counted on from the images that are there, where none were given."""
    numbered = [f"image_{number:06d}" for number in range(start, start + facts.height)]
    return facts.with_columns(pl.col("path").fill_null(pl.Series(numbered, dtype=pl.String)))


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
    rows: Sequence[dict[str, Any]],
    layout: Layout,
    options: ConvertOptions,
    before: Before,
) -> Iterator[Item]:
    wanted = options.wanted(layout.dtype)
    for picture, row in zip(pictures, rows, strict=True):
        if (row["path"], 0, None, None) in before.done:
            continue
        try:
            pixels = prepared(picture, wanted)
        except SmaltiError as error:
            yield Item(row | {"error": str(error)})
            continue
        home = layout.home((pixels.dtype.name, *pixels.shape))
        assert home is not None
        stored = {"stored_shape": list(pixels.shape), "pixel_hash": pixel_hash(pixels), **statistics(pixels)}
        yield Item(row | stored, pixels, home.path)
