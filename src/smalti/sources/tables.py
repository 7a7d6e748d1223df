"""A table or list of paths as a base: one image a row, and the other columns beside it."""

import os
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from stat import S_ISDIR

import polars as pl

from smalti.core.errors import NothingFoundError, UsageError
from smalti.core.image import ImageRef
from smalti.core.remote import below, is_http, is_url, shown, unquoted
from smalti.sources.found import Found, in_order, nothing
from smalti.sources.names import endings, readable
from smalti.sources.stores import is_store, store_facts
from smalti.sources.tabular import declared, plain, read_bytes, read_table, suffix

__all__ = ["listed_images"]

_PATH = "__path"
_NAMES = ("path", "filename", "file", "uri")
_TRIED = 20
"""Rows of a column that are looked for on the disk to tell whether it holds paths."""


def listed_images(base: str, extensions: Collection[str]) -> Found:
    """The images that a table or list names, in the order of their paths.

    A file that is not there keeps its row: opening it says why. A column ``condition`` gives the
    conditions; of rows that name the same file the first counts.

    Parameters
    ----------
    base
        Path or URL of the table, or of a ``.txt`` with a path a line (empty lines and those that begin
        with ``#`` are looked over).
    extensions
        Take only these; empty for all.

    Raises
    ------
    UsageError
        It cannot be read, or no column holds paths.
    NothingFoundError
        It names no file.
    """
    folder = base.rpartition("/")[0] if is_url(base) else str(Path(base).expanduser().absolute().parent)
    texts, rows = _lines(base) if suffix(base) == "txt" else _rows(base, folder)
    clutter: Counter[str] = Counter()
    taken: dict[str, int] = {}
    places = []
    for number, text in enumerate(texts):
        uri, path = _place(folder, text) if text else ("", "")
        counted_as = _counted_as(path, extensions)
        if counted_as:
            clutter[counted_as] += 1
        elif taken.setdefault(path, number) == number:
            places.append((uri, path))
        else:
            clutter["row of a file named before"] += 1
    if not taken:
        raise NothingFoundError(nothing(readable(shown(base)), clutter, (), extensions))
    rows = rows[list(taken.values())].with_columns(pl.Series(_PATH, list(taken), pl.String))
    conditions = _conditions(rows, readable(_stem(base)))
    return _with_columns(in_order(_refs(places, conditions), clutter, conditions, ()), rows, base)


def _lines(base: str) -> tuple[list[str], pl.DataFrame]:
    """The lines of a list, and a table that has nothing beside them."""
    lines = read_bytes(base).decode("utf-8-sig", "surrogateescape").split("\n")
    texts = [line.strip() for line in lines if line.strip()[:1] not in ("", "#")]
    return texts, pl.DataFrame({_PATH: [""] * len(texts)}, schema={_PATH: pl.String})


def _rows(base: str, folder: str) -> tuple[list[str], pl.DataFrame]:
    """What stands in the column of paths, and the columns beside it."""
    table = read_table(base, texts=_NAMES)
    key = _key(table, folder, base)
    texts = table[key].fill_null("").str.strip_chars().to_list()
    rows = table.drop({key, "path"} & set(table.columns))
    return texts, rows.with_columns(pl.Series(_PATH, texts, pl.String))


def _key(table: pl.DataFrame, folder: str, base: str) -> str:
    """The column of paths: by its name, or the first of text that names files which are there."""
    for wanted in _NAMES:
        for name, dtype in table.schema.items():
            if name.strip().lower() == wanted and dtype == pl.String:
                return name
    for name, dtype in table.schema.items():
        if dtype == pl.String:
            some = table[name].drop_nulls().head(_TRIED)
            if any(is_url(text) or Path(_place(folder, text)[0]).exists() for text in some):
                return name
    shown_columns = ", ".join(map(repr, table.columns[:8])) or "none"
    raise UsageError(
        f"{shown(base)} has no column of paths (its columns: {shown_columns}); name one 'path', or give the "
        "folder of images as base and this table with --metadata"
    )


def _place(folder: str, text: str) -> tuple[str, str]:
    """Where a row's file is, and its path as the table of images shows it."""
    if is_url(text):
        home = f"{folder}/"
        inside = text[len(home) :] if text.startswith(home) else shown(text)
        return text, readable(unquoted(inside) if is_http(text) else inside)
    if is_url(folder):
        return below(folder, text), readable(text.lstrip("/"))
    uri = os.path.abspath(Path(folder, Path(text).expanduser()))  # noqa: PTH100 - resolve() follows links
    path = Path(uri)
    return uri, readable((path.relative_to(folder) if path.is_relative_to(folder) else path).as_posix())


def _stem(base: str) -> str:
    return Path(shown(base)).stem


def _conditions(rows: pl.DataFrame, default: str) -> list[str]:
    if "condition" not in rows.columns:
        return [default] * rows.height
    return rows["condition"].cast(pl.String).fill_null(default).to_list()


def _counted_as(path: str, extensions: Collection[str]) -> str | None:
    """The name a row is counted under as clutter; None when its file is wanted."""
    if not path:
        return "row without a path"
    ends = endings(path.rpartition("/")[2])
    if not extensions or not set(extensions).isdisjoint(ends):
        return None
    return f"*.{ends[-1]}" if ends else "no extension"


def _refs(places: Sequence[tuple[str, str]], conditions: Sequence[str]) -> Iterator[ImageRef]:
    """References with size and age; those of a file that is not there are 0."""
    remote = [uri for uri, _ in places if is_url(uri)]
    facts: dict[str, tuple[str, int, float]] = {}
    if remote:
        from smalti.sources.remote_rows import facts_of

        facts = facts_of(remote)
    for (uri, path), condition in zip(places, conditions, strict=True):
        where, size, mtime = facts[uri] if uri in facts else (uri, *_facts(uri))
        yield ImageRef(where, path, size, mtime, condition)


def _facts(uri: str) -> tuple[int, float]:
    try:
        there = Path(uri).stat()
        if S_ISDIR(there.st_mode) and is_store(uri, os.listdir(uri)):  # noqa: PTH208 - names only
            return store_facts(uri)
    except OSError:
        return 0, 0.0
    return there.st_size, there.st_mtime


def _with_columns(found: Found, rows: pl.DataFrame, base: str) -> Found:
    others, left_out = plain(rows.drop("condition", strict=False).rename({_PATH: "path"}))
    columns = declared(others.drop("path"), f"From {readable(Path(shown(base)).name)}")
    said = (
        [f"columns of {shown(base)} that no table of images can have: {', '.join(left_out)}"]
        if left_out
        else []
    )
    return replace(
        found,
        problems=(*found.problems, *said),
        columns=columns,
        facts=others.select("path", *(column.name for column in columns)) if columns else None,
    )
