"""Known defects: each takes an image, a level and a generator, and gives a new image.

All keep the shape and dtype, clip to what the dtype can hold, and work on any stack of planes with axes
(…, Y, X), or (…, Y, X, S) with 3 or 4 colour samples. Nothing here changes its input.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from smalti.core.errors import UnknownNameError
from smalti.testing._detector import dead_lines, empty, hot_pixels, noise, saturation, stripes
from smalti.testing._handling import border, comb, jpeg
from smalti.testing._light import blur, haze, tilt, underexposure, vignetting
from smalti.testing._pixels import ceiling

__all__ = [
    "DEFECTS",
    "Defect",
    "apply_defect",
    "blur",
    "border",
    "comb",
    "dead_lines",
    "empty",
    "find_defect",
    "haze",
    "hot_pixels",
    "jpeg",
    "noise",
    "saturation",
    "stripes",
    "tilt",
    "underexposure",
    "vignetting",
]


@dataclass(frozen=True, slots=True)
class Defect:
    """A defect and the levels it is made at.

    Parameters
    ----------
    name, function
        As in this module.
    unit
        Of `levels`.
    levels
        Five levels from mild to grave, for uint8 images. Levels in intensity units are given for images
        that use 0..255 and grow with the range, see `level_for`.
    """

    name: str
    function: Callable[[np.ndarray, float, np.random.Generator], np.ndarray]
    unit: str
    levels: tuple[float, ...]

    def level_for(self, image: np.ndarray, level: float) -> float:
        """`level` in the intensity units of `image`; unchanged if the level is no intensity."""
        return level * ceiling(image) / 255 if self.unit == "intensity" else level


DEFECTS: dict[str, Defect] = {
    defect.name: defect
    for defect in (
        Defect("blur", blur, "px", (1.0, 1.5, 2.5, 4.0, 6.0)),
        Defect("noise", noise, "intensity", (4.0, 8.0, 14.0, 24.0, 40.0)),
        Defect("saturation", saturation, "gain", (1.5, 2.0, 3.0, 5.0, 8.0)),
        Defect("vignetting", vignetting, "share", (0.85, 0.7, 0.55, 0.4, 0.25)),
        Defect("stripes", stripes, "intensity", (2.0, 4.0, 7.0, 11.0, 16.0)),
        Defect("jpeg", jpeg, "quality", (90.0, 70.0, 50.0, 30.0, 10.0)),
        Defect("empty", empty, "intensity", (8.0, 4.0, 2.0, 1.0, 0.0)),
        Defect("tilt", tilt, "share", (0.1, 0.2, 0.35, 0.5, 0.7)),
        Defect("haze", haze, "share", (0.1, 0.2, 0.35, 0.5, 0.7)),
        Defect("underexposure", underexposure, "share", (0.7, 0.5, 0.3, 0.15, 0.05)),
        Defect("dead_lines", dead_lines, "rows", (1.0, 2.0, 4.0, 8.0, 16.0)),
        Defect("hot_pixels", hot_pixels, "px", (5.0, 15.0, 40.0, 100.0, 250.0)),
        Defect("border", border, "share of the side", (0.02, 0.05, 0.1, 0.2, 0.3)),
        Defect("comb", comb, "intensity", (1.5, 2.0, 3.0, 5.0, 8.0)),
    )
}
"""All defects by name, each with five levels from mild to grave."""


def apply_defect(name: str, image: np.ndarray, level: float, seed: int = 0) -> np.ndarray:
    """`image` with the named defect at `level` (in the defect's unit, as its function takes it).

    Raises
    ------
    UnknownNameError
        No such defect.
    """
    return find_defect(name).function(image, level, np.random.default_rng(seed))


def find_defect(name: str) -> Defect:
    """One of `DEFECTS`, or UnknownNameError with the nearest name."""
    if name not in DEFECTS:
        raise UnknownNameError("defect", name, DEFECTS)
    return DEFECTS[name]
