"""Luma of a plane, block by block."""

from threading import local

import numpy as np

from smalti.kernels._compile import compiled
from smalti.kernels.layout import Layout

__all__ = ["Luma"]


_scratch = local()


class Luma:
    """Blocks of luma with the two rows above them carried along.

    Luma is float64, counted in steps of `Layout.unit` from the value of code 0.
    """

    def __init__(self, layout: Layout) -> None:
        self._weights = np.array(layout.weights, np.int64)
        self._shape = 2 + min(layout.strip_rows, layout.height), layout.width
        self._above = np.empty((2, layout.width))
        self._done = 0

    def room(self, n: int) -> np.ndarray | None:
        """Where the next `n` rows of luma go: codes written there need no copy; None where luma is mixed."""
        return None if self._weights.size else _kept(self._shape)[2 : 2 + n]

    def next(self, codes: np.ndarray) -> tuple[np.ndarray, int]:
        """Luma of the next rows, at most `Layout.strip_rows`, as `Encoding.encode` wrote them.

        Returns
        -------
        block
            (halo + n, X), valid until the next call for any plane in this thread.
        halo
            Rows at its top that were given before: 0, 1 or 2.
        """
        halo = min(2, self._done)
        block = _kept(self._shape)[: 2 + len(codes)]
        block[:2] = self._above
        if self._weights.size:
            mix(codes, self._weights, block[2:])
        elif not np.may_share_memory(codes, block):
            block[2:] = codes
        self._above[:] = block[-2:]
        self._done += len(codes)
        return block[2 - halo :], halo


def _kept(shape: tuple[int, int]) -> np.ndarray:
    """An array that is kept from plane to plane: of many planes side by side half of the memory."""
    size = shape[0] * shape[1]
    kept = getattr(_scratch, "kept", None)
    if kept is None or kept.size < size:
        kept = _scratch.kept = np.empty(size)
    block: np.ndarray = kept[:size].reshape(shape)
    return block


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
