"""A fingerprint of the pixels as stored."""

import numpy as np
import xxhash

from smalti.kernels.layout import Layout

__all__ = ["Digest"]


class Digest:
    """xxh3-64 over type, shape and pixels, little-endian in C order; rows of k planes, from top to bottom.

    Parameters
    ----------
    layout
        Of each plane.
    """

    def __init__(self, layout: Layout, k: int) -> None:
        self._dtype = layout.dtype.newbyteorder("<")
        begun = f"{self._dtype.kind}{self._dtype.itemsize}{layout.shape}".encode()
        self._hashes = [xxhash.xxh3_64(begun) for _ in range(k)]

    def add(self, rows: np.ndarray, part: slice) -> None:
        """Add the next rows of a part of the planes, as stored, (m, n, X) or (m, n, X, S)."""
        stored = np.ascontiguousarray(rows, self._dtype)
        for found, own in zip(self._hashes[part], stored, strict=True):
            found.update(own)

    def result(self) -> np.ndarray:
        """16 hex digits of each plane, (k,) of objects."""
        return np.array([found.hexdigest() for found in self._hashes], object)
