"""Columns of the table of a collection, one row an image, the same in its Parquet files."""

from smalti.core.columns import Column

__all__ = ["COLUMNS", "NAMES"]

COLUMNS = (
    Column("filename", "String", "", "File name with its extension.", "same"),
    Column("path", "String", "", "Path relative to the folder that was given, with forward slashes.", "same"),
    Column("series", "Int64", "", "Index of the image inside its file.", "same"),
    Column("series_name", "String", "", "Name of the image inside its file.", "same"),
    Column("t", "Int64", "", "Time index of the plane; null where it is all there is.", "same"),
    Column("z", "Int64", "", "z index of the plane; null where it is all there is.", "same"),
    Column(
        "bucket", "String", "", "Array that holds it, by its path in the store; null when it failed.", "same"
    ),
    Column(
        "row", "Int64", "", "Where it is along the first axis of that array; null when it failed.", "same"
    ),
    Column("shape", "List(Int64)", "px", "Channels, height and width of the image in its file.", "same"),
    Column("dtype", "String", "", "Type of the pixels in its file.", "same"),
    Column(
        "stored_shape",
        "List(Int64)",
        "px",
        "Channels, height, width in the store; beyond is padding.",
        "same",
    ),
    Column("min", "Float64", "intensity", "Least finite value, as stored.", "min"),
    Column("max", "Float64", "intensity", "Greatest finite value, as stored.", "max"),
    Column("mean", "Float64", "intensity", "Mean of the finite values, as stored.", "none"),
    Column("n_nan", "Int64", "px", "Number of NaN, as stored.", "sum"),
    Column("channel_names", "List(String)", "", "Names of the channels; null when not stated.", "same"),
    Column("pixel_size_x_um", "Float64", "µm", "Width of a pixel in the file; null when not stated.", "same"),
    Column(
        "pixel_size_y_um", "Float64", "µm", "Height of a pixel in the file; null when not stated.", "same"
    ),
    Column("format", "String", "", "File format, as found in the content.", "same"),
    Column("reader", "String", "", "Loader that read it.", "same"),
    Column("source_size", "Int64", "byte", "Size of the file.", "sum"),
    Column("source_modified", "Datetime", "", "Last change of the file, UTC.", "max"),
    Column(
        "source_hash", "String", "", "xxh3-128 of the file's bytes, 32 hex digits; null for no file.", "same"
    ),
    Column("pixel_hash", "String", "", "xxh3-128 of the pixels as stored, 32 hex digits.", "same"),
    Column("note", "String", "", "What the file lacks, though this image could be read.", "same"),
    Column("error", "String", "", "Why it is not in the store; null when it is.", "same"),
)

NAMES = tuple(column.name for column in COLUMNS)
