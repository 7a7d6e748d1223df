"""Axes, scale and names of a Zarr image, as stated or, for plain arrays, as usual."""

from collections.abc import Mapping
from typing import Any

from smalti.loaders._units import micrometres, seconds

__all__ = ["scale_of", "stored_axes"]

_LETTERS = {
    **dict.fromkeys(("t", "time", "frame"), "T"),
    **dict.fromkeys(("c", "channel", "channels", "band"), "C"),
    **dict.fromkeys(("z", "depth", "plane"), "Z"),
    **dict.fromkeys(("y", "row", "height", "lat"), "Y"),
    **dict.fromkeys(("x", "column", "width", "lon"), "X"),
    **dict.fromkeys(("s", "sample", "rgb"), "S"),
    "patch": "P",  # of a set of patches: each is an image of its own
}
_UNKNOWN = "Q"
_BEFORE_AXES = "TCZYX"
"""OME-Zarr 0.1 and 0.2 had five axes and did not name them."""


def stored_axes(array: Any, multiscale: Mapping[str, Any]) -> str:
    """One letter for each axis; ``Q`` for a meaning we do not know."""
    n = len(array.shape)
    stated = _stated(array, multiscale)
    if stated and len(stated) == n and stated.count("Y") == stated.count("X") == 1:
        return stated
    if multiscale and n == len(_BEFORE_AXES):
        return _BEFORE_AXES
    colour = n > 2 and array.shape[-1] in (3, 4) and array.dtype.kind == "u" and array.dtype.itemsize <= 2
    return (_UNKNOWN * n + "YX" + "S" * colour)[-n:]


def _stated(array: Any, multiscale: Mapping[str, Any]) -> str:
    """Axes by NGFF, by Zarr 3 `dimension_names`, or by xarray's attribute."""
    names = [axis["name"] if isinstance(axis, dict) else axis for axis in multiscale.get("axes") or ()]
    names = names or list(getattr(array.metadata, "dimension_names", None) or ())
    names = names or list(array.attrs.get("_ARRAY_DIMENSIONS") or ())
    return "".join(_LETTERS.get(str(name).lower(), _UNKNOWN) for name in names)


def scale_of(axes: str, multiscale: Mapping[str, Any]) -> tuple[dict[str, float], float | None]:
    """Pixel sizes in µm and the time between frames in s, of the axes whose unit is stated."""
    stated = multiscale.get("axes") or ()
    units = [axis.get("unit") if isinstance(axis, dict) else None for axis in stated]
    first: Mapping[str, Any] = next(iter(multiscale.get("datasets") or ()), {})
    factors = [_scale(first, len(units)), _scale(multiscale, len(units))]
    sizes: dict[str, float] = {}
    interval = None
    for axis, unit, inner, outer in zip(axes, units, *factors, strict=False):
        if axis in "XYZ" and (size := micrometres(inner * outer, unit)):
            sizes[axis] = size
        elif axis == "T":
            interval = seconds(inner * outer, unit)
    return sizes, interval


def _scale(entry: Mapping[str, Any], n: int) -> list[float]:
    """The scale among an entry's coordinate transformations; ones where none is stated."""
    for transformation in entry.get("coordinateTransformations") or ():
        if transformation.get("type") == "scale" and len(transformation.get("scale", ())) == n:
            return [float(value) for value in transformation["scale"]]
    return [1.0] * n
