"""Rows to frames of declared types, and words that may stand in them."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import polars as pl
import polars.selectors as cs

from smalti.core.columns import Column
from smalti.core.errors import SmaltiError
from smalti.table.schema import polars_schema

__all__ = ["Rows", "frame", "reason", "together", "utf8"]

FRAME_ROWS = 1000
"""A row of 55 Python values takes 2 kB, in a frame 0.3: rows of a long stack are framed as it goes."""


class Rows:
    """Rows of one table of one image, which may be very many."""

    def __init__(self) -> None:
        self.loose: list[Sequence[Any]] = []
        self.frames: list[pl.DataFrame] = []

    def add(self, row: Sequence[Any], columns: Sequence[Column]) -> None:
        """Add one row, in the order of `columns`."""
        self.loose.append(row)
        if len(self.loose) == FRAME_ROWS:
            self.frames.append(frame(self.loose, columns).shrink_to_fit())
            self.loose = []

    def __len__(self) -> int:
        return FRAME_ROWS * len(self.frames) + len(self.loose)


def together(parts: Iterable[Rows], columns: Sequence[Column]) -> pl.DataFrame:
    """The rows of several images as one frame; those of long stacks come first."""
    parts = tuple(parts)
    loose = frame([row for part in parts for row in part.loose], columns)
    return pl.concat([*(made for part in parts for made in part.frames), loose])


def frame(rows: Sequence[Sequence[Any]], columns: Sequence[Column]) -> pl.DataFrame:
    """Rows in the order of `columns` as a frame of their declared types.

    NaN, infinity and what overflows Float32 are no values; a lone surrogate in a text becomes ``?``.
    """
    values: Iterable[Sequence[Any]] = zip(*rows, strict=True) if rows else ([] for _ in columns)
    schema = polars_schema(columns).items()
    made = [_series(name, column, dtype) for (name, dtype), column in zip(schema, values, strict=True)]
    return pl.DataFrame(made).with_columns(pl.when(cs.float().is_finite()).then(cs.float()))


def _series(name: str, values: Sequence[Any], dtype: pl.DataType) -> pl.Series:
    if values and all(type(value) is pl.Series for value in values):
        return pl.Series(name, values).cast(
            dtype
        )  # told the type at once, it would go through Python's integers
    if values and dtype == pl.List(pl.Int64) and _alike(values):
        return pl.Series(name, np.array(values, np.int64)).cast(dtype)  # a tenth of the time
    try:
        return pl.Series(name, values, dtype, strict=False)
    except UnicodeEncodeError:  # tried first: looking at every text would cost all for the sake of few
        return pl.Series(name, [_written(value) for value in values], dtype, strict=False)


def _alike(values: Sequence[Any]) -> bool:
    """Whether all are lists of the same number of whole numbers."""
    return all(type(value) is list and len(value) == len(values[0]) > 0 for value in values) and all(
        type(part) is int and abs(part) < 1 << 63 for value in values for part in value
    )


def _written(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [_written(part) for part in value]
    return utf8(value) if isinstance(value, str) else value


def utf8(text: str) -> str:
    """Text that can be written as UTF-8: a lone surrogate becomes ``?``."""
    return text.encode("utf-8", "replace").decode()


def reason(error: BaseException) -> str:
    """An exception in one line; smalti's own speak for themselves."""
    text = utf8(" ".join(str(error).split())) or "no further word"
    return text if isinstance(error, SmaltiError) else f"{type(error).__name__}: {text}"
