"""What became of each item of a step: as a record, and as rows of a table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from smalti import __version__
from smalti.core.columns import Column
from smalti.curation.outcome import Status
from smalti.table.schema import polars_schema

__all__ = ["COLUMNS", "Record", "frame_of", "record_of", "records_of"]

COLUMNS = (
    Column("key", "String", "", "What tells the item from others.", "same"),
    Column("source_path", "String", "", "The item, relative to what was given.", "same"),
    Column("source_uri", "String", "", "Absolute path or URL of the file it lies in.", "same"),
    Column("stamp", "String", "", "What changes when that file does.", "same"),
    Column("status", "String", "", "ok, skipped or failed.", "same"),
    Column("why", "String", "", "The reason, or what a person should know.", "same"),
    Column(
        "file", "String", "", "What was made of it, relative to this table; null where nothing was.", "same"
    ),
    Column("kind", "String", "", "image, video, volume, cube, sub-volume or flipbook.", "same"),
    Column("series", "Int64", "", "Index of the image inside its source.", "same"),
    Column("shape", "List(Int64)", "px", "Of what was made, slowest axis first.", "same"),
    Column("dtype", "String", "", "Of what was made.", "same"),
    Column("axis", "Int32", "", "Axis of the slices: 0 xy, 1 xz, 2 yz.", "same"),
    Column(
        "box", "List(Int64)", "px", "z0, z1, y0, y1, x0, x1 of it in its source; behind the last.", "same"
    ),
    Column(
        "voxel_size",
        "List(Float64)",
        "µm",
        "Spacing along z, y and x of what was made; null if unknown.",
        "same",
    ),
    Column("low", "Float64", "intensity", "Intensity of the source that became 0.", "same"),
    Column("high", "Float64", "intensity", "Intensity of the source that became 255.", "same"),
    Column(
        "file_stamp",
        "String",
        "",
        "What changes when what was made does; of what replaced its source.",
        "same",
    ),
    Column("seed", "Int64", "", "Seed of what was chosen at random.", "same"),
    Column("version", "String", "", "The smalti that made it.", "same"),
)
_SCHEMA = polars_schema(COLUMNS)
_ITEM = ("key", "source_path", "source_uri", "stamp", "status", "why")


@dataclass(frozen=True, slots=True)
class Record:
    """What became of an item.

    Parameters
    ----------
    key, path, uri, stamp
        What it is: see `COLUMNS`.
    status, why
        As in `smalti.curation.outcome.Item`.
    files
        What was made of it: ``file``, and others of `COLUMNS`.
    """

    key: str
    path: str
    uri: str
    stamp: str
    status: Status
    why: str = ""
    files: tuple[Mapping[str, Any], ...] = ()


def frame_of(records: Sequence[Record]) -> pl.DataFrame:
    """A row for each file, and one for each item without any; by key."""
    rows: list[dict[str, Any]] = []
    for record in sorted(records, key=lambda record: record.key):
        uri = record.uri.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        about = record.key, record.path, uri, record.stamp, record.status, record.why
        own = dict(zip(_ITEM, about, strict=True))
        rows += [{**own, **one, "version": __version__} for one in record.files or ({},)]
    return pl.DataFrame(rows, schema=_SCHEMA)


def records_of(frame: pl.DataFrame) -> dict[str, Record]:
    """Records by key, of the rows that `frame_of` made."""
    found: dict[str, Record] = {}
    facts = [name for name in _SCHEMA if name not in (*_ITEM, "version")]
    for row in frame.iter_rows(named=True):
        files = found[row["key"]].files if row["key"] in found else ()
        if row["file"] is not None:
            files = (*files, {name: row[name] for name in facts if row[name] is not None})
        found[row["key"]] = record_of(
            {**{name.removeprefix("source_"): row[name] for name in _ITEM}, "files": files}
        )
    return found


def record_of(line: Mapping[str, Any]) -> Record:
    """A record out of plain values."""
    return Record(**{**line, "files": tuple(line["files"])})
