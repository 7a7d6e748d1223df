"""Types of pixels: which holds another's every value, and casts that lose nothing in silence."""

from collections.abc import Iterable
from typing import get_args

import numpy as np

from smalti.core.errors import SmaltiError
from smalti.export.asked import Dtype

__all__ = ["DTYPES", "cast", "holds", "promoted"]

DTYPES: tuple[str, ...] = get_args(Dtype)


def holds(wide: np.dtype, narrow: np.dtype) -> bool:
    """Whether every value of one type is a value of another; NumPy also says so of int64 and float64."""
    if wide == narrow or narrow.kind == "b":
        return True
    if wide.kind == "f" and narrow.kind in "iu":
        bits = 8 * narrow.itemsize - (narrow.kind == "i")
        return bits <= np.finfo(wide).nmant + 1
    return wide.kind != "b" and bool(np.can_cast(narrow, wide, "safe"))


def promoted(dtypes: Iterable[np.dtype]) -> np.dtype | None:
    """The narrowest type that holds every value of all; None for none, as of int64 and float32."""
    given = set(dtypes)
    kinds = "f" if any(dtype.kind == "f" for dtype in given) else "biu"
    known = [np.dtype(name) for name in DTYPES if np.dtype(name).kind in kinds]
    return next((wide for wide in known if all(holds(wide, dtype) for dtype in given)), None)


def cast(pixels: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """Pixels in another type; floats may be rounded to shorter floats, nothing else changes.

    Raises
    ------
    SmaltiError
        A value is none of that type.
    """
    if holds(dtype, pixels.dtype):
        return pixels.astype(dtype, copy=False)
    with np.errstate(all="ignore"):
        made = pixels.astype(dtype)
        wrong = _wrong(pixels, made)
    if wrong.any():
        value = pixels[wrong][0]
        raise SmaltiError(
            f"{int(wrong.sum()):,} of its {pixels.dtype} values are none of {dtype}, such as {value}; "
            "give a wider --dtype"
        )
    return made


def _wrong(pixels: np.ndarray, made: np.ndarray) -> np.ndarray:
    """Where a cast lost a value; rounding to shorter floats is no loss."""
    if pixels.dtype.kind == made.dtype.kind == "f":
        lost: np.ndarray = np.isfinite(pixels) & ~np.isfinite(made)
        return lost
    ends = _outside(made, pixels.dtype) if made.dtype.kind == "f" else _outside(pixels, made.dtype)
    found: np.ndarray = ends | (made.astype(pixels.dtype) != pixels)
    return found


def _outside(values: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """Which values are NaN or beyond an integer type; compared as floats, where the upper end is exact."""
    low, high = (0, 2) if dtype.kind == "b" else (int(np.iinfo(dtype).min), int(np.iinfo(dtype).max) + 1)
    if values.dtype.kind == "f":
        wide = values.astype(np.float64)  # of 16 bits the ends of most integers would be infinite
        return ~((wide >= float(low)) & (wide < float(high)))
    return (values < low) | (values >= high) if values.dtype.kind != "b" else np.zeros(values.shape, bool)
