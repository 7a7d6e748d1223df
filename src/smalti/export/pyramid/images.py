"""Images of loaders as sources of pyramids."""

from collections.abc import Container, Mapping
from functools import partial
from typing import Any

import numpy as np

from smalti.core.errors import SmaltiError
from smalti.core.image import Image
from smalti.export.asked import Reading, check_axes
from smalti.export.pictures import axes_of
from smalti.export.pyramid.channels import channels_of
from smalti.export.pyramid.source import AXES, Source, check_dtype
from smalti.writers.levels import Region

__all__ = ["source_of_image"]


def source_of_image(image: Image, axes: str = "") -> Source:
    """An image as its loader gives it; colour samples become channels, alpha one that is not shown at first.

    Parameters
    ----------
    image
        Its loader is open.
    axes
        Letters out of ``TCZYXS`` for images of so many axes, instead of what their files say; "" for none.

    Raises
    ------
    SmaltiError
        It has no pixels, or such that no pyramid holds.
    """
    if image.pixels is None or image.dtype is None:
        raise SmaltiError("it is known by its metadata only; no installed loader reads its pixels")
    check_axes(axes)
    stored = axes_of(image, Reading(axes.upper()))
    lengths = dict(zip(stored, image.shape, strict=True))
    samples = lengths.get("S", 1)
    if "S" in lengths:
        lengths["C"] = lengths.get("C", 1) * samples
    names = "".join(axis for axis in AXES if axis.upper() in lengths)
    block = dict(zip(stored, image.block_shape or _plane(stored, image.shape), strict=True))
    if "S" in block:
        block["C"] = block.get("C", 1) * samples
    details = {} if image.details is None else image.details()
    scale, translation, units = _places(image, details, lengths)
    return Source(
        names,
        tuple(lengths[axis.upper()] for axis in names),
        check_dtype(image.dtype),
        partial(_read, image, stored, samples),
        tuple(block[axis.upper()] for axis in names),
        scale,
        translation,
        units,
        _name(image),
        channels_of(image, details.get("channels", ()), lengths.get("C", 1), samples),
    )


def _places(
    image: Image, details: Mapping[str, Any], axes: Container[str]
) -> tuple[dict[str, float], dict[str, float], dict[str, str]]:
    """Distances of pixels, places of the first one, and the units of both, by axis."""
    scale = {axis.lower(): size for axis, size in image.pixel_size_um.items() if axis in axes}
    units = dict.fromkeys(scale, "micrometer")
    if image.time_interval_s and "T" in axes:
        scale["t"], units["t"] = image.time_interval_s, "second"
    for axis, size in details.get("scale", {}).items():
        if size["unit"] is None and axis in axes:
            scale.setdefault(axis.lower(), size["value"])
    origin = {axis.lower(): place for axis, place in details.get("origin", {}).items() if axis in axes}
    return scale, origin, units


def _plane(axes: str, shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(length if axis in "YXS" else 1 for axis, length in zip(axes, shape, strict=True))


def _name(image: Image) -> str:
    name = image.ref.path.rpartition("/")[2]
    return f"{name} {image.ref.series_name}" if image.ref.series_name else name


def _read(image: Image, stored: str, samples: int, region: Region) -> np.ndarray:
    """Pixels of a region, with colour samples as channels behind one another."""
    assert image.pixels is not None
    names = [axis for axis in AXES.upper() if axis in stored or (axis == "C" and "S" in stored)]
    picks = dict(zip(names, region, strict=True))
    channels = picks.get("C", slice(0, 1))
    if "S" in stored:
        first = channels.start // samples
        picks["C"] = slice(first, -(-channels.stop // samples))
        picks["S"] = slice(0, samples)
        channels = slice(channels.start - first * samples, channels.stop - first * samples)
    index = tuple(slice(picks[axis].start, picks[axis].stop, 1) for axis in stored)
    pixels = image.pixels(index, 0)
    ordered = pixels.transpose([stored.index(axis) for axis in "TCSZYX" if axis in stored])
    if "S" in stored:
        at = int("T" in stored)
        ordered = ordered.reshape(*ordered.shape[:at], -1, *ordered.shape[at + 1 + ("C" in stored) :])
        ordered = ordered[(slice(None),) * at + (channels,)]
    return ordered.astype(ordered.dtype.newbyteorder("="), copy=False)
