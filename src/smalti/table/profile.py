"""A metric along t, z or c, from the planes of the images."""

import numpy as np
import polars as pl

from smalti.core.errors import UnknownNameError, UsageError
from smalti.table.aggregates import Profile
from smalti.table.choice import DIMENSIONS
from smalti.table.kept import Kept
from smalti.table.whole import Table

__all__ = ["profile"]

_Values = tuple[np.ndarray, np.ndarray, np.ndarray]


def profile(kept: Kept, column: str, dimension: str) -> Profile:
    """Mean and sample standard deviation over the filtered images of each group, position by position.

    Raises
    ------
    UnknownNameError
        There is no such dimension, or no such column among the planes.
    """
    if dimension not in DIMENSIONS:
        raise UnknownNameError("dimension", dimension, DIMENSIONS)
    return kept.memo.get(("profile", column, dimension), lambda: _profile(kept, column, dimension))


def _profile(kept: Kept, column: str, dimension: str) -> Profile:
    key = ("planes", column, dimension)
    rows, places, values = kept.table.memo.get(key, lambda: _values(kept.table, column, dimension))
    kept_rows = kept.keep[rows]
    rows, places, values = rows[kept_rows], places[kept_rows], values[kept_rows]
    positions, place = np.unique(places, return_inverse=True)
    group = kept.group_index[rows].astype(np.int64)
    present, group = np.unique(group, return_inverse=True)
    shape = (len(present), len(positions))
    cell, n_cells = group * shape[1] + place, shape[0] * shape[1]
    n = np.bincount(cell, minlength=n_cells)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.bincount(cell, values, n_cells) / n
        away = np.bincount(cell, (values - mean[cell]) ** 2, n_cells)
        sd = np.sqrt(away / (n - 1))
    sd[n < 2] = np.nan
    return Profile(
        column,
        dimension,
        positions.astype(np.int64),
        tuple(kept.groups.names[index] for index in present),
        mean.reshape(shape),
        sd.reshape(shape),
        n.reshape(shape),
    )


def _values(table: Table, column: str, dimension: str) -> _Values:
    """Row, position and value of every image and position, with an image's planes there averaged."""
    if table.planes is None:
        return np.zeros(0, np.int32), np.zeros(0, np.int64), np.zeros(0)
    schema = table.planes.collect_schema()
    if column not in schema:
        raise UnknownNameError("column of planes", column, schema)
    if not schema[column].is_numeric():
        raise UsageError(f"column {column!r} is {schema[column]}; choose a column of numbers here")
    value = pl.col(column).cast(pl.Float64).fill_nan(None)
    found = (
        table.planes.select("image_id", pl.col(dimension).cast(pl.Int64).alias("place"), value.alias("value"))
        .filter(pl.col("value").is_finite())
        .group_by("image_id", "place")
        .agg(pl.col("value").mean())
        .collect()
    )
    own = table.images.select("image_id").with_row_index("row")
    found = found.join(own, on="image_id").sort("row", "place")
    return found["row"].cast(pl.Int32).to_numpy(), found["place"].to_numpy(), found["value"].to_numpy()
