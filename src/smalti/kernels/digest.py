"""A fingerprint of the pixels as stored."""

import numpy as np
import xxhash

from smalti.kernels.layout import Layout

__all__ = ["Digest"]


class Digest:
    """xxh3-64 over type, shape and pixels, little-endian in C order; rows come from top to bottom.

    Parameters
    ----------
    layout
        Of the plane.
    """

    def __init__(self, layout: Layout) -> None:
        self._dtype = layout.dtype.newbyteorder("<")
        self._hash = xxhash.xxh3_64(f"{self._dtype.kind}{self._dtype.itemsize}{layout.shape}".encode())

    def add(self, rows: np.ndarray) -> None:
        """Add the next rows, as stored."""
        self._hash.update(np.ascontiguousarray(rows, self._dtype).data)

    def result(self) -> str:
        """16 hex digits."""
        return self._hash.hexdigest()
