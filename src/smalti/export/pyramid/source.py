"""What becomes a pyramid: pixels that are read by regions, and all that is known of their axes."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from smalti.core.errors import SmaltiError
from smalti.writers.pyramid import Read

__all__ = ["AXES", "Channel", "Facts", "Source", "check_dtype"]

AXES = "tczyx"
"""All axes of OME-Zarr, in the order in which it has them."""

_KNOWN = ("bool", "uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64")
_REAL = ("float16", "float32", "float64")


@dataclass(frozen=True, slots=True)
class Channel:
    """One channel as viewers show it.

    Parameters
    ----------
    name
        "" where none is stated.
    colour
        Six hex digits; "" for one by its place.
    active
        Whether it is shown at first.
    stretched
        Whether its contrast follows its pixels; colours of photographs stay as they are.
    window
        What is black and white at first, where that is stated.
    """

    name: str = ""
    colour: str = ""
    active: bool = True
    stretched: bool = True
    window: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """What an array says of its axes: their `names` as it calls them, and fields of `Source`."""

    names: tuple[str, ...] | None = None
    scale: Mapping[str, float] = field(default_factory=dict)
    translation: Mapping[str, float] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    name: str = ""
    channels: tuple[Channel, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """An image that is written or reduced.

    Parameters
    ----------
    names
        A letter for each axis, out of `AXES` in their order.
    shape, dtype
        Of its pixels.
    read
        Reads a region of them.
    block
        What reads cheaply, for each axis; None for anything.
    scale, translation
        Distance of pixels and place of the first one, by axis, where they are known.
    units
        Of both, by axis, as OME-Zarr calls them, where they are known.
    name
        Of the image.
    channels
        One a channel; empty where nothing is known of them.
    """

    names: str
    shape: tuple[int, ...]
    dtype: np.dtype
    read: Read
    block: tuple[int, ...] | None = None
    scale: Mapping[str, float] = field(default_factory=dict)
    translation: Mapping[str, float] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    name: str = "image"
    channels: tuple[Channel, ...] = ()

    @property
    def lengths(self) -> dict[str, int]:
        """Length of each axis."""
        return dict(zip(self.names, self.shape, strict=True))

    @property
    def n_channels(self) -> int:
        """How many channels it has, 1 where it has no such axis."""
        return self.lengths.get("c", 1)


def check_dtype(dtype: np.dtype) -> np.dtype:
    """The type in the byte order of this machine.

    Raises
    ------
    SmaltiError
        No pyramid holds it.
    """
    native = dtype.newbyteorder("=")
    if native.kind == "c":
        raise SmaltiError(f"its pixels are {native}, two numbers each; give real and imaginary part apart")
    if native.name not in _KNOWN + _REAL:
        known = ", ".join(_KNOWN + _REAL)
        raise SmaltiError(f"its pixels are {native}, which no pyramid holds; known: {known}")
    return np.dtype(native.name)  # of C's long and long long zarr-python knows one only
