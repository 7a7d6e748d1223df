"""The columns every QC table has, whatever was measured, and the Polars types of all columns."""

from collections.abc import Iterable

import polars as pl

from smalti.core.columns import Column, Dtype

__all__ = [
    "HISTOGRAM_COLUMNS",
    "IMAGE_COLUMNS",
    "PLANE_KEYS",
    "STATUSES",
    "THUMBNAIL_COLUMNS",
    "dtype_name",
    "polars_schema",
    "size_readable",
]

STATUSES = ("ok", "unreadable", "partial", "skipped", "timeout", "crashed")
"""What can become of a file; all but ``ok`` and ``skipped`` count as failed."""

_IMAGE_ID = Column(
    "image_id", "String", "", "16 hex digits made from path and series; the same on every mount.", "none"
)

IMAGE_COLUMNS = (
    # identity
    _IMAGE_ID,
    Column("path", "String", "", "Path relative to the base folder, with forward slashes.", "same"),
    Column("uri", "String", "", "Absolute path of the file or store.", "same"),
    Column("name", "String", "", "File name with its extension.", "same"),
    Column("stem", "String", "", "File name without its extension.", "same"),
    Column("file_extension", "String", "", "Extension in lower case, without the dot.", "same"),
    Column("parent", "String", "", "Folder of the file, relative to the base folder.", "same"),
    Column("depth", "Int64", "", "Number of folders between the base folder and the file.", "same"),
    Column("series", "Int64", "", "Index of the image inside its file.", "same"),
    Column("series_name", "String", "", "Name of the image inside its file.", "same"),
    Column("condition", "String", "", "Group of paths it was found under.", "same"),
    # status
    Column("status", "String", "", f"What became of it: {', '.join(STATUSES)}.", "same"),
    Column("error", "String", "", "Why it is not ok.", "same"),
    Column("reader", "String", "", "Loader that read it.", "same"),
    Column("format", "String", "", "File format, as found in the content.", "same"),
    # pixels
    Column("axes", "String", "", "Axes in stored order, out of T C Z Y X S.", "same"),
    Column("dtype", "String", "", "Stored type of the pixels.", "same"),
    Column("size_t", "Int64", "", "Number of time points.", "same"),
    Column("size_c", "Int64", "", "Number of channels.", "same"),
    Column("size_z", "Int64", "", "Number of z positions.", "same"),
    Column("size_y", "Int64", "px", "Height.", "same"),
    Column("size_x", "Int64", "px", "Width.", "same"),
    Column("size_s", "Int64", "", "Number of colour samples a pixel.", "same"),
    # metadata
    Column("channel_names", "List(String)", "", "Names of the channels; null when not stated.", "same"),
    Column("pixel_size_x_um", "Float64", "µm", "Width of a pixel; null when not stated.", "same"),
    Column("pixel_size_y_um", "Float64", "µm", "Height of a pixel; null when not stated.", "same"),
    Column("pixel_size_z_um", "Float64", "µm", "Distance between z positions; null when not stated.", "same"),
    Column("time_interval_s", "Float64", "s", "Time between frames; null when not stated.", "same"),
    Column("acquired_at", "Datetime", "", "When it was taken, as the file states it.", "min"),
    Column("objective_magnification", "Float64", "", "Nominal magnification of the objective.", "same"),
    Column("objective_na", "Float64", "", "Numerical aperture of the objective.", "same"),
    Column("exposure_s", "Float64", "s", "Exposure time.", "same"),
    Column("instrument", "String", "", "Microscope, camera or telescope.", "same"),
    Column("software", "String", "", "Program that wrote the file.", "same"),
    Column("significant_bits", "Int64", "bit", "Bits really used, as the file states them.", "same"),
    Column("compression", "String", "", "Compression of the stored pixels.", "same"),
    Column("metadata", "String", "", "Everything else the file states, as flat JSON.", "same"),
    # file
    Column("size_bytes", "Int64", "byte", "Size of the file, or of a store's members together.", "sum"),
    Column("size_readable", "String", "", "Size of the file as people write it.", "same"),
    Column("modified", "Datetime", "", "Last change of the file, UTC.", "max"),
    Column("n_planes", "Int64", "", "Number of 2-D planes (t, c, z).", "sum"),
    Column("n_planes_ok", "Int64", "", "Number of planes that could be read.", "sum"),
    Column("metric_set", "String", "", "Version of the metrics it was measured with.", "same"),
)
"""First columns of ``images.parquet``, one row an image; metrics follow."""

PLANE_KEYS = (
    _IMAGE_ID,
    Column("t", "Int32", "", "Time index of the plane.", "same"),
    Column("c", "Int32", "", "Channel index of the plane.", "same"),
    Column("z", "Int32", "", "Z index of the plane.", "same"),
)
"""First columns of ``planes.parquet``, one row a plane; metrics follow."""

HISTOGRAM_COLUMNS = (
    *PLANE_KEYS,
    Column("low", "Float64", "intensity", "Lower edge of the first bin.", "none"),
    Column("width", "Float64", "intensity", "Width of one bin.", "none"),
    Column("counts", "List(Int64)", "px", "Finite samples in each bin.", "none"),
)
"""Columns of ``histograms.parquet``, one row a plane."""

THUMBNAIL_COLUMNS = (
    _IMAGE_ID,
    Column("c", "Int32", "", "Channel index of the thumbnail.", "none"),
    Column("width", "Int32", "px", "Width of the thumbnail.", "none"),
    Column("height", "Int32", "px", "Height of the thumbnail.", "none"),
    Column("low", "Float64", "intensity", "Intensity shown black.", "none"),
    Column("high", "Float64", "intensity", "Intensity shown white.", "none"),
    Column("jpeg", "Binary", "", "The thumbnail as JPEG.", "none"),
)
"""Columns of ``thumbnails.parquet``, one row an image and channel (first t, middle z)."""

_TYPES: dict[Dtype, pl.DataType] = {
    "Float32": pl.Float32(),
    "Float64": pl.Float64(),
    "Int32": pl.Int32(),
    "Int64": pl.Int64(),
    "UInt64": pl.UInt64(),
    "Boolean": pl.Boolean(),
    "String": pl.String(),
    "Binary": pl.Binary(),
    "Datetime": pl.Datetime("us"),
    "List(Float32)": pl.List(pl.Float32()),
    "List(Float64)": pl.List(pl.Float64()),
    "List(Int64)": pl.List(pl.Int64()),
    "List(String)": pl.List(pl.String()),
}


def polars_schema(columns: Iterable[Column]) -> dict[str, pl.DataType]:
    """Polars type of each column by name, in the order given."""
    return {column.name: _TYPES[column.dtype] for column in columns}


def dtype_name(dtype: pl.DataType) -> Dtype | None:
    """Name a `Column` gives to a Polars type; None for a type no column may have."""
    return next((name for name, known in _TYPES.items() if known == dtype), None)


def size_readable(size_bytes: int) -> str:
    """Size as people write it, in powers of 1,000: ``"1.2 MB"``."""
    if size_bytes < 1000:
        return f"{size_bytes} B"
    size = size_bytes / 1000
    for unit in ("kB", "MB", "GB", "TB"):
        if size < 999.95:  # 999.95 and above would be shown as 1000.0
            return f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:,.1f} PB"
