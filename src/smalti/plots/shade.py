"""Counts on a grid as colours: groups mixed by how many rows of each a cell holds."""

from collections.abc import Sequence
from typing import Literal

import numpy as np

from smalti.plots.look import ACCENT
from smalti.table.aggregates import Density

__all__ = ["Shading", "shade"]

Shading = Literal["log", "equalised"]
"""How counts become opacity: by their logarithm, or so that each opacity covers as many cells."""

_LEAST = 0.3
"""Opacity of the cell that holds fewest: one image alone must be seen."""

_FADED = 0.25
"""Opacity that is left to the rest while something is selected."""


def shade(rows: Density, colours: Sequence[str], shading: Shading = "log") -> np.ndarray:
    """Pixels of a density.

    Parameters
    ----------
    rows
        Counts by cell, group and selection.
    colours
        Colour of each group, ``"#RRGGBB"``.
    shading
        How counts become opacity.

    Returns
    -------
    np.ndarray
        uint32, (ny, nx), y upwards; red, green, blue, opacity in memory, as Bokeh takes it.
    """
    tints = np.array([_rgb(colour) for colour in colours], dtype=np.float32)[: len(rows.groups)]
    mixed = np.tensordot(rows.groups.astype(np.float32), tints, axes=(0, 0))
    mixed /= np.maximum(rows.filtered, 1)[..., None]
    alpha = _opacity(rows.filtered, shading)
    if rows.selected.any():
        chosen = rows.selected > 0
        mixed[chosen] = _rgb(ACCENT)
        alpha = np.where(chosen, _opacity(rows.selected, shading), alpha * _FADED)
    pixels = np.concatenate([mixed, 255 * alpha[..., None]], axis=2)
    return np.ascontiguousarray(np.rint(pixels).astype(np.uint8)).view(np.uint32)[..., 0]


def _opacity(counts: np.ndarray, shading: Shading) -> np.ndarray:
    """From `_LEAST` to 1 for cells that hold anything, 0 for the others."""
    held = counts > 0
    found = counts[held]
    if not found.size:
        return np.zeros(counts.shape, dtype=np.float32)
    if shading == "log":
        level = np.log1p(found) / np.log1p(found.max())
    else:
        level = np.searchsorted(np.sort(found), found, side="right") / found.size
    alpha = np.zeros(counts.shape, dtype=np.float32)
    alpha[held] = _LEAST + (1 - _LEAST) * level
    return alpha


def _rgb(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
