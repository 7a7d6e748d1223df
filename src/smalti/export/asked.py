"""What is asked of pixels, as plain values that travel to worker processes."""

from dataclasses import asdict, dataclass
from typing import Any, Literal

from smalti.core.errors import UsageError

__all__ = ["Dtype", "Reading", "Wanted", "check_axes"]

Dtype = Literal[
    "bool",
    "uint8",
    "int8",
    "uint16",
    "int16",
    "uint32",
    "int32",
    "uint64",
    "int64",
    "float16",
    "float32",
    "float64",
]
"""What a collection can hold; the narrower come first."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How images become pictures; plain values, which travel to worker processes.

    Parameters
    ----------
    axes
        Letters out of ``TCZYXS`` for images of so many axes, instead of what their files say; "" for none.
    planes
        What becomes of images with several z or t: a picture a plane, their maximum, the middle plane; ""
        for none of these.
    fits_ext
        HDUs of FITS files by number or name, whose planes become channels; empty for the first with an image.
    by_length
        Whether an axis that a file does not name may be channels because it is short.
    """

    axes: str = ""
    planes: str = ""
    fits_ext: tuple[str, ...] = ()
    by_length: bool = True

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What stored pixels must be; plain values, which travel to worker processes.

    Parameters
    ----------
    dtype
        Their type; "" for that of each picture.
    resize
        Height and width; None for that of each picture.
    order
        Of the splines that resizing interpolates by, 0 (nearest neighbour) to 5.
    """

    dtype: str = ""
    resize: tuple[int, int] | None = None
    order: int = 1

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return asdict(self)


def check_axes(axes: str) -> None:
    """Raise UsageError unless letters, in any case, may be the axes of an image; "" is none asked for."""
    letters = axes.upper()
    known = len(set(letters)) == len(letters) and {"Y", "X"} <= set(letters) <= set("TCZYXS")
    if letters and not known:
        raise UsageError(f"axes are {axes!r}; give different letters out of TCZYXS, Y and X among them")
