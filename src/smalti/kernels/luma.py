"""Luma of a plane, block by block."""

import numpy as np

from smalti.kernels._compile import compiled
from smalti.kernels.layout import Layout

__all__ = ["Luma"]


class Luma:
    """Blocks of luma with the two rows above them carried along.

    Luma is float64, counted in steps of `Layout.unit` from the value of code 0.
    """

    def __init__(self, layout: Layout) -> None:
        self._weights = np.array(layout.weights, np.int64)
        self._block = np.empty((2 + min(layout.strip_rows, layout.height), layout.width))
        self._end = 2
        self._done = 0

    def next(self, codes: np.ndarray) -> tuple[np.ndarray, int]:
        """Luma of the next rows, at most `Layout.strip_rows`, as `Encoding.encode` wrote them.

        Returns
        -------
        block
            (halo + n, X), valid until the next call.
        halo
            Rows at its top that were given before: 0, 1 or 2.
        """
        halo = min(2, self._done)
        self._block[:2] = self._block[self._end - 2 : self._end]
        self._end = 2 + len(codes)
        self._done += len(codes)
        new = self._block[2 : self._end]
        if self._weights.size:
            mix(codes, self._weights, new)
        else:
            new[:] = codes
        return self._block[2 - halo : self._end], halo


@compiled
def mix(samples: np.ndarray, weights: np.ndarray, out: np.ndarray) -> None:
    """Weighted sum over the last axis of samples (n, X, S)."""
    height, width, n = samples.shape
    for y in range(height):
        for x in range(width):
            total = 0.0
            for s in range(n):
                total += samples[y, x, s] * weights[s]
            out[y, x] = total
