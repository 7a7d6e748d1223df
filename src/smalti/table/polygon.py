"""Points inside a polygon, and polygons with no more vertices than the eye can tell."""

import numpy as np
import polars as pl

__all__ = ["edges", "inside", "thinned"]


def edges(vertices: np.ndarray) -> np.ndarray:
    """The sides of a polygon that are not level, (n, 4): x and y of the lower end, then of the upper.

    Parameters
    ----------
    vertices
        float64, (n, 2); the last joins the first.
    """
    sides = np.hstack([vertices, np.roll(vertices, -1, axis=0)])
    down = sides[:, 1] > sides[:, 3]
    sides[down] = sides[down][:, [2, 3, 0, 1]]
    found: np.ndarray = sides[sides[:, 1] != sides[:, 3]]
    return found


def inside(x: pl.Series, y: pl.Series, sides: np.ndarray) -> pl.Series:
    """Whether points lie inside a polygon by the even-odd rule; null without both coordinates.

    Points are put in order of y once, so that each edge looks only at those it can cross.

    Parameters
    ----------
    x, y
        Float64, null where not known.
    sides
        From `edges`.
    """
    left, right = sides[:, [0, 2]].min(), sides[:, [0, 2]].max()
    near = x.is_between(left, right) & y.is_between(sides[:, 1].min(), sides[:, 3].max())
    rows = np.flatnonzero(near.fill_null(False).to_numpy())
    result = np.zeros(len(x), bool)
    result[rows] = _odd(x.to_numpy()[rows], y.to_numpy()[rows], sides)
    known = x.is_not_null() & y.is_not_null()
    return pl.select(pl.when(known).then(pl.Series(result))).to_series()


def _odd(x: np.ndarray, y: np.ndarray, sides: np.ndarray) -> np.ndarray:
    """Whether a ray from each point towards greater x crosses the outline an odd number of times."""
    order = np.argsort(y)
    x, y = x[order], y[order]
    odd = np.zeros(len(x), bool)
    with np.errstate(over="ignore", invalid="ignore"):
        for x0, y0, x1, y1 in sides:
            first, last = np.searchsorted(y, (y0, y1), side="right")  # above the lower end, not the upper
            part = slice(first, last)
            odd[part] ^= (x[part] - x0) * (y1 - y0) < (y[part] - y0) * (x1 - x0)
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
