"""Ripples beside sharp edges that stop at the border of a compressed block."""

from math import sqrt

import numpy as np

from smalti.kernels._compile import compiled, compiled_in_order

__all__ = ["ringing_of_many"]

LINES_SAMPLES = 32_768
"""Pixels looked at in each direction, 0.1 ms; of larger planes, evenly spaced lines."""

NEAR, FAR = 2, 4
"""Distances from the edge, in pixels."""


def ringing_of_many(planes: np.ndarray, thresholds: np.ndarray) -> np.ndarray:
    """Ripple that JPEG adds beside edges, as a share of the edges' height; 0 when none is shown.

    An edge is a step of more than the threshold between neighbours on a row or column. Ripple is the squared
    second difference, 2 to 4 pixels from an edge, with no other edge between. JPEG rings in the whole block
    of 8 that holds the edge and no further, whereas texture and noise do not know the blocks: the ripple
    across a block border is taken from the ripple at the same distance within the edge's block, and twice
    the standard error of that difference, so that few edges show nothing by chance. The result is the root
    of what is left over the root mean square height of the edges.

    Parameters
    ----------
    planes
        (N, Y, X); blocks begin at their first pixel.
    thresholds
        (N,), in stored values; NaN for a plane that has no edges to look for.

    Returns
    -------
    ripple
        (N,), float64; NaN where the threshold is.
    """
    found = np.empty(len(planes))
    ripples(_lines(planes, thresholds), _lines(planes.swapaxes(1, 2), thresholds), found)
    found[np.isnan(thresholds)] = np.nan
    return found


def _lines(planes: np.ndarray, thresholds: np.ndarray) -> np.ndarray:
    """Lines of each plane over its threshold, (N, n, L), evenly spaced."""
    step = -(-planes[0].size // LINES_SAMPLES) | 1  # odd, so that lines of all eight places in a block occur
    scaled = planes[:, ::step].astype(np.float64, order="C")
    scaled /= thresholds[:, None, None]
    return scaled


@compiled
def ripples(rows: np.ndarray, columns: np.ndarray, found: np.ndarray) -> None:
    """Fill `found` (N,) with the ripple of planes by their lines (N, n, L), whose edges are steps over 1."""
    for i in range(found.size):
        sums = np.zeros((FAR + 1, 2, 3))
        heights = np.zeros(2)
        add_ripples(rows[i], sums, heights)
        add_ripples(columns[i], sums, heights)
        found[i] = sqrt(excess(sums) / (heights[1] / heights[0])) if heights[0] > 0.0 else 0.0


@compiled_in_order
def excess(sums: np.ndarray) -> float:
    """Mean ripple within blocks less that across, by distance, as far as it exceeds chance."""
    total = 0.0
    variance = 0.0
    weights = 0.0
    for distance in range(NEAR, FAR + 1):
        within = sums[distance, 0]
        across = sums[distance, 1]
        weight = min(within[0], across[0])
        if weight > 0.0:
            weights += weight
            total += weight * (within[1] / within[0] - across[1] / across[0])
            variance += weight * weight * (squared_error(within) + squared_error(across))
    sure: float = max(total - 2.0 * sqrt(max(variance, 0.0)), 0.0)
    return sure / max(weights, 1.0)


@compiled_in_order
def squared_error(sums: np.ndarray) -> float:
    """Of the mean of numbers, from their number, sum and sum of squares."""
    mean = sums[1] / sums[0]
    error: float = (sums[2] / sums[0] - mean * mean) / sums[0]
    return error


@compiled
def add_ripples(lines: np.ndarray, sums: np.ndarray, heights: np.ndarray) -> None:
    """Add the ripples on both sides of all edges, steps of more than 1, on lines (n, L).

    `sums` (distance, 2, 3): number, sum and sum of squares of the ripples within the edge's block, and beyond
    its border; `heights` (2,): number of edges, and sum of their squared heights.
    """
    n, length = lines.shape
    edges = np.empty(length + 1, np.int64)  # edge i lies between pixels i and i + 1
    for r in range(n):
        line = lines[r]
        found = 0
        for i in range(length - 1):
            edges[found] = i
            found += 1 if abs(line[i + 1] - line[i]) > 1.0 else 0
        edges[found] = length - 1
        before = -1
        for k in range(found):
            edge = edges[k]
            height = line[edge + 1] - line[edge]
            if abs(height) < np.inf:
                heights[0] += 1.0
                heights[1] += height * height
            for distance in range(NEAR, FAR + 1):
                if edge - distance - 1 > before:
                    add_ripple(line, edge - distance, edge, edge + 1, sums[distance])
                if edge + distance + 2 <= edges[k + 1]:
                    add_ripple(line, edge + 1 + distance, edge + 1, edge, sums[distance])
            before = edge


@compiled
def add_ripple(line: np.ndarray, centre: int, near: int, far: int, sums: np.ndarray) -> None:
    """Add the ripple at `centre`, beside an edge between the pixels `near` and `far`, if in one block."""
    block = (centre - 1) // 8
    ripple = (line[centre + 1] - 2.0 * line[centre] + line[centre - 1]) ** 2
    if block != (centre + 1) // 8 or not ripple < np.inf:
        return
    if far // 8 == block:
        place = 0
    elif near // 8 != block:
        place = 1
    else:
        return
    sums[place, 0] += 1.0
    sums[place, 1] += ripple
    sums[place, 2] += ripple * ripple
