"""PixelPatrol's table, version 0.8.0, as the four tables of a project.

What each of its columns became was checked by measuring the same 110 images (40 of plankton in colour, 67 of
microscopy with stacks, films and channels, 3 with NaN) with both:

=====================================  ===============================================================
PixelPatrol                            here
=====================================  ===============================================================
``min_intensity max_intensity``        ``min max``, equal
``mean_intensity std_intensity``       ``mean std``, equal to 1.2e-7 (it stores Float32)
``finite_pixel_count``                 ``n_finite``, equal
``histogram_nan_count``                ``n_nan``, equal
``laplacian_variance``                 the same, equal (to 1e-4 beside NaN), but of colour images:
                                       theirs is the mean of the samples', ours that of luma; kept as
                                       ``pixelpatrol_laplacian_variance``
``texture_heterogeneity``              ``texture_cv``, equal to 2e-5 in 342 of 348 planes, of the others its
                                       sums in float32 are up to 8 % off; but of colour images; kept too
``histogram_counts _min _max``         ``histograms``: 256 bins from the least to the greatest value, equal;
                                       of colour images each sample was binned by itself, then joined
``thumbnail thumbnail_norm_*``         ``thumbnails``, less the transparent border
``size_T`` … ``size_S``, ``dtype``     ``size_t`` … ``size_s``, ``dtype``
``path size_bytes child_id``           ``path size_bytes series_name``
``imported_path_short``                ``condition``
``channel_names``                      the same, less those that bioio makes up (``Channel:0:0``)
=====================================  ===============================================================

Of another meaning, and kept under their own names, or with ``pixelpatrol_`` before those that are ours too:
``michelson_contrast``, ``mscn_variance``, ``blocking_index`` and ``ringing_index`` (defined otherwise: no
factor makes their values ours), ``pixel_size_*`` (in a unit that is not stated), ``modification_date`` (in
local time), ``dim_order`` (not the stored order), ``num_pixels``, ``ndim``, ``n_images``, ``type``,
``common_base``, ``imported_path``.
"""

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from smalti.core.columns import Column
from smalti.processing.frames import frame
from smalti.processing.metric_set import choose_metrics
from smalti.processing.settings import Settings
from smalti.processing.sharing.named import with_file_facts
from smalti.table.parquet import scan
from smalti.table.schema import IMAGE_COLUMNS, THUMBNAIL_COLUMNS

__all__ = ["is_pixelpatrol", "read_pixelpatrol"]

_ALIKE = {
    "min_intensity": "min",
    "max_intensity": "max",
    "mean_intensity": "mean",
    "std_intensity": "std",
    "finite_pixel_count": "n_finite",
    "histogram_nan_count": "n_nan",
}
_GREY = {"laplacian_variance": "laplacian_variance", "texture_heterogeneity": "texture_cv"}
"""Of one meaning for images without colour samples only."""

_USED = {
    *_ALIKE,
    *(f"size_{axis}" for axis in "TCZYXS"),
    *(f"dim_{axis}" for axis in "tczyxs"),
    *("obs_level", "path", "name", "parent", "depth", "file_extension", "size_bytes", "dtype", "child_id"),
    *("channel_names", "histogram_counts", "histogram_min", "histogram_max"),
    *("thumbnail", "thumbnail_norm_min", "thumbnail_norm_max", "thumbnail_dtype"),
}
"""Columns that another column here says it all of."""

_KEY = ("path", "series_name")
_STACK = "TCZ"
SPRITE_ROWS = 2_000
"""Thumbnails decoded at once: 16 kB each."""

JPEG_QUALITY = 90


def is_pixelpatrol(schema: Mapping[str, pl.DataType]) -> bool:
    """Whether a table has the columns that PixelPatrol always writes."""
    return {"obs_level", "dim_order", "path", "dtype"} <= schema.keys()


