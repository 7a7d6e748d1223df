"""Where images lay, taken out of what a project writes down."""

import json
import os
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from itertools import chain
from pathlib import Path, PurePath
from typing import Any, TypeVar
from urllib.parse import quote

import polars as pl
import polars.selectors as cs

from smalti.core.errors import UsageError
from smalti.core.image import ImageRef
from smalti.table import store
from smalti.table.parquet import commit, read_metadata, scan, stage

__all__ = [
    "bases_of",
    "check_inside",
    "omit_base",
    "plain_record",
    "plain_tables",
    "plain_view",
    "without_base",
]

Frame = TypeVar("Frame", pl.DataFrame, pl.LazyFrame)


def check_inside(refs: Iterable[ImageRef]) -> None:
    """Raise UsageError when an image lies outside the base folder, so that its row needs its full path."""
    for ref in refs:
        if PurePath(ref.path).is_absolute() or "://" in ref.path:
            raise UsageError(
                f"{ref.path} lies outside the base folder, so that its row needs its full path; "
                "give a base folder that holds all, or leave out --omit-base-dir"
            )


def bases_of(base: str, refs: Iterable[ImageRef]) -> frozenset[str]:
    """The base of a run, and every folder that paths of its images are relative to."""
    roots = {ref.uri.removesuffix(ref.path) for ref in refs if ref.uri.endswith(ref.path)}
    return frozenset({base, *(root.rstrip("/\\") for root in roots)} - {""})


def plain_tables(tables: Mapping[str, pl.DataFrame], bases: Collection[str]) -> dict[str, pl.DataFrame]:
    """Tables by name, the images without their base folders; the others hold no paths."""
    return dict(tables) | {"images": without_base(tables["images"], bases)}


def without_base(images: Frame, bases: Collection[str]) -> Frame:
    """An images table in which no text names the base folders; ``uri`` becomes relative."""
    texts: pl.Expr = cs.string() - cs.by_name(*_RELATIVE, require_all=False)
    for pattern, instead in chain.from_iterable(map(_patterns, bases)):
        texts = texts.str.replace_all(pattern, "${1}" + instead.replace("$", "$$"))
    plain = images.with_columns(texts)
    elsewhere = pl.col("uri").str.contains(r"^[/\\]|^[A-Za-z]:|://")
    return plain.with_columns(uri=pl.when(elsewhere).then("path").otherwise("uri"))


def omit_base(folder: Path, bases: Collection[str]) -> None:
    """Write the images table of a project folder anew, without the base folders it was made of."""
    final = store.final_file(folder, "images")
    rows, stated = scan(final), read_metadata(final)
    commit(stage(without_base(rows, bases), final, stated.columns, stated.footer), final)


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
    places = _places(base)
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


def _places(base: str) -> set[str]:
    """The base, its true place, and the folder of a file or pattern, which is what is private of it."""
    if "://" in base:
        return {base.rstrip("/")}
    fixed = re.split(r"[*?\[]", base)[0]
    if fixed != base:
        base = os.path.dirname(fixed)  # noqa: PTH120  # as text
    places = {base, os.path.realpath(base)}
    if Path(base).is_file():
        places |= {os.path.dirname(place) for place in places}  # noqa: PTH120
    return places


_RELATIVE = ("image_id", "path", "name", "stem", "file_extension", "parent")
"""Columns that say where a file lies in the base folder."""

_FORMS: tuple[Callable[[str], str], ...] = (
    str,
    quote,  # in file:// URLs
    lambda place: place.replace("\\", "\\\\"),  # in JSON
    lambda place: place.replace("\\", "/"),
)
