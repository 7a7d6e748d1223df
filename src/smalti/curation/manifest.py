"""The patch manifest: one row a patch, from which it can be found again in what it was cut from."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import polars as pl

from smalti import __version__
from smalti.core.columns import Column
from smalti.core.errors import UsageError
from smalti.core.image import image_id
from smalti.table.parquet import TableInfo, commit, read_metadata, scan, stage
from smalti.table.schema import polars_schema

__all__ = ["COLUMNS", "FILE_NAME", "SCHEMA", "empty", "fitted", "info", "patch_id", "read", "write"]

FILE_NAME = "patches.parquet"

_FLAT = "It shows nothing but noise, or one value."

COLUMNS = (
    Column("patch_id", "String", "", "16 hex digits made from source, series, slice and box.", "same"),
    Column("name", "String", "", "Name for people, which holds dataset, slice and box.", "same"),
    Column(
        "dataset", "String", "", "The volume, group or folder that near-duplicates are looked for in.", "same"
    ),
    Column("group", "String", "", "Folder of the source, relative to what was given.", "same"),
    Column("source_id", "String", "", "The file, as in sources.parquet.", "same"),
    Column("source_path", "String", "", "The source, relative to what was given.", "same"),
    Column("source_uri", "String", "", "Absolute path or URL of the source.", "same"),
    Column("series", "Int64", "", "Index of the image inside its source.", "same"),
    Column("time", "Int64", "", "Index of time it was cut at.", "same"),
    Column("channel", "Int64", "", "Channel it was cut from; null for luma of colours.", "same"),
    Column("level", "Int32", "", "Resolution level of the source; 0 is full size.", "same"),
    Column("axis", "Int32", "", "Axis of the slice: 0 xy, 1 xz, 2 yz; null of an image.", "same"),
    Column("slice", "Int64", "", "Index of the slice along its axis; null of an image.", "same"),
    Column("y0", "Int64", "px", "First row in the slice.", "same"),
    Column("y1", "Int64", "px", "Row behind the last.", "same"),
    Column("x0", "Int64", "px", "First column in the slice.", "same"),
    Column("x1", "Int64", "px", "Column behind the last.", "same"),
    Column("height", "Int64", "px", "Rows of the patch, those that were padded included.", "same"),
    Column("width", "Int64", "px", "Columns of the patch, those that were padded included.", "same"),
    Column(
        "voxel_size",
        "List(Float64)",
        "µm",
        "Spacing of the source along z, y and x; null if unknown.",
        "same",
    ),
    Column("low", "Float64", "intensity", "Intensity of the source that became 0.", "same"),
    Column("high", "Float64", "intensity", "Intensity of the source that became 255.", "same"),
    Column("pixel_hash", "String", "", "16 hex digits of its pixels and their shape.", "same"),
    Column("dhash", "UInt64", "", "Difference hash of 8 × 8 bits.", "same"),
    Column("dhash_256", "Binary", "", "Difference hash of 16 × 16 bits, where it was asked for.", "none"),
    Column("std", "Float32", "intensity", "Standard deviation of its pixels.", "none"),
    Column("block_std", "Float32", "intensity", "Standard deviation of means of 8 × 8 pixels.", "none"),
    Column("is_flat", "Boolean", "", _FLAT, "same"),
    Column("cluster", "Int64", "", "Number of its cluster of near-duplicates.", "same"),
    Column("cluster_size", "Int64", "", "Patches in its cluster.", "same"),
    Column("is_exemplar", "Boolean", "", "Whether it stands for its cluster.", "same"),
    Column("exemplar", "String", "", "The patch that stands for its cluster.", "same"),
    Column("distance", "Int32", "bit", "Bits in which its hash differs from that of its exemplar.", "same"),
    Column("score", "Float32", "", "How informative a filter found it, 0 to 1.", "same"),
    Column("decision", "String", "", "keep or drop; null before anything decided.", "same"),
    Column("reason", "String", "", "What decided.", "same"),
    Column("array", "String", "", "Array of patches.zarr that holds it; null where none does.", "same"),
    Column("row", "Int64", "", "Its place in that array.", "same"),
    Column(
        "file", "String", "", "File that holds it, relative to the manifest; null where none does.", "same"
    ),
    Column("seed", "Int64", "", "Seed of what was chosen at random.", "same"),
    Column("version", "String", "", "The smalti that made it.", "same"),
)
"""Columns that every manifest has; features of patches follow."""

SCHEMA = polars_schema(COLUMNS)


def patch_id(source_path: str, series: int, place: str) -> str:
    """16 hex digits: the same patch of the same source has the same id on every machine.

    Parameters
    ----------
    source_path, series
        Of the source.
    place
        What tells it from others of the source, such as ``"0/17/0-224/0-224"``.
    """
    return image_id(f"{source_path}\0{place}", series)


def empty() -> pl.DataFrame:
    """A manifest without patches."""
    return pl.DataFrame(schema=SCHEMA)


def fitted(frame: pl.DataFrame) -> pl.DataFrame:
    """A frame with all columns of a manifest in order, absent ones null; others follow."""
    known = [
        pl.col(name).cast(dtype) if name in frame.columns else pl.lit(None, dtype).alias(name)
        for name, dtype in SCHEMA.items()
    ]
    others = [name for name in frame.columns if name not in SCHEMA]
    return frame.select(*known, *others)


def write(
    frame: pl.DataFrame,
    path: Path,
    footer: Mapping[str, str] | None = None,
    more: Sequence[Column] = (),
) -> None:
    """Write a manifest, whole or not at all; `more` describes columns beside `COLUMNS`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    stated = {"smalti": __version__} | dict(footer or {})
    commit(stage(fitted(frame).lazy(), path, (*COLUMNS, *more), stated), path)


def read(path: Path) -> pl.DataFrame:
    """The rows of a manifest; NaN is null.

    Raises
    ------
    UsageError
        There is none, or it is none.
    """
    names = {column.name for column in info(path).columns}
    if lacking := {"patch_id", "dataset", "y0", "y1", "x0", "x1"} - names:
        raise UsageError(
            f"{path} is no manifest of patches, it lacks {', '.join(sorted(lacking))}; make one with: "
            "smalti curate patch2d SRC -o DST, or patch3d"
        )
    return fitted(scan(path).collect())


def info(path: Path) -> TableInfo:
    """Columns with their meaning, and the footer, of a manifest."""
    return read_metadata(path)
