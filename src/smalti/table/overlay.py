"""Several files of one table as one: later files replace earlier ones path by path, columns may differ."""

from collections.abc import Mapping
from pathlib import Path

import polars as pl

from smalti.table.parquet import scan

__all__ = ["PART", "fitted", "kept_images", "stack"]

PART = "__part"
"""Column with the number of the part a row came from; 0 for the final file."""

_Schema = tuple[tuple[str, pl.DataType], ...]


def stack(files: Mapping[int, Path], declared: Mapping[str, pl.DataType]) -> pl.LazyFrame:
    """All rows of all files, one below the other, with the column `PART`.

    Parameters
    ----------
    files
        File by part number, ascending; 0 is the final file.
    declared
        Columns that come first, with their types. Others follow as found; of two types of one name the
        later file's counts. A value that does not fit the type is null, as is a column that a file lacks.
    """
    groups: dict[_Schema, dict[int, Path]] = {}
    wanted = dict(declared)
    for number, path in files.items():
        found = _schema(path)
        wanted |= {name: dtype for name, dtype in found if name not in declared}
        groups.setdefault(found, {})[number] = path
    tables = [_aligned(_numbered(group), dict(found), wanted) for found, group in groups.items()]
    return pl.concat(tables) if tables else pl.LazyFrame(schema={**wanted, PART: pl.UInt32()})


def kept_images(images: Mapping[int, Path]) -> tuple[pl.DataFrame, bool]:
    """The images that no later part replaces, and whether that is all of them.

    A part that names a path speaks for the whole of it: a series it does not list is gone.

    Returns
    -------
    polars.DataFrame
        `path`, `image_id` and `PART`, sorted by path and series.
    bool
        False when rows of some file are replaced by those of a later one.
    """
    keys = {"path": pl.String(), "series": pl.Int64(), "image_id": pl.String()}
    rows = stack(images, keys).select(*keys, PART).sort("path", "series").collect()
    # Runs of equal paths, which are sorted, take 0.05 s a million rows; groups of strings take 0.25 s.
    latest = rows.filter(pl.col(PART) == pl.col(PART).max().over(pl.col("path").rle_id()))
    return latest.drop("series"), latest.height == rows.height


def _schema(path: Path) -> _Schema:
    with path.open("rb") as file:  # a path given as text would be taken for a pattern
        return tuple(pl.read_parquet_schema(file).items())


def _numbered(files: Mapping[int, Path]) -> pl.LazyFrame:
    if 0 in files and len(files) == 1:
        return scan(files[0]).with_columns(pl.lit(0, pl.UInt32).alias(PART))
    number = pl.col(PART).str.extract(r"part-(\d+)\.\w+\.parquet$").fill_null("0")
    return scan(list(files.values()), origin=PART).with_columns(number.cast(pl.UInt32))


def _aligned(
    table: pl.LazyFrame, found: Mapping[str, pl.DataType], wanted: Mapping[str, pl.DataType]
) -> pl.LazyFrame:
    """The wanted columns, cast where the type differs, null where absent or of another kind, and `PART`."""
    columns = [fitted(name, found.get(name), dtype) for name, dtype in wanted.items()]
    return table.select(*columns, PART)


def fitted(name: str, found: pl.DataType | None, wanted: pl.DataType) -> pl.Expr:
    """A column as it is declared: cast where it is of another type, null where it cannot be or is absent.

    Parameters
    ----------
    name
        The column.
    found
        Its type; None when it is not there.
    wanted
        Its declared type.
    """
    if found == wanted:
        return pl.col(name)
    if found is None or found.is_nested() or wanted.is_nested():
        return pl.lit(None, wanted).alias(name)
    return pl.col(name).cast(wanted, strict=False)
