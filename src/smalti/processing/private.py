"""Where images lay, taken out of what a project writes down."""

import json
import os
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path, PurePath
from typing import Any, TypeVar
from urllib.parse import quote

import polars as pl
import polars.selectors as cs

from smalti.core.errors import UsageError
from smalti.core.image import ImageRef
from smalti.table import store
from smalti.table.parquet import commit, read_metadata, scan, stage

__all__ = ["check_inside", "omit_base", "plain_record", "plain_tables", "plain_view", "without_base"]

Frame = TypeVar("Frame", pl.DataFrame, pl.LazyFrame)


def check_inside(refs: Iterable[ImageRef]) -> None:
    """Raise UsageError when an image lies outside the base folder, so that its row needs its full path."""
    for ref in refs:
        if PurePath(ref.path).is_absolute():
            raise UsageError(
                f"{ref.path} lies outside the base folder, so that its row needs its full path; "
                "give a base folder that holds all, or leave out --omit-base-dir"
            )


def plain_tables(tables: Mapping[str, pl.DataFrame], base: str) -> dict[str, pl.DataFrame]:
    """Tables by name, the images without their base folder; the others hold no paths."""
    return dict(tables) | {"images": without_base(tables["images"], base)}


def without_base(images: Frame, base: str) -> Frame:
    """An images table in which no text names the base folder; ``uri`` becomes ``path``."""
    texts: pl.Expr = cs.string() - cs.by_name(*_RELATIVE, require_all=False)
    for pattern, instead in _patterns(base):
        texts = texts.str.replace_all(pattern, "${1}" + instead.replace("$", "$$"))
    plain = images.with_columns(texts)
    return plain.with_columns(uri=pl.col("path")) if "uri" in images.collect_schema() else plain


def omit_base(folder: Path, bases: Iterable[str]) -> None:
    """Write the images table of a project folder anew, without the base folders it was made of."""
    final = store.final_file(folder, "images")
    rows, stated = scan(final), read_metadata(final)
    for base in bases:
        rows = without_base(rows, base)
    commit(stage(rows, final, stated.columns, stated.footer), final)


def plain_record(values: Mapping[str, Any], base: str) -> dict[str, Any]:
    """The values of a record without the base folder; of other absolute paths the last part is left."""
    return {**_plain(values, _patterns(base)), "base": ""}


def plain_view(text: str, base: str) -> str:
    """A saved view, JSON, of whose joined files the names are left."""
    return json.dumps(_plain(json.loads(text), _patterns(base)), ensure_ascii=False, indent=1)


def _plain(value: Any, patterns: list[tuple[str, str]]) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(part, patterns) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part, patterns) for part in value]
    if not isinstance(value, str):
        return value
    for pattern, instead in patterns:
        value = re.sub(pattern, rf"\g<1>{_escaped(instead)}", value)
    return PurePath(value).name if PurePath(value).is_absolute() else value


def _escaped(text: str) -> str:
    """Text that `re.sub` puts in as it is."""
    return text.replace("\\", r"\\")


def _patterns(base: str) -> list[tuple[str, str]]:
    """Every way in which texts name the base folder, as patterns of Rust and Python, and what replaces it.

    The first group of a pattern is what stands before, and stays: ``b/data`` does not name ``/data``.
    """
    if not base:
        return []
    places = {base.rstrip("/\\")} if "://" in base else {base, os.path.realpath(base)}
    if "://" not in base and Path(base).is_file():  # the project of one file: its folder is what is private
        places |= {os.path.dirname(place) for place in places}  # noqa: PTH120  # as text
    written = {
        (form(place), PurePath(place).name)
        for place in places
        if place != os.path.dirname(place)  # noqa: PTH120  # a root is in every path, and tells nothing
        for form in _FORMS
    }
    found = []
    for place, name in sorted(written, key=lambda pair: -len(pair[0])):
        start = rf"(^|[^\w.-]){pl.escape_regex(place)}"
        found += [(rf"{start}[/\\]+", ""), (start, name)]
    return found


_RELATIVE = ("image_id", "path", "name", "stem", "file_extension", "parent")
"""Columns that say where a file lies in the base folder."""

_FORMS: tuple[Callable[[str], str], ...] = (
    str,
    quote,  # in file:// URLs
    lambda place: place.replace("\\", "\\\\"),  # in JSON
    lambda place: place.replace("\\", "/"),
)
