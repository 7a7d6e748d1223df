"""File facts of rows of which nothing but a path is known."""

import polars as pl

from smalti.core.image import ImageRef
from smalti.processing.facts import file_facts

__all__ = ["with_file_facts"]

_FACTS = ("image_id", "name", "stem", "file_extension", "parent", "depth", "size_readable")


def with_file_facts(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows with the columns that follow from ``path``, ``series`` and ``size_bytes``; ids are as in a run.

    ``image_id name stem file_extension parent depth``, and ``size_readable`` where a size is known.
    """
    facts = [
        file_facts(ImageRef(uri="", path=path, series=series, size_bytes=size or 0))
        | ({} if size is not None else {"size_readable": None})
        for path, series, size in rows.select("path", "series", "size_bytes").iter_rows()
    ]
    found = {name: [fact[name] for fact in facts] for name in _FACTS}
    types = {"depth": pl.Int64}
    return rows.with_columns(pl.Series(n, v, types.get(n, pl.String)) for n, v in found.items())
