"""A QC table that comes alone, as a Parquet file, shown as a project."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import polars as pl
import polars.selectors as cs
import xxhash

from smalti.core.columns import Column
from smalti.core.errors import UsageError
from smalti.processing.machine import machine_memory
from smalti.processing.record import Record
from smalti.processing.sharing.named import with_file_facts
from smalti.processing.sharing.pixelpatrol import is_pixelpatrol, read_pixelpatrol
from smalti.processing.sharing.shelf import shelved
from smalti.table.overlay import fitted
from smalti.table.parquet import commit, read_metadata, scan, stage
from smalti.table.rollup import rollup
from smalti.table.schema import PLANE_KEYS, polars_schema
from smalti.table.store import TABLES, final_file

__all__ = ["check_size", "declared", "is_table", "shown_folder"]

VERSION = 1
"""Rises when a table is shown otherwise than before."""

PATHS = (
    "path",
    "file_path",
    "filepath",
    "filename",
    "file_name",
    "image_path",
    "file",
    "image",
    "uri",
    "url",
)
"""Names of columns that say which image a row is about, in tables that other programs wrote."""

VALUE_BYTES = 8

_LISTS = (pl.List(pl.Float32), pl.List(pl.Int64), pl.List(pl.String))


@dataclass(frozen=True, slots=True)
class Shown:
    """What is written for a table: frames by name, the columns they describe, and the facts around them."""

    tables: Mapping[str, pl.LazyFrame]
    columns: Iterable[Column]
    record: Record


def shown_folder(path: Path) -> Path:
    """A read-only project folder, in the user's cache, that shows a Parquet file.

    Raises
    ------
    UsageError
        It cannot be read, has no column that names images, or more rows than memory holds.
    """
    facts = path.stat()
    known_by = (VERSION, os.fsencode(path), facts.st_size, facts.st_mtime_ns)
    key = xxhash.xxh3_128_hexdigest(repr(known_by).encode())
    return shelved(key, path, partial(_write, path))


def is_table(path: Path) -> bool:
    """Whether a Parquet file is a QC table, of smalti or PixelPatrol; else it may be a list of images."""
    schema = _schema(path)
    return is_pixelpatrol(schema) or "image_id" in schema


def _schema(path: Path) -> dict[str, pl.DataType]:
    try:
        with path.open("rb") as file:  # a path given as text would be taken for a pattern
            return dict(pl.read_parquet_schema(file))
    except pl.exceptions.PolarsError as error:
        raise UsageError(
            f"{path} cannot be read as Parquet ({_said(error)}); write or copy it again"
        ) from error


def _write(path: Path, folder: Path) -> None:
    import pyarrow as pa

    try:
        shown = _shown(path)
        for table, always in TABLES.items():
            rows = declared(shown.tables.get(table, pl.LazyFrame(schema=polars_schema(always))), always)
            meanings = {column.name: column for column in (*shown.columns, *always)}
            described = [meanings[name] for name in rows.collect_schema() if name in meanings]
            target = final_file(folder, table)
            commit(stage(rows, target, described, {"smalti": shown.record.version}), target)
        seen = scan(final_file(folder, "images")).select("path", "condition").collect()
    except (pl.exceptions.PolarsError, pa.ArrowException) as error:
        raise UsageError(f"{path} is no table that can be shown ({_said(error)}); write it again") from error
    groups = tuple(seen["condition"].drop_nulls().unique(maintain_order=True))
    replace(shown.record, files=seen["path"].n_unique(), conditions=groups, finished=True).write(folder)


def _said(error: Exception) -> str:
    return " ".join(str(error).split())


def _shown(path: Path) -> Shown:
    """What kind of table it is, and what becomes of it."""
    schema, stated = _schema(path), read_metadata(path)
    check_size(path)
    record = Record(name=path.stem, base="", version=stated.footer.get("smalti", ""))
    if is_pixelpatrol(schema):
        return Shown(*read_pixelpatrol(path), _facts_of(stated.footer, record))
    if {"image_id", "path"} <= schema.keys():
        return Shown({"images": scan(path).sort("path", maintain_order=True)}, stated.columns, record)
    if {column.name for column in PLANE_KEYS} <= schema.keys() and "counts" not in schema:
        planes = scan(path)
        return Shown({"images": _images_of(planes, stated.columns), "planes": planes}, stated.columns, record)
    column = next((name for name in PATHS if schema.get(name) == pl.String), None)
    if column is None:
        raise UsageError(
            f"{path} has no column that says which image a row is about; give a table with image_id and path "
            f"as smalti writes it, or one with text in {', '.join(PATHS)} (found: {', '.join([*schema][:9])})"
        )
    return Shown({"images": _listed(path, column)}, stated.columns, record)


def check_size(path: Path) -> None:
    """Raise UsageError for a table that memory does not hold.

    Repeated values take next to nothing in Parquet, so that a small file may hold a billion rows.
    """
    n_rows = int(pl.scan_parquet(path, glob=False).select(pl.len()).collect().item())
    n_columns = len(_schema(path))
    needed, allowed = n_rows * n_columns * VALUE_BYTES, machine_memory() // 2
    if needed > allowed:
        raise UsageError(
            f"{path} has {n_rows:,} rows of {n_columns} columns, about {needed:,} bytes in memory; half of "
            f"this machine's, {allowed:,}, may be used: give some of its rows or columns"
        )


def _facts_of(footer: Mapping[str, str], record: Record) -> Record:
    """Title, label and description that PixelPatrol was given."""
    stated = {
        name: footer.get(f"pp_{name}", "").strip() for name in ("project_name", "flavor", "description")
    }
    version = f"PixelPatrol {footer.get('pp_version', '')}".strip()
    return replace(
        record,
        name=stated["project_name"] or record.name,
        flavor=stated["flavor"],
        description=stated["description"],
        version=version,
    )


def _images_of(planes: pl.LazyFrame, columns: Iterable[Column]) -> pl.LazyFrame:
    """One row an image, rolled up from planes that came alone; their ids stand for the paths."""
    keys = {column.name for column in PLANE_KEYS}
    measured = [column for column in columns if column.name not in keys]
    images = rollup(planes, measured, ["image_id"]).sort("image_id")
    path = pl.col("image_id")
    return images.with_columns(path=path, name=path, stem=path, status=pl.lit("ok"), n_planes_ok="n_planes")


def _listed(path: Path, column: str) -> pl.LazyFrame:
    """A table of another program: its own columns, beside those that follow from a path."""
    rows = scan(path).rename({"status": "source_status"}, strict=False).collect()
    if "size_bytes" not in rows.columns:
        rows = rows.with_columns(size_bytes=pl.lit(None, pl.Int64))
    paths = rows[column].str.replace_all("\\", "/", literal=True)
    rows = rows.drop("path", "series", strict=False).with_columns(paths.alias("path")).drop_nulls("path")
    rows = rows.with_columns(
        pl.col("size_bytes").cast(pl.Int64, strict=False),
        series=pl.int_range(pl.len()).over("path"),
        uri=pl.col("path"),
        status=pl.lit("ok"),
    )
    return with_file_facts(rows.sort("path", "series")).lazy()


def declared(rows: pl.LazyFrame, always: Iterable[Column]) -> pl.LazyFrame:
    """The columns that each project has, in their types, then the others that a page can show."""
    found, wanted = rows.collect_schema(), polars_schema(always)
    plain = cs.numeric() | cs.string() | cs.boolean() | cs.temporal() | cs.by_dtype(*_LISTS)
    kept = rows.select(cs.exclude(*wanted) & plain).collect_schema()
    fits = [fitted(name, found.get(name), dtype) for name, dtype in wanted.items()]
    small = pl.col([name for name, dtype in kept.items() if dtype.is_integer() and dtype != pl.UInt64])
    return rows.select(*fits, *kept).with_columns(small.cast(pl.Int64))
