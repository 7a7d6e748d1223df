"""The columns of the index: where each sample is, and of what."""

import polars as pl

from smalti.core.columns import Column
from smalti.table.schema import polars_schema

__all__ = ["INDEX", "PART"]

INDEX = (
    Column("key", "String", "", "Name of the sample; unique in the set.", "same"),
    Column("shard", "String", "", "Tar file that holds it, in the folder of the set.", "same"),
    Column("offset", "Int64", "byte", "Where its part of that file begins.", "none"),
    Column("size", "Int64", "byte", "Length of its part, headers and padding included.", "sum"),
    Column("source", "String", "", "Path of the file it came from.", "same"),
    Column("series", "Int64", "", "Index of the image inside that file.", "same"),
    Column("recording", "Int64", "", "Number of the recording in the set.", "same"),
    Column("frame", "Int64", "", "Number of the frame in its recording.", "same"),
    Column("t", "Int64", "", "Time index.", "same"),
    Column("z", "Int64", "", "z index.", "same"),
    Column("c", "Int64", "", "Number of the channel.", "same"),
    Column("channel", "String", "", "Name of the channel; null when not stated.", "same"),
    Column("height", "Int64", "px", "Height.", "same"),
    Column("width", "Int64", "px", "Width.", "same"),
    Column("colours", "Int64", "", "Colour samples of a pixel; null where it is a single number.", "same"),
    Column("dtype", "String", "", "Type of the pixels as stored.", "same"),
)

PART = pl.Schema({**polars_schema(INDEX), "error": pl.String()})
"""Of the rows that are kept while a run is not finished: also those of what failed."""
