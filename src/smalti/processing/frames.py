"""Rows to frames of declared types, and words that may stand in them."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from smalti.core.columns import Column
from smalti.core.errors import SmaltiError
from smalti.table.schema import polars_schema

__all__ = ["Ragged", "Values", "frame", "framed", "reason", "series", "utf8"]


class Ragged(NamedTuple):
    """Lists of whole numbers, none empty: all of them in a row, and how long each is."""

    flat: np.ndarray
    sizes: np.ndarray


Values = list[Any] | np.ndarray | Ragged | pl.Series
"""Those of one column: of any type, numbers of which NaN is null, lists of numbers, or as they shall be."""


def frame(rows: Sequence[Sequence[Any]], columns: Sequence[Column]) -> pl.DataFrame:
    """Rows in the order of `columns` as a frame of their declared types; see `framed`."""
    return framed([*map(list, zip(*rows, strict=True))] if rows else [[] for _ in columns], columns)


def framed(values: Iterable[Values], columns: Sequence[Column]) -> pl.DataFrame:
    """Columns as a frame of their declared types.

    NaN, infinity and what overflows Float32 are no values; a lone surrogate in a text becomes ``?``.
    """
    schema = polars_schema(columns).items()
    with np.errstate(over="ignore"):
        return pl.DataFrame(
            [series(name, each, dtype) for (name, dtype), each in zip(schema, values, strict=True)]
        )


def series(name: str, values: Values, dtype: pl.DataType) -> pl.Series:
    """One column; see `framed`."""
    if isinstance(values, pl.Series):
        return values.alias(name)
    if isinstance(values, Ragged):
        return _lists(name, values).cast(dtype)
    if isinstance(values, np.ndarray):
        return _numbers(name, values, dtype)
    made = _of_python(name, values, dtype)
    if not dtype.is_float() or made.null_count() == len(made) or made.is_finite().all():
        return made
    return made.to_frame().select(pl.when(pl.col(name).is_finite()).then(pl.col(name))).to_series()


def _numbers(name: str, values: np.ndarray, dtype: pl.DataType) -> pl.Series:
    if dtype.is_float():
        values = values.astype(np.float32 if dtype == pl.Float32 else np.float64)
        known = np.isfinite(values)
        if not known.all():
            return pl.Series(name, np.where(known, values, np.nan), nan_to_null=True)
    missing = values.dtype.kind == "f" and not dtype.is_float()
    return pl.Series(name, values, nan_to_null=missing).cast(dtype)


def _lists(name: str, values: Ragged) -> pl.Series:
    """A seventh of the time that a series for each would take."""
    row = pl.Series("row", np.repeat(np.arange(len(values.sizes)), values.sizes)).set_sorted()
    each = pl.DataFrame([row, pl.Series(name, values.flat)])
    return each.group_by("row", maintain_order=True).agg(name)[name]


def _of_python(name: str, values: list[Any], dtype: pl.DataType) -> pl.Series:
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
