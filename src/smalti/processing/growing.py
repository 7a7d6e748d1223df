"""Tables in the making: columns of some rows at once, which become one frame at the end."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from smalti.core.columns import Column
from smalti.processing.frames import Ragged, Values, framed, series
from smalti.table.schema import HISTOGRAM_COLUMNS, THUMBNAIL_COLUMNS, polars_schema

__all__ = ["FRAME_ROWS", "Growing", "Sheets", "joined"]

FRAME_ROWS = 1000
"""Single planes as 60 arrays each take 7 kB, in a frame 0.3: those of a long stack are framed as it goes."""

_Piece = tuple[np.ndarray, Sequence[Values]]


class Growing:
    """One table, which may become very long."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self.columns = columns
        self.loose: list[_Piece] = []
        self.frames: list[tuple[np.ndarray, pl.DataFrame]] = []
        self._n_loose = 0

    def add(self, numbers: np.ndarray, values: Sequence[Values]) -> None:
        """Add rows.

        Parameters
        ----------
        numbers
            Where each row stands in the end, ascending; int64 (N,).
        values
            Those of each column.
        """
        self.loose.append((numbers, values))
        self._n_loose += len(numbers)
        if self._n_loose >= FRAME_ROWS:
            numbers, frame = _framed(self.loose, self.columns)
            self.frames.append((numbers, frame.shrink_to_fit()))
            self.loose, self._n_loose = [], 0


class Sheets:
    """The tables of planes, histograms and thumbnails."""

    def __init__(self, planes: Sequence[Column]) -> None:
        self.planes = Growing(planes)
        self.histograms = Growing(HISTOGRAM_COLUMNS)
        self.thumbnails = Growing(THUMBNAIL_COLUMNS)


def joined(parts: Sequence[Growing]) -> pl.DataFrame:
    """The rows of several parts of a table, at least one, as one frame in the order of their numbers."""
    made = [frame for part in parts for frame in part.frames]
    loose = [piece for part in parts for piece in part.loose]
    if loose or not made:
        made.append(_framed(loose, parts[0].columns))
    numbers = np.concatenate([each for each, _ in made])
    whole = pl.concat([frame for _, frame in made]) if len(made) > 1 else made[0][1]
    in_order = bool((numbers[1:] >= numbers[:-1]).all())
    return whole if in_order else whole[np.argsort(numbers, kind="stable")]


def _framed(pieces: Sequence[_Piece], columns: Sequence[Column]) -> tuple[np.ndarray, pl.DataFrame]:
    if not pieces:
        return np.empty(0, np.int64), framed([[] for _ in columns], columns)
    numbers = np.concatenate([each for each, _ in pieces])
    if len(pieces) == 1:
        return numbers, framed(pieces[0][1], columns)
    parts = zip(*(values for _, values in pieces), strict=True)
    types = polars_schema(columns).values()
    return numbers, framed([*map(_together, parts, types)], columns)


def _together(parts: Sequence[Values], dtype: pl.DataType) -> Values:
    first = parts[0]
    if isinstance(first, np.ndarray):
        if all(isinstance(part, np.ndarray) and part.dtype == first.dtype for part in parts):
            return np.concatenate(parts)
    elif isinstance(first, Ragged):
        return Ragged(*(np.concatenate(each) for each in zip(*parts, strict=True)))
    elif all(isinstance(part, list) for part in parts):
        return [value for part in parts for value in part]
    return pl.concat([series("", part, dtype) for part in parts])
