"""A table of the user's, joined to the images."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import PurePosixPath

import polars as pl

from smalti.core.columns import Column
from smalti.core.errors import UnknownNameError, UsageError
from smalti.core.remote import shown
from smalti.sources.found import Found
from smalti.sources.tabular import declared, plain, read_table

__all__ = ["PLANE_KEYS", "beside", "joined", "renamed"]

PLANE_KEYS = frozenset("tcz")
"""Indices of planes, which no column of images may be named by."""

_OF_FILES = ("filename", "name", "path", "stem")
_KEY = "__key"


def beside(found: Found, columns: Sequence[Column], values: pl.DataFrame) -> Found:
    """With more columns, whose values are in the order of the references."""
    if not columns:
        return found
    own = pl.DataFrame({"path": [ref.path for ref in found.refs]}, schema={"path": pl.String})
    before = (
        own if found.facts is None else own.join(found.facts, on="path", how="left", maintain_order="left")
    )
    return replace(found, columns=(*found.columns, *columns), facts=before.hstack(values))


def renamed(found: Found, taken: Collection[str]) -> Found:
    """Columns of a table of paths under names that are free."""
    if found.facts is None:
        return found
    names = _free([column.name for column in found.columns], taken)
    return replace(
        found,
        columns=tuple(replace(column, name=names[column.name]) for column in found.columns),
        facts=found.facts.rename(names),
        problems=(*found.problems, *_told(names)),
    )


def _free(names: Sequence[str], taken: Collection[str]) -> dict[str, str]:
    free = {name: f"metadata_{name}" if name in taken or name in PLANE_KEYS else name for name in names}
    for name in free.values():
        if name in taken or [*free.values()].count(name) > 1:
            raise UsageError(f"the metadata would have two columns {name!r}; call one of them otherwise")
    return free


def _told(names: dict[str, str]) -> list[str]:
    changed = [f"{old} is {new}" for old, new in names.items() if old != new]
    return [f"columns of the metadata that smalti has too: {', '.join(changed)}"] if changed else []


def joined(found: Found, metadata: str, on: str, taken: Collection[str]) -> Found:
    """What was found, with the columns of a table beside it.

    Parameters
    ----------
    found
        What was found.
    metadata
        Path or URL of the table.
    on
        What joins it, see `smalti.sources.columns.Asked`; ``""`` for the first that it has.
    taken
        Names that its columns may not have.

    Raises
    ------
    UsageError
        It cannot be read, has no column to join, or rows of one key that differ.
    UnknownNameError
        There is no such column.
    """
    known = (*_OF_FILES, *(column.name for column in found.columns))
    name = PurePosixPath(shown(metadata)).name
    table = read_table(metadata, texts=[on.rpartition("=")[2]] if on else known)
    own, theirs = _keys(table.columns, on, known, name)
    keys = _own_keys(found, own)
    rows = _single(table, theirs, keys.dtype, name)
    matched = pl.DataFrame({_KEY: keys}).join(rows, on=_KEY, how="left", maintain_order="left")
    others, left_out = plain(matched.drop(_KEY, theirs, strict=False))
    names = _free(others.columns, {*taken, *(column.name for column in found.columns)})
    others = others.rename(names)
    said = [
        *_unmatched(found, keys, rows[_KEY], table.height, name, own),
        *_shared(found, keys, rows, own),
        *_told(names),
    ]
    if left_out:
        said.append(f"columns of {name} that no table of images can have: {', '.join(left_out)}")
    found = replace(found, problems=(*found.problems, *said))
    return beside(found, declared(others, f"From {name}"), others)


def _keys(columns: Sequence[str], on: str, known: Sequence[str], table: str) -> tuple[str, str]:
    """What of the images, and which column of the table, is compared."""
    if not on:
        usual = next((name for name in known if name in columns), None)
        if usual is None:
            raise UsageError(
                f"{table} has none of the columns {', '.join(known)}; say what joins it, such as "
                f"--on filename={columns[0]}"
            )
        return usual, usual
    own, _, theirs = on.partition("=")
    if own not in known:
        raise UnknownNameError("column to join on", own, known)
    if (theirs or own) not in columns:
        raise UnknownNameError(f"column in {table}", theirs or own, columns)
    return own, theirs or own


def _own_keys(found: Found, own: str) -> pl.Series:
    paths = [PurePosixPath(ref.path) for ref in found.refs]
    if own in ("filename", "name"):
        return pl.Series([path.name for path in paths], dtype=pl.String)
    if own in ("path", "stem"):
        return pl.Series([str(path) if own == "path" else path.stem for path in paths], dtype=pl.String)
    assert found.facts is not None
    own_paths = pl.DataFrame({"path": [ref.path for ref in found.refs]})
    return own_paths.join(found.facts, on="path", how="left", maintain_order="left")[own]


def _single(table: pl.DataFrame, theirs: str, dtype: pl.DataType, name: str) -> pl.DataFrame:
    """The rows by key, each key once; keys as numbers or days where the images have these."""
    key = pl.col(theirs).str.strip_chars()
    if dtype == pl.String:
        compared = key.str.strip_prefix("./")
    elif isinstance(dtype, pl.Datetime):
        compared = key.str.slice(0, 10).str.to_datetime("%Y-%m-%d", strict=False, time_unit="us")
    else:
        compared = key.cast(dtype, strict=False)
    rows = table.with_columns(compared.alias(_KEY)).filter(pl.col(_KEY).is_not_null())
    rows = rows.unique(maintain_order=True)
    double = rows.filter(rows[_KEY].is_duplicated())[_KEY].unique(maintain_order=True)
    if len(double):
        some = ", ".join(str(value) for value in double.head(5))
        raise UsageError(
            f"{name} has rows that differ for {len(double):,} of its keys ({theirs}: {some}); keep one row "
            "of each, or join on something that tells them apart, such as path"
        )
    return rows


def _unmatched(
    found: Found, keys: pl.Series, theirs: pl.Series, n_rows: int, name: str, own: str
) -> list[str]:
    """How many images and rows have no partner."""
    lonely = [
        ref.path for ref, there in zip(found.refs, keys.is_in(theirs.implode()), strict=True) if not there
    ]
    unused = theirs.filter(~theirs.is_in(keys.implode()))
    said = []
    if lonely:
        said.append(
            f"{len(lonely):,} of {len(keys):,} files have no row in {name} (by {own}), such as {lonely[0]}"
        )
    if len(unused):
        said.append(f"{len(unused):,} of {n_rows:,} rows of {name} match no file, such as {unused[0]}")
    return said


def _shared(found: Found, keys: pl.Series, rows: pl.DataFrame, own: str) -> list[str]:
    """Which files of one name got the same row, where a name was meant to tell files apart."""
    if own not in _OF_FILES:
        return []
    double = keys.filter(keys.is_duplicated() & keys.is_in(rows[_KEY].implode()))
    if not len(double):
        return []
    return [
        f"{len(double):,} files share their {own} with others and got the same row, such as {double[0]}; "
        "join on path to tell them apart"
    ]
