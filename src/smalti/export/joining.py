"""A table of the user's, joined to images by key: the path, or the file name where only one image has it."""

from collections import Counter
from collections.abc import Sequence
from pathlib import PurePosixPath

import polars as pl

from smalti.core.errors import UsageError
from smalti.core.remote import shown
from smalti.export.facts import OF_PATH, renamed
from smalti.sources.tabular import plain, read_table

__all__ = ["KEY", "join_by_key"]

KEY = "filename"
"""The column of the table that holds paths or file names."""


def join_by_key(paths: Sequence[str], table: str) -> tuple[pl.DataFrame, list[str]]:
    """The columns of a table for each path, and sentences on what had no partner.

    Parameters
    ----------
    paths
        Of the images, unique, relative to where they were looked for.
    table
        Path or URL of a CSV, TSV or Parquet table with a column ``filename``.

    Returns
    -------
    tuple
        A frame with the key `smalti.export.facts.OF_PATH` and the table's other columns, and the sentences.

    Raises
    ------
    UsageError
        There is no such column; two rows have one key; or a key fits several images.
    """
    name = PurePosixPath(shown(table)).name
    rows = read_table(table, texts=[KEY])
    if KEY not in rows.columns:
        known = ", ".join(rows.columns[:8])
        raise UsageError(f"{name} has no column {KEY!r} that says which image a row is of; it has {known}")
    rows, left_out = plain(rows)
    keys = rows[KEY].str.strip_chars().str.strip_prefix("./").str.replace_all("\\", "/", literal=True)
    matched = _matched(keys, paths, name)
    others = renamed(rows.drop(KEY), "metadata")
    frame = others.with_columns(pl.Series(OF_PATH, matched, pl.String)).filter(pl.col(OF_PATH).is_not_null())
    said = _unmatched(matched, keys, paths, name)
    if left_out:
        said.append(f"columns of {name} that no such table can have: {', '.join(left_out)}")
    own = pl.DataFrame({OF_PATH: paths}, schema={OF_PATH: pl.String})
    joined = own.join(frame, on=OF_PATH, how="left", maintain_order="left")
    return joined, said


def _matched(keys: pl.Series, paths: Sequence[str], name: str) -> list[str | None]:
    """The path that each row is of; None for no image."""
    known = set(paths)
    named: dict[str, list[str]] = {}
    for path in paths:
        named.setdefault(path.rpartition("/")[2], []).append(path)
    found: list[str | None] = []
    for key in keys:
        if key in known or key is None:
            found.append(key)
            continue
        fits = named.get(key, [])
        if len(fits) > 1:
            raise UsageError(
                f"{name} names {key!r}, as {len(fits)} images are called, such as {fits[0]} and {fits[1]}; "
                f"write their paths into its column {KEY!r}"
            )
        found.append(fits[0] if fits else None)
    doubles = [path for path, times in Counter(filter(None, found)).items() if times > 1]
    if doubles:
        raise UsageError(
            f"{name} has several rows for {len(doubles):,} of its images, such as {doubles[0]}; "
            "keep one of each"
        )
    return found


def _unmatched(matched: Sequence[str | None], keys: pl.Series, paths: Sequence[str], name: str) -> list[str]:
    said = []
    lonely = sorted(set(paths) - set(filter(None, matched)))
    unused = [key for key, path in zip(keys, matched, strict=True) if path is None]
    if lonely:
        said.append(f"{len(lonely):,} of {len(paths):,} images have no row in {name}, such as {lonely[0]}")
    if unused:
        said.append(f"{len(unused):,} of {len(keys):,} rows of {name} match no image, such as {unused[0]}")
    return said
