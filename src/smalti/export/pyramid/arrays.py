"""Arrays in memory and lazy ones as sources of pyramids: NumPy, dask, zarr, xarray, ITK and SimpleITK."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from math import isfinite
from typing import Any

import numpy as np

from smalti.core.errors import UsageError
from smalti.core.image import Image
from smalti.export.pyramid.images import source_of_image
from smalti.export.pyramid.labelled import facts_of_itk, facts_of_xarray
from smalti.export.pyramid.source import AXES, Facts, Source, check_dtype
from smalti.export.pyramid.units import unit_name
from smalti.writers.levels import Region

__all__ = ["Numbers", "Units", "source_of"]

Numbers = Mapping[str, float] | Sequence[float] | None
"""By the name of an axis, or one for each axis of the array."""

Units = Mapping[str, str] | Sequence[str] | str | None
"""By the name of an axis, one for each axis of the array, or one for z, y and x."""

_USUAL = {2: "yx", 3: "zyx", 4: "czyx", 5: "tczyx"}
FEW = 4
"""A last axis of three, of at most so many, is channels where nothing is said."""


def source_of(
    given: Any,
    axes: Sequence[str] | None = None,
    scale: Numbers = None,
    translation: Numbers = None,
    units: Units = None,
    name: str | None = None,
) -> Source:
    """An image as it is given, with what is said of it instead of what it says of itself.

    Parameters
    ----------
    given
        Any array, an image of a loader, or one of ITK or SimpleITK.
    axes
        A letter out of ``tczyx`` for each of its axes, in any order.
    scale, translation, units
        Distances of pixels, places of the first, and the unit of both.
    name
        Of the image.

    Raises
    ------
    UsageError
        It is no image, or what is said of it does not fit.
    """
    if isinstance(given, Source):
        letters, found = given.names, given
    elif isinstance(given, Image):
        found = source_of_image(given, "".join(axes or ()).upper())
        letters = found.names
    else:
        array, facts = _looked_at(given)
        letters = _letters(axes or facts.names, array.shape)
        found = _of_array(array, letters, facts)
    steps = {**found.scale, **_by_axis("scale", scale, letters)}
    if any(not (isfinite(step) and step > 0) for step in steps.values()):
        raise UsageError(f"scale {steps}: distances of pixels are numbers above 0")
    places = {**found.translation, **_by_axis("translation", translation, letters)}
    if not all(map(isfinite, places.values())):
        raise UsageError(f"translation {places}: places of the first pixel are finite numbers")
    return replace(
        found,
        scale=steps,
        translation=places,
        units={**found.units, **_units(units, letters)},
        name=name or found.name,
    )


def _looked_at(given: Any) -> tuple[Any, Facts]:
    """What has the pixels, and what it says of its axes."""
    if hasattr(given, "dims") and hasattr(given, "coords") and hasattr(given, "data"):
        return given.data, facts_of_xarray(given)
    if hasattr(given, "GetSpacing") and hasattr(given, "GetOrigin"):
        return facts_of_itk(given)
    if not hasattr(given, "shape") or not hasattr(given, "dtype"):
        raise UsageError(
            f"a {type(given).__name__} is no image; give an array, a path, or an image of a loader"
        )
    if np.ma.is_masked(given):
        raise UsageError("some of its pixels are masked, which no pyramid states; give filled(VALUE) of it")
    return given, Facts()


def _letters(axes: Sequence[str] | None, shape: tuple[int, ...]) -> str:
    """A letter for each axis of an array."""
    if axes is None:
        if len(shape) not in _USUAL:
            raise UsageError(f"an array of {len(shape)} axes; an image has 2 to 5, out of {', '.join(AXES)}")
        return "yxc" if len(shape) == 3 and shape[-1] <= FEW else _USUAL[len(shape)]
    letters = "".join(_NAMES.get(name.lower(), name.lower() or "?") for name in axes)
    expected = f"give different ones out of {', '.join(AXES)}, y and x among them"
    if len(axes) != len(letters) or not set(letters) <= set(AXES) or len(set(letters)) < len(letters):
        raise UsageError(f"axes {', '.join(axes)}: {expected}")
    if not {"y", "x"} <= set(letters):
        raise UsageError(f"axes {', '.join(axes)}: {expected}")
    if len(letters) != len(shape):
        raise UsageError(f"axes {', '.join(axes)}, an array of {len(shape)} axes; give one for each")
    return letters


_NAMES = {"time": "t", "frame": "t", "channel": "c", "channels": "c", "band": "c", "depth": "z"}


def _of_array(array: Any, letters: str, facts: Facts) -> Source:
    names = "".join(axis for axis in AXES if axis in letters)
    order = [letters.index(axis) for axis in names]
    chunks = getattr(array, "chunksize", None) or getattr(array, "chunks", None)
    dtype = check_dtype(np.dtype(array.dtype))
    if any(length != length for length in array.shape):
        raise UsageError("an array of dask of unknown shape; call compute_chunk_sizes() of it first")
    if 0 in array.shape:
        raise UsageError(f"an array of shape {tuple(array.shape)} has no pixels")
    return Source(
        names,
        tuple(int(array.shape[i]) for i in order),
        dtype,
        partial(_read, array, order, dtype),
        tuple(int(chunks[i]) for i in order) if chunks else None,
        facts.scale,
        facts.translation,
        facts.units,
        facts.name or "image",
        facts.channels,
    )


def _read(array: Any, order: list[int], dtype: np.dtype, region: Region) -> np.ndarray:
    picks = dict(zip(order, region, strict=True))
    pixels = np.asarray(array[tuple(picks[axis] for axis in range(len(order)))])
    return pixels.transpose(order).astype(dtype, copy=False)


def _by_axis(what: str, given: Numbers, letters: str) -> dict[str, float]:
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        if len(given) != len(letters):
            raise UsageError(
                f"{what} has {len(given)} numbers for the axes {', '.join(letters)}; give one for each"
            )
        given = dict(zip(letters, given, strict=True))
    _check_known(what, given, letters)
    return {axis: float(number) for axis, number in given.items()}


def _units(given: Units, letters: str) -> dict[str, str]:
    if given is None:
        return {}
    if isinstance(given, str):
        given = {axis: given for axis in letters if axis in "zyx"}
    elif not isinstance(given, Mapping):
        given = dict(zip(letters, given, strict=False))
    _check_known("units", given, letters)
    return {axis: name for axis, unit in given.items() if (name := unit_name(unit))}


def _check_known(what: str, given: Mapping[str, Any], letters: str) -> None:
    unknown = [axis for axis in given if axis not in letters]
    if unknown:
        raise UsageError(f"{what} of axis {unknown[0]!r}; the axes are {', '.join(letters)}")
