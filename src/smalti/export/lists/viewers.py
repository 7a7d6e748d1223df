"""Files that programs for looking at data sets open: Embedding Atlas and FiftyOne."""

import polars as pl

from smalti.core.plugin import exporter
from smalti.core.progress import Progress
from smalti.export.images import Chosen
from smalti.export.lists.file import write_list
from smalti.export.lists.options import ListOptions
from smalti.export.lists.rows import flat, project_of, rows_of, with_full_paths
from smalti.export.lists.tables import parquet_bytes
from smalti.export.report import Report

__all__ = ["to_embedding_atlas", "to_fiftyone"]


@exporter(
    "embedding-atlas",
    title="Embedding Atlas",
    options=ListOptions,
    suffix=".parquet",
    command="list --as embedding-atlas",
)
def to_embedding_atlas(images: Chosen, out: str, options: ListOptions, progress: Progress) -> Report:
    """A Parquet file with a small picture in each row, for ``embedding-atlas F.parquet --image image``."""
    rows = rows_of(images)
    rows = with_full_paths(images, rows) if options.absolute else rows
    shown = rows.join(_pictures(images), on="image_id", how="left", maintain_order="left")
    made = shown.with_columns(pl.struct(bytes=pl.col("jpeg"), path=pl.col("path")).alias("image")).drop(
        "jpeg"
    )
    return write_list(out, parquet_bytes(images, made), made.height, options, progress, what="row")


def _pictures(images: Chosen) -> pl.DataFrame:
    """The thumbnail of the first channel of each image."""
    stored = project_of(images).thumbnails.select("image_id", "c", "jpeg").collect()
    return stored.sort("c").unique("image_id", keep="first", maintain_order=True).drop("c")


@exporter("fiftyone", title="FiftyOne", options=ListOptions, suffix=".csv", command="list --as fiftyone")
def to_fiftyone(images: Chosen, out: str, options: ListOptions, progress: Progress) -> Report:
    """A CSV file with full paths, for ``Dataset.from_dir(labels_path=F, dataset_type=types.CSVDataset)``."""
    rows = flat(with_full_paths(images, rows_of(images)))
    rows = rows.select(pl.col("path").alias("filepath"), pl.exclude("path", "uri"))
    return write_list(out, rows.write_csv().encode(), rows.height, options, progress, what="row")
