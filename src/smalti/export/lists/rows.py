"""The rows that are handed on, whatever they were chosen of."""

from collections.abc import Iterator
from typing import Any

import polars as pl

from smalti.core.errors import UsageError
from smalti.core.image import ImageRef
from smalti.export.about import plain
from smalti.export.images import Chosen, refs_of
from smalti.processing.project import Project

__all__ = ["flat", "plain_rows", "project_of", "refs_by_path", "rows_of", "with_full_paths"]


def project_of(images: Chosen) -> Project:
    """The project that images are rows of.

    Raises
    ------
    UsageError
        They were found in folders.
    """
    if images.project is None:
        raise UsageError("lists are made of the rows of a project; make one with: smalti process FOLDER")
    return images.project


def rows_of(images: Chosen) -> pl.DataFrame:
    """Rows of the images table by path and series, those that cannot be read included."""
    project_of(images)
    assert images.rows is not None
    return images.rows


def refs_by_path(images: Chosen) -> dict[str, ImageRef]:
    """Where each file lies now, by its path; of a file with several images once."""
    return {ref.path: ref for ref in refs_of(project_of(images), rows_of(images))}


def with_full_paths(images: Chosen, rows: pl.DataFrame) -> pl.DataFrame:
    """The rows with where their files lie now as ``path``."""
    uris = [ref.uri for ref in refs_of(project_of(images), rows)]
    return rows.with_columns(path=pl.Series(uris, dtype=pl.String))


def flat(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows with lists as JSON texts and bytes left out, as tables of text can have them."""
    texts = [
        pl.Series(
            name, [None if value is None else _json(value) for value in rows[name].to_list()], pl.String
        )
        for name, dtype in rows.schema.items()
        if dtype.is_nested()
    ]
    left_out = [name for name, dtype in rows.schema.items() if dtype == pl.Binary]
    return rows.with_columns(texts).drop(left_out)


def _json(value: Any) -> str:
    import json

    return json.dumps(plain(value), ensure_ascii=False)


def plain_rows(rows: pl.DataFrame) -> Iterator[dict[str, Any]]:
    """Each row as JSON has it, without what is null."""
    for row in rows.iter_rows(named=True):
        yield {name: value for name, value in plain(row).items() if value is not None}
