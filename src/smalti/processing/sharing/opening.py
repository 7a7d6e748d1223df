"""What can be opened as a project: its folder, its ZIP, or a QC table that comes alone."""

from functools import partial
from pathlib import Path

import polars as pl

from smalti.core.errors import SmaltiError, UsageError
from smalti.processing.record import Record
from smalti.processing.sharing.archive import fingerprint, unpack
from smalti.processing.sharing.bare import check_size, declared, shown_folder
from smalti.processing.sharing.jpegs import check_thumbnails
from smalti.processing.sharing.kinds import kind_of
from smalti.processing.sharing.shelf import shelved
from smalti.table.parquet import commit, read_metadata, scan, stage
from smalti.table.schema import polars_schema
from smalti.table.store import TABLES, final_file

__all__ = ["folder_of"]


def folder_of(source: Path) -> Path:
    """The folder that holds a project's tables; of a ZIP or a table, a read-only one in the user's cache.

    Raises
    ------
    UsageError
        There is nothing that can be opened; or see `unpack` and `shown_folder`.
    """
    kind = kind_of(source)
    if kind == "zip":
        return shelved(fingerprint(source), source, partial(_unpack, source))
    if kind == "parquet":
        return shown_folder(source)
    if source.is_file():
        raise UsageError(
            f"{source} is no project: neither a ZIP that smalti wrote nor a Parquet table; "
            f"to measure images, use: smalti process BASE -o {source.stem}.smalti"
        )
    return source


def _unpack(source: Path, folder: Path) -> None:
    """Unpack a ZIP, and make its tables what this version reads: anyone may have made it, at any time."""
    unpack(source, folder)
    try:
        Record.read(folder)
        for table in TABLES:
            if final_file(folder, table).exists():
                check_size(final_file(folder, table))
                _bring_up(folder, table)
        if final_file(folder, "thumbnails").exists():
            check_thumbnails(final_file(folder, "thumbnails"))
    except (SmaltiError, pl.exceptions.PolarsError) as error:
        said = " ".join(str(error).replace(str(folder), source.name).split())
        raise UsageError(f"{source} cannot be opened: {said}") from error


def _bring_up(folder: Path, table: str) -> None:
    """Write a table anew where columns that every project has are missing, or of another type."""
    final, wanted = final_file(folder, table), polars_schema(TABLES[table])
    rows, stated = scan(final), read_metadata(final)
    found = rows.collect_schema()
    if any(found.get(name) != dtype for name, dtype in wanted.items()):
        described = [*TABLES[table], *(column for column in stated.columns if column.name not in wanted)]
        commit(stage(declared(rows, TABLES[table]), final, described, stated.footer), final)
