"""Widths and heights of images, and how often each pair occurs."""

import numpy as np
import polars as pl

from smalti.table.aggregates import Sizes
from smalti.table.kept import Kept
from smalti.table.whole import Table

__all__ = ["sizes"]

WIDTH, HEIGHT = "size_x", "size_y"

_Pairs = tuple[np.ndarray, np.ndarray, np.ndarray]


def sizes(kept: Kept, picked: np.ndarray) -> Sizes:
    """Pairs that occur among the filtered rows; none for a table without sizes."""
    width, height, index = kept.table.memo.get("sizes", lambda: _pairs(kept.table))
    rows = kept.rows[index[kept.rows] >= 0]
    pair, n_groups = index[rows], len(kept.groups.names)
    table = np.bincount(pair * n_groups + kept.group_index[rows], minlength=len(width) * n_groups).reshape(
        len(width), n_groups
    )
    n = table.sum(axis=1)
    chosen = np.bincount(pair[picked[rows]], minlength=len(width))
    there = n > 0
    most = table.argmax(axis=1).astype(np.int16) if n_groups else np.zeros(len(width), np.int16)
    return Sizes(width[there], height[there], most[there], n[there], chosen[there])


def _pairs(table: Table) -> _Pairs:
    """Widths and heights that occur, int64, and the index of each row's pair, int32; -1 without one."""
    if not {WIDTH, HEIGHT} <= set(table.images.columns):
        nothing = np.zeros(0, np.int64)
        return nothing, nothing, np.full(table.height, -1, np.int32)
    both = table.images.select(pl.col(WIDTH, HEIGHT).cast(pl.Int64))
    unique = both.drop_nulls().unique().sort(WIDTH, HEIGHT).with_row_index("pair")
    index = both.join(unique, on=[WIDTH, HEIGHT], how="left", maintain_order="left")["pair"]
    return (
        unique[WIDTH].to_numpy(),
        unique[HEIGHT].to_numpy(),
        index.cast(pl.Int32).fill_null(-1).to_numpy(),
    )
