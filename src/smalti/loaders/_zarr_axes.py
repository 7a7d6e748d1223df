"""Axes, scale and names of a Zarr image, as stated or, for plain arrays, as usual."""

from collections.abc import Mapping
from typing import Any

from smalti.core.units import micrometres, seconds

__all__ = ["origin_of", "scale_of", "scale_without_unit", "stored_axes"]

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
    units, first = _units(multiscale), _first(multiscale)
    factors = [_numbers(entry, "scale", len(units), 1.0) for entry in (first, multiscale)]
    sizes: dict[str, float] = {}
    interval = None
    for axis, unit, inner, outer in zip(axes, units, *factors, strict=False):
        if axis in "XYZ" and (size := micrometres(inner * outer, unit)):
            sizes[axis] = size
        elif axis == "T":
            interval = seconds(inner * outer, unit)
    return sizes, interval


def scale_without_unit(axes: str, multiscale: Mapping[str, Any]) -> dict[str, float]:
    """Distances of pixels along the axes whose unit is not stated; none where all of them are 1."""
    units, first = _units(multiscale), _first(multiscale)
    factors = [_numbers(entry, "scale", len(units), 1.0) for entry in (first, multiscale)]
    steps = zip(axes, units, *factors, strict=False)
    found = {axis: inner * outer for axis, unit, inner, outer in steps if axis in "TZYX" and unit is None}
    return found if any(step != 1 for step in found.values()) else {}


def origin_of(axes: str, multiscale: Mapping[str, Any]) -> dict[str, float]:
    """Places of the first pixel other than 0: in µm, of T in s, or without a unit where none is stated."""
    units, first = _units(multiscale), _first(multiscale)
    n = len(units)
    inner, outer = (_numbers(entry, "translation", n, 0.0) for entry in (first, multiscale))
    scale = _numbers(multiscale, "scale", n, 1.0)
    found = {}
    for axis, unit, place, times, more in zip(axes, units, inner, scale, outer, strict=False):
        if axis in "TZYX" and (value := (_one(axis, unit) or 0.0) * (place * times + more)):
            found[axis] = value
    return found


def _one(axis: str, unit: str | None) -> float | None:
    """A unit in µm or s."""
    return 1.0 if unit is None else seconds(1.0, unit) if axis == "T" else micrometres(1.0, unit)


def _units(multiscale: Mapping[str, Any]) -> list[str | None]:
    """Of each axis, where it is stated."""
    stated = multiscale.get("axes") or ()
    return [axis.get("unit") if isinstance(axis, dict) else None for axis in stated]


def _first(multiscale: Mapping[str, Any]) -> Mapping[str, Any]:
    first: Mapping[str, Any] = next(iter(multiscale.get("datasets") or ()), {})
    return first


def _numbers(entry: Mapping[str, Any], kind: str, n: int, usual: float) -> list[float]:
    """The scale or translation among an entry's coordinate transformations; `usual` where none is stated."""
    for transformation in entry.get("coordinateTransformations") or ():
        if transformation.get("type") == kind and len(transformation.get(kind, ())) == n:
            return [float(value) for value in transformation[kind]]
    return [usual] * n
