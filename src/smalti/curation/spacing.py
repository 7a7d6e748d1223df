"""How far apart voxels are, as files state it, and as far as that tells one axis from another."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from math import hypot

from smalti.core.errors import UsageError
from smalti.core.image import Image

__all__ = ["Sizes", "Spacing", "proportions", "read_spacing", "spacing_of", "stated"]

Sizes = tuple[float, float, float]
"""Along z, y and x."""


def read_spacing(text: str | None) -> Sizes | None:
    """The value of ``--voxel-size``, in µm.

    Raises
    ------
    UsageError
        It is not three numbers above 0.
    """
    if text is None:
        return None
    try:
        z, y, x = map(float, text.split(","))
    except ValueError:
        raise UsageError(f"--voxel-size is {text!r}; give z,y,x in µm, as 0.03,0.004,0.004") from None
    if not all(0 < size < float("inf") for size in (z, y, x)):
        raise UsageError(f"--voxel-size is {text!r}; give three numbers above 0")
    return z, y, x


def stated(image: Image) -> Sizes | None:
    """In µm; None where that of one axis is unknown."""
    z, y, x = (image.pixel_size_um.get(axis) for axis in "ZYX")
    return None if z is None or y is None or x is None else (z, y, x)


def proportions(image: Image) -> Sizes | None:
    """In any unit, the same for all axes: NRRD states spacing mostly without one. None if unknown."""
    known = stated(image)
    if known is not None:
        return known
    directions = image.metadata.get("space directions")
    spacings = image.metadata.get("spacings")
    if isinstance(directions, str):
        vectors = re.findall(r"\(([^)]*)\)", directions)
        lengths = [_length(vector) for vector in vectors]
    else:
        lengths = [_number(word) for word in spacings.split()] if isinstance(spacings, str) else []
    if len(lengths) != 3 or image.axes != "ZYX" or not all(0 < size < float("inf") for size in lengths):
        return None
    x, y, z = lengths
    return z, y, x


@dataclass(frozen=True, slots=True)
class Spacing:
    """From voxel to voxel.

    Parameters
    ----------
    steps
        By axis, ``z``, ``y``, ``x``; what is unknown is absent.
    unit
        ``"um"``, or ``""`` where the file gives numbers without one.
    """

    steps: Mapping[str, float]
    unit: str = "um"

    @property
    def voxel_size(self) -> list[float] | None:
        """Along z, y and x in µm; None where one is unknown."""
        known = [self.steps.get(axis) for axis in "zyx"]
        return [step for step in known if step] if self.unit and None not in known else None


def spacing_of(image: Image) -> Spacing:
    """Spacing as the file states it, also where that is without a unit."""
    steps = {axis.lower(): float(step) for axis, step in image.pixel_size_um.items() if axis in "ZYX"}
    if steps:
        return Spacing(steps)
    bare = image.metadata.get("spacing")
    known = bare[::-1] if isinstance(bare, tuple) else proportions(image) or ()
    return Spacing({axis: float(step) for axis, step in zip("zyx", known, strict=False)}, "")


def _length(vector: str) -> float:
    return hypot(*map(_number, vector.split(",")))


def _number(word: str) -> float:
    try:
        return float(word)
    except ValueError:
        return float("nan")
