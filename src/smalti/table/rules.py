"""Conditions that Polars has no method for: the largest, the outlying, those inside a polygon."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from smalti.table.polygon import edges, inside
from smalti.table.source import Source, joined, lit, python

__all__ = ["bottom", "folder", "in_polygon", "outlier", "top"]

MAD_TO_SD = 1.4826
"""Standard deviation over median absolute deviation of a normal distribution, 1 / Φ⁻¹(3/4)."""


def top(values: Source, k: int) -> Source:
    """Whether a value is one of the `k` largest; ties of the last all are."""
    return values.with_operator(">=", values.call("top_k", k).call("min"))


def bottom(values: Source, k: int) -> Source:
    """Whether a value is one of the `k` smallest; ties of the last all are."""
    return values.with_operator("<=", values.call("bottom_k", k).call("max"))


def outlier(values: Source, k: float, group: Source | None) -> Source:
    """Whether a value is more than `k` robust standard deviations from the median (of its group).

    Robust standard deviation: 1.4826 × the median absolute deviation from the median (Leys et al. 2013);
    where that is 0, since more than half of the values are equal, all others are outliers.
    """
    distance = values.with_operator("-", _median(values, group)).call("abs")
    limit = _median(distance, group).with_operator("*", lit(k * MAD_TO_SD))
    # Infinity less infinity is NaN, which Polars takes for larger than any limit.
    return distance.call("fill_nan", None).with_operator(">", limit)


def _median(values: Source, group: Source | None) -> Source:
    median = values.call("median")
    return median if group is None else median.call("over", group)


def folder(path: Source, index: int) -> Source:
    """One folder of a path with forward slashes, from the base on, or from the file back below 0."""
    if index < 0:
        pattern = rf"([^/]+)/(?:[^/]+/){{{-index - 1}}}[^/]*$"
    else:
        pattern = rf"^/?(?:[^/]+/){{{index}}}([^/]+)/"
    return path.call("str.extract", pattern, 1)


def in_polygon(x: Source, y: Source, vertices: Sequence[tuple[float, float]]) -> Source:
    """Whether points lie inside a polygon, by the even-odd rule.

    The code given to users counts crossings with plain Polars; here `inside` does so with one pass over the
    points an edge can cross: 100 edges and 1,000,000 points take 0.05 s instead of 0.6 s.
    """
    x, y = x.cast(pl.Float64()), y.cast(pl.Float64())
    sides = edges(np.asarray(vertices, np.float64))
    if not len(sides):  # no height, so nothing is inside
        return joined("|", [x.with_operator("!=", x), y.with_operator("!=", y)])

    def test(points: pl.Series) -> pl.Series:
        return inside(points.struct.field("x"), points.struct.field("y"), sides)

    listed = ", ".join(f"({', '.join(map(python, side))})" for side in sides.tolist())
    right = f"(({x.code} - x0) * (y1 - y0) < ({y.code} - y0) * (x1 - x0))"
    crossed = f"({y.code} > y0) & ({y.code} <= y1) & {right} for x0, y0, x1, y1 in [{listed}]"
    return Source(
        pl.struct(x.expr.alias("x"), y.expr.alias("y")).map_batches(test, return_dtype=pl.Boolean),
        f"(pl.sum_horizontal([{crossed}], ignore_nulls=False) % 2 == 1)",
    )
