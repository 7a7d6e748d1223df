"""One patch, made ready for its features, and groups of features."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from smalti.core.columns import Column
from smalti.kernels.texture import block_sums, grey_counts, halved

__all__ = ["LEVELS", "Group", "Look", "columns_of", "ratio"]

LEVELS = 5
"""The patch, and images of half, a quarter, an eighth and a sixteenth of its side."""


@dataclass(frozen=True, slots=True)
class Look:
    """One patch, made ready.

    Parameters
    ----------
    counts
        Pixels of each grey level, int64 (256,).
    levels
        float32 images, the first as large as the patch; as many as its size allows.
    blocks
        `block_sums` of each.
    """

    counts: np.ndarray
    levels: tuple[np.ndarray, ...]
    blocks: tuple[np.ndarray, ...]

    @classmethod
    def of(cls, patch: np.ndarray) -> "Look":
        """Of uint8 (height, width)."""
        levels = [np.ascontiguousarray(patch, np.float32)]
        while len(levels) < LEVELS and min(levels[-1].shape) > 1:
            levels.append(halved(levels[-1]))
        return cls(grey_counts(patch), tuple(levels), tuple(block_sums(level) for level in levels))

    def variance(self, level: int) -> float:
        """Of all pixels of a level; NaN where there is none."""
        if level >= len(self.levels):
            return float("nan")
        n, total, squares = self.blocks[level][..., :3].sum(axis=(0, 1)).tolist()
        return max(0.0, float(squares / n - (total / n) ** 2))


@dataclass(frozen=True, slots=True)
class Group:
    """Features that are found together: their columns, and what finds their values in that order."""

    columns: tuple[Column, ...]
    values: Callable[[Look], list[float]]


_PREFIX = "feature_"


def columns_of(*facts: tuple[str, str, str]) -> tuple[Column, ...]:
    """Columns of features, of their names, units and meanings."""
    return tuple(Column(_PREFIX + name, "Float32", unit, meaning, "none") for name, unit, meaning in facts)


def ratio(above: float, below: float) -> float:
    """NaN unless `below` is more than 0."""
    return above / below if below > 0 else float("nan")
