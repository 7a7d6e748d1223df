"""Points inside a polygon, and polygons with no more vertices than the eye can tell."""

import numpy as np
import polars as pl

__all__ = ["inside", "thinned"]


def inside(x: pl.Series, y: pl.Series, vertices: np.ndarray) -> pl.Series:
    """Whether points lie inside a polygon by the even-odd rule; null without both coordinates.

    Points are put in order of y once, so that each edge looks only at those it can cross.

    Parameters
    ----------
    x, y
        Float64, null where not known.
    vertices
        float64, (n, 2); the last joins the first.
    """
    known = (x.is_finite() & y.is_finite()).fill_null(False)
    low, high = vertices.min(axis=0), vertices.max(axis=0)
    near = known & x.is_between(low[0], high[0]) & y.is_between(low[1], high[1])
    rows = np.flatnonzero(near.fill_null(False).to_numpy())
    result = np.zeros(len(x), bool)
    result[rows] = _odd(x.to_numpy()[rows], y.to_numpy()[rows], vertices)
    unknown = x.is_null() | y.is_null()
    return pl.select(pl.when(~unknown).then(pl.Series(result))).to_series()


def _odd(x: np.ndarray, y: np.ndarray, vertices: np.ndarray) -> np.ndarray:
    """Whether a ray from each point towards greater x crosses the outline an odd number of times."""
    order = np.argsort(y)
    x, y = x[order], y[order]
    odd = np.zeros(len(x), bool)
    for (x0, y0), (x1, y1) in zip(vertices, np.roll(vertices, -1, axis=0), strict=True):
        if y0 == y1:
            continue
        first, last = np.searchsorted(y, sorted((y0, y1)), side="right")  # y > lower, and not y > upper
        part = slice(first, last)
        odd[part] ^= x[part] < x0 + (y[part] - y0) * ((x1 - x0) / (y1 - y0))
    back = np.empty_like(odd)
    back[order] = odd
    return back


def thinned(vertices: np.ndarray, tolerance: float = 1e-3) -> np.ndarray:
    """A polygon without the vertices that move its outline by less than `tolerance` of its extent.

    Douglas & Peucker (1973), on an outline scaled to the unit square. A hand-drawn lasso has some hundred
    vertices, a pixel apart; about thirty are left.
    """
    extent = np.ptp(vertices, axis=0)
    scaled = vertices / np.where(extent > 0, extent, 1)
    kept = np.zeros(len(vertices), bool)
    kept[[0, -1]] = True
    todo: list[tuple[int, int]] = [(0, len(vertices) - 1)]
    while todo:
        first, last = todo.pop()
        if last - first < 2:
            continue
        distance = _from_line(scaled[first + 1 : last], scaled[first], scaled[last])
        furthest = first + 1 + int(distance.argmax())
        if distance.max() > tolerance:
            kept[furthest] = True
            todo += [(first, furthest), (furthest, last)]
    return vertices[kept]


def _from_line(points: np.ndarray, start: np.ndarray, end: np.ndarray) -> np.ndarray:
    along = end - start
    length = float(np.hypot(*along))
    x, y = (points - start).T
    distance: np.ndarray = np.abs(along[0] * y - along[1] * x) / length if length else np.hypot(x, y)
    return distance
