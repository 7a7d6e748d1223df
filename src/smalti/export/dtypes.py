"""Types of pixels: which holds another's every value, and casts that lose nothing in silence."""

from collections.abc import Iterable

import numpy as np

from smalti.core.errors import SmaltiError

__all__ = ["DTYPES", "cast", "holds", "promoted"]

DTYPES = (
    *("bool", "uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64"),
    *("float16", "float32", "float64"),
)
"""What a collection can hold; the narrower come first."""


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
    if pixels.dtype.kind == "f" and dtype.kind == "f":
        wrong = np.isfinite(pixels) & ~np.isfinite(made)
    elif dtype.kind == "f":
        wrong = _outside(made, pixels.dtype) | (_back(made, pixels.dtype) != pixels)
    else:
        wrong = _outside(pixels, dtype) | (made.astype(pixels.dtype) != pixels)
    if wrong.any():
        value = pixels[wrong][0]
        raise SmaltiError(
            f"{int(wrong.sum()):,} of its {pixels.dtype} values are none of {dtype}, such as {value}; "
            "give a wider --dtype"
        )
    return made


def _back(made: np.ndarray, dtype: np.dtype) -> np.ndarray:
    with np.errstate(all="ignore"):
        return made.astype(dtype)


def _outside(values: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """Which values are NaN or beyond an integer type; compared as floats, where the upper end is exact."""
    low, high = (0, 2) if dtype.kind == "b" else (int(np.iinfo(dtype).min), int(np.iinfo(dtype).max) + 1)
    if values.dtype.kind == "f":
        return ~((values >= float(low)) & (values < float(high)))
    return (values < low) | (values >= high) if values.dtype.kind != "b" else np.zeros(values.shape, bool)
