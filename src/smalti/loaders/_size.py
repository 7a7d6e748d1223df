"""Refuse by declared size, before anything is decoded."""

from math import prod

import numpy as np

from smalti.core.errors import TooLargeError

__all__ = ["refuse_larger", "selected_bytes"]


def refuse_larger(needed: int, limit: int, what: str = "one plane") -> None:
    """Raise `TooLargeError` when `needed` bytes are more than `limit`."""
    if needed > limit:
        raise TooLargeError(needed, limit, what)


def selected_bytes(index: tuple[int | slice, ...], dtype: np.dtype) -> int:
    """Bytes of a selection with normalised slices (start, stop, step all int, as `core.axes.selection`)."""
    return prod(len(range(i.start, i.stop, i.step)) for i in index if isinstance(i, slice)) * dtype.itemsize
