"""One Parquet file: written whole or not at all, with the meaning of its columns inside."""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import polars.selectors as cs

from smalti.core.columns import Column, Rollup
from smalti.core.errors import UsageError
from smalti.table.schema import dtype_name

__all__ = ["TableInfo", "commit", "read_metadata", "scan", "stage", "stage_part"]

ROW_GROUP = 50_000
_OWN_KEYS = {"ARROW:schema"}  # footer entries that are Parquet's or Arrow's own business


@dataclass(frozen=True, slots=True)
class TableInfo:
    """What a Parquet file says about itself.

    Parameters
    ----------
    columns
        Name, type, unit, meaning and roll-up of each column, in the order of the file; unit and meaning
        are empty where the file does not state them. Columns of types that smalti has no name for are
        left out.
    footer
        Settings and versions, as they were given to `stage`.
    """

    columns: tuple[Column, ...]
    footer: dict[str, str]


def stage(
    frame: pl.LazyFrame,
    target: Path,
    columns: Sequence[Column],
    footer: Mapping[str, str],
    *,
    through: bool = True,
) -> Path:
    """Write beside `target`, `through` to the disk, and return the temporary file for `commit`.

    zstd, row groups of 50,000; description, unit and roll-up of `columns` in the field metadata, where
    pyarrow shows them as ``schema.field(i).metadata``; `footer` in the key-value metadata of the file.
    A column of `frame` that `columns` does not describe is written without a description.
    """
    temporary = _temporary(target)
    _sink(
        frame,
        temporary,
        through,
        compression="zstd",
        row_group_size=ROW_GROUP,
        metadata=dict(footer),
        arrow_schema=_described(frame.collect_schema(), columns),
    )
    return temporary


def stage_part(frame: pl.DataFrame, target: Path) -> Path:
    """Write a short-lived file beside `target`: lz4, without statistics and meanings; see `stage`."""
    temporary = _temporary(target)
    _sink(frame.lazy(), temporary, True, compression="lz4", statistics=False)
    return temporary


def _sink(frame: pl.LazyFrame, temporary: Path, through: bool, **options: Any) -> None:
    """Write a file; a full disk keeps nothing of what did not fit."""
    try:
        frame.sink_parquet(temporary, sync_on_close="all" if through else None, **options)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def commit(temporary: Path, target: Path) -> None:
    """Put a staged file in its place in one step; after a kill either the old or the new one is there."""
    temporary.replace(target)
    if os.name == "posix":  # elsewhere a folder cannot be opened, and the rename is journalled
        handle = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def scan(paths: Path | list[Path], origin: str | None = None) -> pl.LazyFrame:
    """Files of one schema as one lazy table; NaN becomes null, because Polars lets NaN pass ``> 3``.

    Parameters
    ----------
    paths
        Taken literally: ``*``, ``[`` and ``key=value`` in a name mean nothing.
    origin
        Name of an added column with the file each row came from.
    """
    table = pl.scan_parquet(paths, glob=False, hive_partitioning=False, include_file_paths=origin)
    return table.with_columns(cs.float().fill_nan(None))


def read_metadata(path: Path) -> TableInfo:
    """Columns with their meaning, and the footer, of a Parquet file.

    Raises
    ------
    UsageError
        The file is missing or is not Parquet.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        schema = pq.read_schema(path)
        footer = pq.read_metadata(path).metadata or {}
    except (OSError, pa.ArrowInvalid) as error:
        raise UsageError(
            f"{path} cannot be read as Parquet: {error}; give a table that smalti wrote"
        ) from error
    fields = {field.name: field.metadata or {} for field in schema}
    columns = (_column(name, dtype, fields[name]) for name, dtype in pl.Schema(schema).items())
    stated = {key.decode(errors="replace"): value.decode(errors="replace") for key, value in footer.items()}
    return TableInfo(
        tuple(column for column in columns if column is not None),
        {key: value for key, value in stated.items() if key not in _OWN_KEYS},
    )


def _column(name: str, dtype: pl.DataType, facts: Mapping[bytes, bytes]) -> Column | None:
    known = dtype_name(dtype)
    if known is None:
        return None
    unit, meaning = (facts.get(key, b"").decode(errors="replace") for key in (b"unit", b"description"))
    rollup: Rollup = facts.get(b"rollup", b"none").decode(errors="replace")  # type: ignore[assignment]
    try:
        return Column(name, known, unit, meaning, rollup)
    except UsageError:  # another program means something else by it
        return Column(name, known, unit, meaning, "none")


def _described(schema: pl.Schema, columns: Iterable[Column]) -> Any:
    import pyarrow as pa

    facts = {c.name: {"description": c.meaning, "unit": c.unit, "rollup": c.rollup} for c in columns}
    # The oldest level writes large_string instead of string_view, which readers older than 2024 lack.
    plain = schema.to_arrow(compat_level=pl.CompatLevel.oldest())
    return pa.schema([field.with_metadata(facts.get(field.name, {})) for field in plain])


def _temporary(target: Path) -> Path:
    return target.with_name(target.name + ".tmp")  # one name: what a killed run left is overwritten
