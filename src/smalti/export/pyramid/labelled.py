"""What arrays of xarray, and images of ITK and SimpleITK, say of their axes."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from smalti.core.errors import UsageError
from smalti.export.pyramid.source import Channel, Facts
from smalti.export.pyramid.units import unit_name

__all__ = ["COLOURS", "SPACING", "facts_of_itk", "facts_of_xarray"]

SPACING = "spacing"
"""Attribute of a coordinate of one pixel, whose size no other place tells."""

COLOURS = "colours"
"""Attribute of the coordinate of channels: six hex digits for each, "" where there is none."""


def facts_of_xarray(array: Any) -> Facts:
    """Names of axes, their coordinates and units.

    Raises
    ------
    UsageError
        Coordinates that are not even, which OME-Zarr cannot state.
    """
    scale: dict[str, float] = {}
    translation: dict[str, float] = {}
    units: dict[str, str] = {}
    channels: tuple[Channel, ...] = ()
    for name in map(str, array.dims):
        if name not in array.coords:
            continue
        values, letter = array.coords[name].values, name.lower()[:1]
        unit = unit_name(array.coords[name].attrs.get("units"))
        if values.dtype.kind in "mM":
            values, unit = _seconds(values), "second"
        if letter == "c":
            channels = _channels(values, array.coords[name].attrs.get(COLOURS, ()))
        elif values.dtype.kind in "iuf" and values.size:
            translation[letter] = float(values[0])
            if values.size > 1:
                scale[letter] = _step(name, values.astype(np.float64))
            elif SPACING in array.coords[name].attrs:
                scale[letter] = float(array.coords[name].attrs[SPACING])
            if unit:
                units[letter] = unit
    return Facts(tuple(map(str, array.dims)), scale, translation, units, str(array.name or ""), channels)


def _channels(names: Sequence[Any], colours: Sequence[str]) -> tuple[Channel, ...]:
    known = colours if len(colours) == len(names) else [""] * len(names)
    return tuple(Channel(str(name), colour) for name, colour in zip(names, known, strict=True))


def _seconds(times: np.ndarray) -> np.ndarray:
    """Of durations, or since the first of dates, for which OME-Zarr has no place."""
    since = times - times[:1] if times.dtype.kind == "M" else times
    seconds: np.ndarray = since / np.timedelta64(1, "s")
    return seconds


def _step(name: str, values: np.ndarray) -> float:
    steps = np.diff(values)
    step = float((values[-1] - values[0]) / (values.size - 1))
    if not (step > 0 and np.abs(steps - step).max() <= 1e-3 * step):
        raise UsageError(
            f"coordinates along {name} are not even and ascending, which OME-Zarr cannot state; give others "
            f"by assign_coords, or leave them out by drop_vars({name!r})"
        )
    return step


class _Held:
    """Pixels that an image of ITK owns: it must live as long as they are read, and regions are copies."""

    def __init__(self, image: Any, array: np.ndarray) -> None:
        self.shape, self.dtype, self.ndim = array.shape, array.dtype, array.ndim
        self._image, self._array = image, array

    def __getitem__(self, region: tuple[slice, ...]) -> np.ndarray:
        return self._array[region].copy()


def facts_of_itk(image: Any) -> tuple[_Held, Facts]:
    """Pixels of an image of ITK or SimpleITK, its spacing and origin; it states no unit."""
    if type(image).__module__.startswith("SimpleITK"):
        import SimpleITK as sitk  # noqa: N813 - its usual name

        array = sitk.GetArrayViewFromImage(image)
    else:
        import itk

        array = itk.array_view_from_image(image)
    n = len(image.GetSpacing())
    names = "tzyx"[-n:]
    scale = dict(zip(reversed(names), map(float, image.GetSpacing()), strict=True))
    translation = dict(zip(reversed(names), map(float, image.GetOrigin()), strict=True))
    letters = names + "c" * (array.ndim - n)
    return _Held(image, array), Facts(tuple(letters), scale, translation)