def read_pixelpatrol(path: Path) -> tuple[dict[str, pl.LazyFrame], tuple[Column, ...]]:
    """The images, planes, histograms and thumbnails of PixelPatrol's Parquet file, and what columns mean."""
    metrics = choose_metrics(Settings())
    here = (*IMAGE_COLUMNS, *metrics.image_columns, *metrics.plane_columns)
    rows = _complete(scan(path))
    schema = rows.collect_schema()
    kept = _kept(schema, {column.name for column in here})
    whole = rows.filter(pl.col("obs_level") == 0)
    images = _images(whole)
    keys = images.select(*_KEY, "image_id", *(f"size_{axis.lower()}" for axis in _STACK))
    planes = _planes(rows, keys.lazy())
    own = [pl.col(there).alias(name) for there, name in kept.items()]
    measured = [pl.col(there).alias(name) for there, name in kept.items() if schema[there].is_float()]
    of_images = whole.select(*_KEY, *_values(), *own)
    tables = {
        "images": images.lazy().join(of_images, on=_KEY, how="left", nulls_equal=True, maintain_order="left"),
        "planes": planes.select("image_id", "t", "c", "z", *_values(), *measured),
        "histograms": _histograms(planes),
        "thumbnails": _thumbnails(path, images).lazy(),
    }
    return tables, (*here, *_described(path, kept))


def _described(path: Path, kept: Mapping[str, str]) -> Iterator[Column]:
    """PixelPatrol's own columns with the meaning that its file states."""
    import pyarrow.parquet as pq

    for field in pq.read_schema(path):
        if field.name in kept:
            meaning = (field.metadata or {}).get(b"description", b"").decode(errors="replace")
            yield Column(kept[field.name], "String", "", meaning, "none")


def _complete(rows: pl.LazyFrame) -> pl.LazyFrame:
    """The table with every column that is looked at: PixelPatrol leaves out those that hold nothing."""
    found = rows.collect_schema()
    wanted: dict[str, Any] = dict.fromkeys([*_ALIKE, *_GREY], pl.Float64)
    wanted |= dict.fromkeys([f"size_{a}" for a in "TCZYXS"] + [f"dim_{a}" for a in "tczs"], pl.Int64)
    wanted |= dict.fromkeys(("child_id", "imported_path", "imported_path_short", "common_base"), pl.String)
    wanted |= {"size_bytes": pl.Int64, "channel_names": pl.List(pl.String)}
    wanted |= {"histogram_min": pl.Float64, "histogram_max": pl.Float64}
    wanted["histogram_counts"] = pl.List(pl.Int64)
    missing = [pl.lit(None, dtype).alias(name) for name, dtype in wanted.items() if name not in found]
    slashed = pl.col("path").str.replace_all("\\", "/", literal=True)
    return (
        rows.with_columns(*missing)
        .with_columns(path=slashed)
        .with_columns(series_name=pl.col("child_id").cast(pl.String))
    )


def _images(whole: pl.LazyFrame) -> pl.DataFrame:
    """What is known of each image and its file, sorted by path; a metric has no part in it."""
    length = [
        pl.col(f"size_{axis}").cast(pl.Int64).fill_null(1).alias(f"size_{axis.lower()}") for axis in "TCZYX"
    ]
    in_colour = pl.col("dim_order").str.contains("S", literal=True)
    stated = pl.col("channel_names").list.eval(pl.element().str.starts_with("Channel:")).list.any().not_()
    group = pl.coalesce("imported_path_short", "imported_path").replace(".", None)
    known = whole.select(
        *_KEY,
        "dtype",
        *length,
        pl.when(in_colour).then("size_S").cast(pl.Int64).alias("size_s"),
        pl.when(stated).then("channel_names").alias("channel_names"),
        pl.col("size_bytes").cast(pl.Int64),
        condition=pl.coalesce(group, "common_base").fill_null(""),
        series=pl.int_range(pl.len()).over("path"),
        status=pl.lit("ok"),  # an image that PixelPatrol cannot read has no row
    )
    known = known.with_columns(n_planes=pl.col("size_t") * pl.col("size_c") * pl.col("size_z"))
    images = known.with_columns(n_planes_ok=pl.col("n_planes")).collect()
    return with_file_facts(images.sort("path", "series"))


def _values() -> list[pl.Expr]:
    """Columns of one meaning here and there; those of luma only where there is no colour."""
    is_grey = ~pl.col("dim_order").str.contains("S", literal=True)
    alike = [pl.col(there).alias(here) for there, here in _ALIKE.items()]
    return alike + [pl.when(is_grey).then(there).alias(here) for there, here in _GREY.items()]


