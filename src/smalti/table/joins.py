"""Metadata of other files beside the images: a table joined on a key column."""

from dataclasses import dataclass
from pathlib import Path

import polars as pl
import polars.selectors as cs

from smalti.core.errors import UnknownNameError, UsageError

__all__ = ["READERS", "Join", "join_frame", "read_metadata_file"]

READERS = {
    ".csv": "pl.read_csv({path}, infer_schema_length=None, try_parse_dates=True)",
    ".tsv": "pl.read_csv({path}, separator='\\t', infer_schema_length=None, try_parse_dates=True)",
    ".parquet": "pl.read_parquet({path})",
}
"""Code that reads a metadata file, by its ending; `read_metadata_file` does the same."""


@dataclass(frozen=True, slots=True)
class Join:
    """Columns of a file beside those of the images.

    Parameters
    ----------
    file
        CSV, TSV or Parquet.
    on
        Column of both, whose value is in the file once.
    """

    file: str
    on: str


def read_metadata_file(file: str) -> pl.DataFrame:
    """A CSV, TSV or Parquet file.

    Raises
    ------
    UsageError
        It cannot be read, or is of another kind.
    """
    path = Path(file)
    kind = path.suffix.lower()
    if kind not in READERS:
        raise UsageError(f"{file} is no table that can be joined; give a file ending in {', '.join(READERS)}")
    try:
        if kind == ".parquet":
            return pl.read_parquet(path, glob=False)
        separator = "\t" if kind == ".tsv" else ","
        return pl.read_csv(
            path, separator=separator, infer_schema_length=None, try_parse_dates=True, glob=False
        )
    except (OSError, pl.exceptions.PolarsError) as error:
        raise UsageError(f"{file} cannot be read: {error}") from error


def join_frame(images: pl.DataFrame, metadata: pl.DataFrame, on: str) -> pl.DataFrame:
    """Images with the columns of `metadata` at the end; null where it has no row.

    Raises
    ------
    UnknownNameError
        One of the two lacks the key column.
    UsageError
        A key is in `metadata` twice, or a column is in both.
    """
    for name, frame in (("image column", images), ("metadata column", metadata)):
        if on not in frame.columns:
            raise UnknownNameError(name, on, frame.columns)
    both = [name for name in metadata.columns if name in images.columns and name != on]
    if both:
        raise UsageError(f"column {both[0]!r} is in the images table already; rename it in the metadata")
    key = metadata[on].cast(images.schema[on], strict=False)
    if key.is_duplicated().any():
        twice = key.filter(key.is_duplicated())[0]
        raise UsageError(f"{on} {twice!r} is in the metadata more than once; keep one row for each")
    metadata = metadata.with_columns(key, cs.float().fill_nan(None))
    return images.join(metadata, on=on, how="left", maintain_order="left")
