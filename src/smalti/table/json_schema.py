"""Columns as JSON Schema, for who validates rows as JSON or writes documentation of them."""

from collections.abc import Iterable, Mapping
from typing import Any

from smalti.core.columns import Column, Dtype
from smalti.table.schema import PLANE_KEYS

__all__ = ["DIALECT", "row_schema"]

DIALECT = "https://json-schema.org/draft/2020-12/schema"

_KEYS = frozenset(column.name for column in PLANE_KEYS)
"""Columns that no row lacks."""

_TYPES: Mapping[Dtype, Mapping[str, Any]] = {
    "Float32": {"type": "number"},
    "Float64": {"type": "number"},
    "Int32": {"type": "integer"},
    "Int64": {"type": "integer"},
    "UInt64": {"type": "integer", "minimum": 0},
    "Boolean": {"type": "boolean"},
    "String": {"type": "string"},
    "Binary": {"type": "string", "contentEncoding": "base64"},
    # The format "date-time" asks for a time zone, which the tables leave out; Polars writes a space for T.
    "Datetime": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d{1,6})?$"},
    "List(Float32)": {"type": "array", "items": {"type": ["number", "null"]}},
    "List(Float64)": {"type": "array", "items": {"type": ["number", "null"]}},
    "List(Int64)": {"type": "array", "items": {"type": "integer"}},
    "List(String)": {"type": "array", "items": {"type": "string"}},
}


def row_schema(title: str, columns: Iterable[Column], metric_of: Mapping[str, str]) -> dict[str, Any]:
    """JSON Schema of one row of a table: an object with a property a column.

    Every value may be null, but for the keys; they alone are required. Beside JSON's own type stand
    ``x-dtype`` (the Polars type), ``x-rollup``, and where there is one ``x-unit`` and ``x-metric``.

    Parameters
    ----------
    title
        What one row is.
    columns
        In the order of the table.
    metric_of
        The metric that fills a column, by the column's name.
    """
    columns = tuple(columns)
    return {
        "title": title,
        "type": "object",
        "properties": {column.name: _property(column, metric_of.get(column.name)) for column in columns},
        "required": [column.name for column in columns if column.name in _KEYS],
    }


def _property(column: Column, metric: str | None) -> dict[str, Any]:
    rule = dict(_TYPES[column.dtype])
    if column.name not in _KEYS:
        rule["type"] = [rule["type"], "null"]
    told = {"x-dtype": column.dtype, "x-unit": column.unit, "x-rollup": column.rollup, "x-metric": metric}
    return {"description": column.meaning, **rule, **{key: word for key, word in told.items() if word}}
