"""Tables that users bring: CSV, TSV or Parquet, here or elsewhere, as Polars frames of plain types."""

import io
from collections.abc import Collection, Mapping
from pathlib import Path, PurePosixPath

import polars as pl

from smalti.core.columns import Column, Dtype
from smalti.core.errors import UsageError
from smalti.core.remote import filesystem, is_url, path_in, said, shown

__all__ = ["TABLES", "declared", "plain", "read_bytes", "read_table", "suffix"]

TABLES = ("csv", "tsv", "parquet", "pq")

_DTYPES: Mapping[type[pl.DataType], Dtype] = {
    pl.String: "String",
    pl.Int64: "Int64",
    pl.Float64: "Float64",
    pl.Boolean: "Boolean",
    pl.Datetime: "Datetime",
}


def suffix(uri: str) -> str:
    """Extension of a path or URL in lower case, without the dot."""
    return PurePosixPath(shown(uri).partition("?")[0]).suffix.lower().removeprefix(".")


def read_bytes(uri: str) -> bytes:
    """All bytes of a file here or elsewhere.

    Raises
    ------
    UsageError
        It cannot be read.
    """
    try:
        if not is_url(uri):
            return Path(uri).read_bytes()
        files = filesystem(uri)
        return bytes(files.cat_file(path_in(files, uri)))
    except OSError as error:
        reason = said(error) if is_url(uri) else error.strerror or error
        raise UsageError(f"{shown(uri)} cannot be read: {reason}") from error
    except UsageError:
        raise
    except Exception as error:  # the libraries of clouds have errors of their own
        raise UsageError(f"{shown(uri)} cannot be read: {said(error)}") from error


def read_table(uri: str, texts: Collection[str] = ()) -> pl.DataFrame:
    """A table, types inferred by Polars, dates parsed.

    Parameters
    ----------
    uri
        Path or URL of a CSV, TSV or Parquet file; the first row of the former names the columns.
    texts
        Columns that are text whatever they look like: keys, which keep their leading zeros.

    Raises
    ------
    UsageError
        It cannot be read, or is no such table.
    """
    data = read_bytes(uri)
    kind = suffix(uri)
    if kind not in TABLES:
        raise UsageError(f"{shown(uri)} is no table; give a .csv, .tsv or .parquet file")
    try:
        if kind in ("parquet", "pq"):
            table = pl.read_parquet(io.BytesIO(data))
            return table.with_columns(pl.col(name).cast(pl.String) for name in texts if name in table.columns)
        separator = "\t" if kind == "tsv" else ","
        header = pl.read_csv(data, separator=separator, n_rows=0).columns
        return pl.read_csv(
            data,
            separator=separator,
            infer_schema_length=None,
            try_parse_dates=True,
            schema_overrides={name: pl.String for name in texts if name in header},
        )
    except (pl.exceptions.PolarsError, UnicodeDecodeError) as error:
        reason = str(error).strip().partition("\n")[0]
        raise UsageError(f"{shown(uri)} cannot be read as a table: {reason}") from error


def plain(table: pl.DataFrame) -> tuple[pl.DataFrame, list[str]]:
    """The columns that a QC table can have, cast to its types, and the names of those that it cannot."""
    left_out = [name for name, dtype in table.schema.items() if dtype.is_nested() or dtype == pl.Binary]
    kept = [_plain(name, dtype) for name, dtype in table.schema.items() if name not in left_out]
    return table.select(kept), left_out


def _plain(name: str, dtype: pl.DataType) -> pl.Expr:
    column = pl.col(name)
    if dtype == pl.Boolean or dtype == pl.String:
        return column
    if dtype.is_integer():
        return column.cast(pl.Int64, strict=False)
    if dtype.is_numeric():
        return column.cast(pl.Float64)
    if dtype == pl.Date:
        return column.cast(pl.Datetime("us"))
    if isinstance(dtype, pl.Datetime):
        return (
            (column.dt.convert_time_zone("UTC") if dtype.time_zone else column)
            .dt.replace_time_zone(None)
            .dt.cast_time_unit("us")
        )
    return column.cast(pl.String)


def declared(table: pl.DataFrame, origin: str) -> tuple[Column, ...]:
    """The columns of a `plain` table, declared as coming from `origin`."""
    return tuple(
        Column(name, _DTYPES[type(dtype)], "", f"{origin}.", "same") for name, dtype in table.schema.items()
    )
