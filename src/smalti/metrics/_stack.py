"""A column of an image's planes laid out along t, c and z."""

from typing import TYPE_CHECKING

import numpy as np

from smalti.core.image import Image

if TYPE_CHECKING:
    import polars as pl

__all__ = ["along_axes", "average", "has"]


def has(planes: "pl.DataFrame", *columns: str) -> bool:
    """Whether the planes have all these columns: with metrics chosen by name they may not."""
    return set(columns) <= set(planes.columns)


def along_axes(image: Image, planes: "pl.DataFrame", column: str) -> np.ndarray:
    """Values of a column of numbers, float64 (T, C, Z); NaN where there is none."""
    length = image.sizes
    laid = np.full((length["T"], length["C"], length["Z"]), np.nan)
    laid[tuple(planes[axis].to_numpy() for axis in "tcz")] = planes[column].to_numpy()
    return laid


def average(values: np.ndarray, axis: int | tuple[int, ...]) -> np.ndarray:
    """Mean over an axis of what is not NaN; NaN, without a warning, where all is."""
    known = np.isfinite(values)
    with np.errstate(invalid="ignore"):
        mean: np.ndarray = np.where(known, values, 0).sum(axis) / known.sum(axis)
    return mean
