"""What is known beside the images, as more columns of their table: of a CSV, a project, or arrays."""

from collections.abc import Iterable

import polars as pl

from smalti.export.columns import NAMES

__all__ = ["OF_PATH", "OF_SERIES", "beside", "renamed", "together"]

OF_PATH, OF_SERIES = "__path", "__series"
"""Which image the values are of; without the second, of each of a path. No user's column is called so."""


def renamed(frame: pl.DataFrame, prefix: str) -> pl.DataFrame:
    """Columns named like those that each table has under another name: ``error`` is ``metadata_error``."""
    taken = {*NAMES, *frame.columns}
    names: dict[str, str] = {}
    for name in frame.columns:
        if name in NAMES:
            free = f"{prefix}_{name}"
            while free in taken:
                free = f"{free}_"
            names[name] = free
            taken.add(free)
    return frame.rename(names)


def beside(rows: pl.DataFrame, facts: pl.DataFrame) -> pl.DataFrame:
    """Rows of the table with what is known of their images."""
    keys = {OF_PATH: "path", OF_SERIES: "series"}
    own = [key for key in keys if key in facts.columns]
    return rows.join(
        facts, left_on=[keys[key] for key in own], right_on=own, how="left", maintain_order="left"
    )


def together(parts: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """Parts of a table as one; what some lack is null there, what does not mix is text."""
    frames = list(parts)
    try:
        return pl.concat(frames, how="diagonal_relaxed")
    except pl.exceptions.PolarsError:
        return pl.concat([frame.with_columns(_as_text(frame, frames)) for frame in frames], how="diagonal")


def _as_text(frame: pl.DataFrame, frames: list[pl.DataFrame]) -> list[pl.Expr]:
    odd = [
        name for name in frame.columns if len({other.schema.get(name, None) for other in frames} - {None}) > 1
    ]
    return [pl.col(name).cast(pl.String) for name in odd]
