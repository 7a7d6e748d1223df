"""Where a z-stack is in focus."""

from typing import TYPE_CHECKING

import numpy as np

from smalti.core.columns import Column
from smalti.core.image import Image
from smalti.core.plugin import metric
from smalti.metrics._stack import along_axes, average, has

if TYPE_CHECKING:
    import polars as pl

__all__ = ["depth"]


@metric(
    Column("sharpest_z", "Int64", "", "Index of the sharpest plane along z.", "none"),
    Column(
        "focus_curve",
        "List(Float32)",
        "",
        "How sharp each plane along z is; 1 is the sharpest.",
        "none",
    ),
    over="Z",
)
def depth(image: Image, planes: "pl.DataFrame") -> tuple[int | None, list[float | None] | None]:
    """Which plane of a z-stack is in focus, and how focus rises and falls along z.

    focus_curve: `tenengrad` of the planes (mean squared Sobel gradient, Tenenbaum 1970; compared for
    autofocus by Sun, Duthaler & Nelson 2004, Microsc. Res. Tech. 65, 139) over its maximum along z, mean
    over times and channels, over its maximum again, so that a bright channel counts like a dim one; null
    where no plane at that z could be read. Noise lifts the curve's floor. sharpest_z: where it is 1, counted
    from 0, the first of equals. Of the six measures of focus this one kept finding the plane in focus when
    noise was added that misled Laplacian and Brenner, and when light faded along z, which misled the
    normalised variance; noise that grows or light that fades by much along z still misleads it, and of a
    thick specimen the plane with the strongest edges is found.

    Null for one z, for planes that are all flat or all equally sharp, and without the column `tenengrad`.
    """
    if not has(planes, "tenengrad"):
        return None, None
    sharpness = along_axes(image, planes, "tenengrad")
    highest = np.fmax.reduce(sharpness, axis=2, keepdims=True)
    scaled = np.divide(sharpness, highest, out=np.full_like(sharpness, np.nan), where=highest > 0)
    curve = average(scaled, (0, 1))
    top = np.fmax.reduce(curve)
    if not top > np.fmin.reduce(curve):
        return None, None
    curve /= top
    return int(np.nanargmax(curve)), [None if value != value else value for value in curve.tolist()]
