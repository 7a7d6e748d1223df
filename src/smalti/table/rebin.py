"""Histograms of different bins put on the bins of one axis."""

import numpy as np
import polars as pl

__all__ = ["rebinned"]


def rebinned(
    planes: pl.DataFrame, edges: np.ndarray, low: np.ndarray | float, high: np.ndarray | float
) -> np.ndarray:
    """Counts of each plane on common bins, (planes, bins), each count spread evenly over its own bin.

    All planes at once, by one interpolation of their cumulative counts laid end to end: plane i is on the
    axis from 2 i to 2 i + 1. A loop over planes would take 10 µs for each.

    Parameters
    ----------
    planes
        ``counts``, and ``first`` and ``last``, the outer edges of their bins.
    edges
        float64, (bins + 1,), of one width.
    low, high
        What the first and last edge stand for, in the intensities of each plane.
    """
    n = planes["counts"].list.len().to_numpy().astype(np.int64)
    counts = planes["counts"].explode().to_numpy().astype(np.float64)
    first, last = planes["first"].to_numpy(), planes["last"].to_numpy()
    plane, start = np.arange(len(n)), np.cumsum(n) - n
    each = np.repeat(plane, n)
    within = np.arange(len(counts)) - start[each]
    scale = 1 / np.where(np.broadcast_to(high > low, n.shape), high - low, 1)
    upper = first[each] + (within + 1) * ((last - first) / n)[each]
    running = np.cumsum(counts)
    total = np.add.reduceat(counts, start)
    before = np.cumsum(total) - total
    # Knots of a plane: 0 left of its axis, 0 at its first edge, its sums, and the total right of its axis.
    knots, heights = (np.zeros(len(counts) + 3 * len(n)) for _ in range(2))
    begin = start + 3 * plane
    end = begin + n + 2
    knots[begin], knots[end] = 2 * plane - 0.5, 2 * plane + 1.5
    knots[begin + 1] = 2 * plane + np.clip((first - low) * scale, 0, 1)
    heights[end] = total
    inner = begin[each] + 2 + within
    knots[inner] = 2 * each + np.clip((upper - np.broadcast_to(low, n.shape)[each]) * scale[each], 0, 1)
    heights[inner] = running - before[each]
    unit = (edges - edges[0]) / (edges[-1] - edges[0])
    below = np.interp((2 * plane[:, None] + unit).ravel(), knots, heights)
    return np.diff(below.reshape(len(n), len(edges)), axis=1)
