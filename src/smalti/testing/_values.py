"""Whether a Python value may stand in a declared column."""

import math
from datetime import datetime
from typing import Any

import numpy as np

from smalti.core.columns import Column, Dtype

__all__ = ["plain", "why_not"]

_TYPES: dict[Dtype, type[Any]] = {
    "Float32": float,
    "Float64": float,
    "Int32": int,
    "Int64": int,
    "UInt64": int,
    "Boolean": bool,
    "String": str,
    "Datetime": datetime,
    "List(Float32)": list,
    "List(Float64)": list,
    "List(Int64)": list,
    "List(String)": list,
}

_RANGES: dict[Dtype, tuple[float, float]] = {
    "Int32": (-(2**31), 2**31 - 1),
    "Int64": (-(2**63), 2**63 - 1),
    "UInt64": (0, 2**64 - 1),
}
"""Not for Float32: a metric of float pixels cannot know whether their squares outgrow it."""


def why_not(column: Column, value: Any) -> str | None:
    """What is wrong with `value` in `column`, and what to do; None when it may stand there."""
    if value is None:
        return None
    wanted = _TYPES[column.dtype]
    if not isinstance(value, wanted) or (isinstance(value, bool) and wanted is not bool):
        return (
            f"{column.name} is declared {column.dtype}, the value is a {type(value).__name__} ({value!r}); "
            f"return {wanted.__name__}(value)"
        )
    if isinstance(value, float) and not math.isfinite(value):
        return f"{column.name} is {value}; return None where it is not defined"
    low, high = _RANGES.get(column.dtype, (-math.inf, math.inf))
    if isinstance(value, int | float) and not low <= value <= high:
        return f"{column.name} is {value}, outside {column.dtype}; declare a wider type or return None"
    return None


def plain(column: Column, values: Any) -> list[Any]:
    """Values of a column, one a plane, as Python's own; None for those that are null in a table.

    Parameters
    ----------
    column
        What they stand in.
    values
        An array or list, see `smalti.processing.metric_set.MetricSet.measure_many`.
    """
    listed = values.tolist() if isinstance(values, np.ndarray) else values
    known = (None if isinstance(value, float) and not math.isfinite(value) else value for value in listed)
    wanted = _TYPES[column.dtype] if column.dtype in ("Boolean", *_RANGES) else None
    return [value if wanted is None or value is None else wanted(value) for value in known]