def _kept(schema: Mapping[str, pl.DataType], taken: Collection[str]) -> dict[str, str]:
    """The other columns, with names that mean nothing else here."""
    return {
        name: f"pixelpatrol_{name}" if name in taken else name
        for name, dtype in schema.items()
        if name not in {"series_name", *_USED} and not dtype.is_nested() and dtype != pl.Binary
    }


def _planes(rows: pl.LazyFrame, keys: pl.LazyFrame) -> pl.LazyFrame:
    """The rows of one t, c and z, all colour samples together, with their image's id."""
    of_image = rows.join(keys, on=_KEY, how="inner", nulls_equal=True, maintain_order="left")
    one = [pl.col(f"dim_{a}").is_not_null() | (pl.col(f"size_{a}") == 1) for a in _STACK.lower()]
    places = [pl.col(f"dim_{a}").cast(pl.Int32).fill_null(0).alias(a) for a in _STACK.lower()]
    planes = of_image.filter(pl.all_horizontal(*one), pl.col("dim_s").is_null()).with_columns(places)
    finest = planes.sort("obs_level", descending=True, maintain_order=True)
    return finest.unique(["image_id", "t", "c", "z"], keep="first", maintain_order=True).sort(
        "image_id", "t", "c", "z"
    )


def _histograms(planes: pl.LazyFrame) -> pl.LazyFrame:
    low, high = pl.col("histogram_min").cast(pl.Float64), pl.col("histogram_max").cast(pl.Float64)
    counts = pl.col("histogram_counts").cast(pl.List(pl.Int64))
    known = planes.filter(high > low, counts.is_not_null())
    return known.select(
        "image_id", "t", "c", "z", low=low, width=(high - low) / counts.list.len(), counts=counts
    )


def _thumbnails(path: Path, images: pl.DataFrame) -> pl.DataFrame:
    """A JPEG for each image that has a sprite; read by the thousand, because all together are large."""
    import pyarrow.parquet as pq

    ids = {(path, name): image_id for path, name, image_id in images.select(*_KEY, "image_id").iter_rows()}
    made = [row for batch in _sprites(pq.ParquetFile(path)) if (row := _thumbnail(batch, ids)) is not None]
    return frame(made, THUMBNAIL_COLUMNS)


def _sprites(file: Any) -> Iterator[dict[str, Any]]:
    wanted = ["path", "child_id", "obs_level", "thumbnail", "thumbnail_norm_min", "thumbnail_norm_max"]
    columns = [name for name in wanted if name in file.schema_arrow.names]
    if "thumbnail" in columns:
        for batch in file.iter_batches(SPRITE_ROWS, columns=columns):
            found = batch.filter(pl.Series(batch["obs_level"].to_numpy(zero_copy_only=False) == 0).to_arrow())
            yield from found.to_pylist()


def _thumbnail(row: Mapping[str, Any], ids: Mapping[tuple[str, str | None], str]) -> tuple[Any, ...] | None:
    import imagecodecs

    image_id = ids.get((row["path"].replace("\\", "/"), row.get("child_id")))
    picture = _picture(row["thumbnail"])
    if image_id is None or picture is None:
        return None
    jpeg = bytes(imagecodecs.jpeg8_encode(picture, level=JPEG_QUALITY))
    height, width = picture.shape[:2]
    return image_id, 0, width, height, row.get("thumbnail_norm_min"), row.get("thumbnail_norm_max"), jpeg


def _picture(sprite: bytes | None) -> np.ndarray | None:
    """The opaque part of a square of RGBA pixels, uint8 (y, x, 3), or (y, x) where it is grey."""
    side = round((len(sprite or b"") / 4) ** 0.5)
    if not sprite or side * side * 4 != len(sprite):
        return None
    pixels = np.frombuffer(sprite, np.uint8).reshape(side, side, 4)
    rows, columns = (np.flatnonzero(pixels[..., 3].any(axis=axis)) for axis in (1, 0))
    if not rows.size:
        return None
    colours = pixels[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1, :3]
    is_grey = (colours == colours[..., :1]).all()
    return np.ascontiguousarray(colours[..., 0] if is_grey else colours)
