"""The four tables of a project folder: parts written during a run, and the final files they become.

A part holds all rows of some paths, in up to four files; its images file is renamed last and is the mark
that the part is whole. A path that stands in a later part replaces everything earlier said of that path.
One process at a time may write; the caller holds the lock.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import polars as pl

from smalti.core.columns import Column
from smalti.core.errors import SmaltiError, UnknownNameError
from smalti.table.elsewhere import forget_place, parts_folder
from smalti.table.overlay import PART, kept_images, stack
from smalti.table.parquet import commit, read_metadata, scan, stage, stage_part
from smalti.table.schema import (
    HISTOGRAM_COLUMNS,
    IMAGE_COLUMNS,
    PLANE_KEYS,
    THUMBNAIL_COLUMNS,
    polars_schema,
)

__all__ = ["TABLES", "compact", "exists", "final_file", "forget", "next_part", "parts", "read", "write_part"]

TABLES: dict[str, tuple[Column, ...]] = {
    "images": IMAGE_COLUMNS,
    "planes": PLANE_KEYS,
    "histograms": HISTOGRAM_COLUMNS,
    "thumbnails": THUMBNAIL_COLUMNS,
}
"""The tables by name, with the columns each has whatever was measured. Images come first: renaming goes in
this order, so that rows of other tables whose image is gone are never shown."""

_WITHIN = {"images": (), "planes": ("t", "c", "z"), "histograms": ("t", "c", "z"), "thumbnails": ("c",)}
_ORDER = "__order"


def final_file(folder: Path, table: str) -> Path:
    """Where the final file of a table lies, written or not."""
    if table not in TABLES:
        raise UnknownNameError("table", table, TABLES)
    return folder / f"{table}.parquet"


def parts(folder: Path) -> list[int]:
    """Numbers of the whole parts, ascending."""
    return sorted(
        int(path.name[5:].partition(".")[0]) for path in parts_folder(folder).glob("part-*.images.parquet")
    )


def exists(folder: Path) -> bool:
    """Whether anything was written yet: a final images table, or a whole part."""
    return final_file(folder, "images").exists() or bool(parts(folder))


def next_part(folder: Path) -> int:
    """A number above every part that is whole or was begun."""
    begun = (path.name[5:].partition(".")[0] for path in parts_folder(folder).glob("part-*.parquet*"))
    return max((int(number) for number in begun if number.isdecimal()), default=0) + 1


def write_part(folder: Path, number: int, tables: Mapping[str, pl.DataFrame]) -> None:
    """Write one part; after a kill at any moment it is there as a whole or not at all.

    Parameters
    ----------
    folder
        The project folder.
    number
        From 1 up; higher numbers replace lower ones path by path. Not that of a whole part.
    tables
        Frames by table; ``images`` is required, and every path in it comes with all its rows.
    """
    if "images" not in tables or number < 1:
        raise ValueError(
            f"part {number} with {sorted(tables)}: a part has a number from 1 and an images table"
        )
    targets = {table: _part(folder, number, table) for table in TABLES}
    if targets["images"].exists():
        raise ValueError(f"part {number} is already written; take next_part()")
    parts_folder(folder).mkdir(parents=True, exist_ok=True)
    for target in targets.values():  # what a killed run left must not join this part
        target.unlink(missing_ok=True)
    for table in reversed(TABLES):
        if table == "images" or (table in tables and tables[table].height):
            commit(stage_part(tables[table], targets[table]), targets[table])


def read(folder: Path, table: str) -> pl.LazyFrame:
    """One table of a project: the final file, overlaid by the parts. Without any file, no rows.

    The frame reads the files that are there now; `compact` takes parts away, after which it fails.
    """
    final = final_file(folder, table)
    numbers = parts(folder)
    if not numbers and not _marker(folder).exists():
        return scan(final) if final.exists() else pl.LazyFrame(schema=polars_schema(TABLES[table]))
    rows = stack(_files(folder, table, numbers), polars_schema(TABLES[table]))
    kept, is_all = kept_images(_files(folder, "images", numbers))
    if not is_all or _marker(folder).exists():
        rows = rows.join(kept.lazy(), on=["image_id", PART], how="semi")
    return rows.drop(PART)


def compact(
    folder: Path,
    columns: Mapping[str, Sequence[Column]],
    footer: Mapping[str, str],
    present: pl.DataFrame | None = None,
    stated: Mapping[str, Sequence[str]] | None = None,
) -> None:
    """Merge final files and parts into the final files, sorted by path, series, t, c, z.

    Killed at any moment, `read` still shows whole paths only, and running it again gives the same files.

    Parameters
    ----------
    folder
        The project folder.
    columns
        Declared columns by table, in the order wanted; a table left out has the columns of `TABLES`.
        A column found in the files but not declared is kept, at the end, while it holds a value. A value
        that does not fit the type now declared becomes null.
    footer
        Settings and versions, written into every file.
    present
        Files that are there now: ``path``, and columns of images (where a file lies, its condition) whose
        present values replace the stored ones. Rows of other paths are dropped. None keeps all as it is.
    stated
        Columns that the files of some readers state themselves, with these readers: their rows keep the
        stored value, whatever is present.
    """
    numbers = parts(folder)
    kept, _ = kept_images(_files(folder, "images", numbers))
    if present is not None:
        kept = kept.join(present, on="path", how="semi", maintain_order="left")
    order = kept.with_row_index(_ORDER).select("image_id", PART, _ORDER).lazy()
    staged = {}
    for table, always in TABLES.items():
        final = final_file(folder, table)
        declared = columns.get(table, always)
        rows = stack(_files(folder, table, numbers), polars_schema(declared))
        rows = rows.join(order, on=["image_id", PART])
        if table == "images" and present is not None:
            rows = _at_present(rows, present, stated or {})
        others = _undeclared(rows, declared)
        rows = rows.sort(_ORDER, *_WITHIN[table]).select(*(column.name for column in declared), *others)
        staged[final] = stage(rows, final, (*declared, *_stated(final, others)), footer)
    parts_folder(folder).mkdir(exist_ok=True)
    _marker(folder).touch()  # from here on the final files may not match each other; `read` looks closer
    for final, temporary in staged.items():
        commit(temporary, final)
    _clear(folder)


def forget(folder: Path) -> None:
    """Remove all tables and parts. Images go first, so that a kill leaves no rows of them to be trusted.

    Parts on another disk that is not there now are left alone, and nothing points to them any more.
    """
    try:
        parts_folder(folder)
    except SmaltiError:
        forget_place(folder)
    for table in TABLES:
        final_file(folder, table).unlink(missing_ok=True)
        for part in parts_folder(folder).glob(f"part-*.{table}.parquet*"):
            part.unlink()
    _marker(folder).unlink(missing_ok=True)
    forget_place(folder)


def _at_present(
    rows: pl.LazyFrame, present: pl.DataFrame, stated: Mapping[str, Sequence[str]]
) -> pl.LazyFrame:
    """Rows of images with the values of now, but for what files state themselves."""
    own = {name: f"__own_{name}" for name in stated if name in present.columns}
    rows = rows.rename(own).drop(present.columns[1:], strict=False)
    rows = rows.join(present.lazy(), on="path", how="left")
    chosen = [
        pl.when(pl.col("reader").is_in(list(stated[name])))
        .then(pl.col(kept))
        .otherwise(pl.col(name))
        .alias(name)
        for name, kept in own.items()
    ]
    return rows.with_columns(chosen).drop(own.values())


def _undeclared(rows: pl.LazyFrame, declared: Sequence[Column]) -> list[str]:
    """Columns of earlier runs that still hold a value."""
    known = {column.name for column in declared} | {PART, _ORDER}
    names = [name for name in rows.collect_schema() if name not in known]
    if not names:
        return []
    filled = rows.select(pl.col(name).is_not_null().any() for name in names).collect()
    return [name for name in names if filled[name].item()]


def _stated(final: Path, names: Sequence[str]) -> list[Column]:
    """What the old final file says of some columns."""
    if not names or not final.exists():
        return []
    return [column for column in read_metadata(final).columns if column.name in names]


def _clear(folder: Path) -> None:
    """Remove the parts, oldest first: those left after a kill are the newest, and still right on top."""
    for number in parts(folder):
        for table in TABLES:  # images first: without it the part does not exist
            _part(folder, number, table).unlink(missing_ok=True)
    for rest in parts_folder(folder).glob("part-*.parquet*"):  # parts that a killed run began
        rest.unlink()
    _marker(folder).unlink()
    forget_place(folder)  # a project without parts is whole where it stands


def _files(folder: Path, table: str, numbers: Sequence[int]) -> dict[int, Path]:
    final = final_file(folder, table)
    files = {0: final} | {number: _part(folder, number, table) for number in numbers}
    return {number: path for number, path in files.items() if path.exists()}


def _part(folder: Path, number: int, table: str) -> Path:
    return parts_folder(folder) / f"part-{number:06d}.{table}.parquet"


def _marker(folder: Path) -> Path:
    return parts_folder(folder) / "compacting"
