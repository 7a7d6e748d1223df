"""Luma of planes, block by block."""

from threading import local

import numpy as np

from smalti.kernels._compile import compiled
from smalti.kernels.layout import Layout

__all__ = ["HALO", "Luma"]

HALO = 2
"""Rows above the new ones in each block."""

_scratch = local()


class Luma:
    """Blocks of luma of some of k planes with the two rows above them carried along.

    Luma is float64, counted in steps of `Layout.unit` from the value of code 0.
    """

    def __init__(self, layout: Layout, k: int) -> None:
        self._weights = np.array(layout.weights, np.int64)
        self._width = layout.width
        self._above = np.zeros((k, HALO, layout.width))
        self._block = np.empty((0, 0, 0))

    def room(self, m: int, n: int) -> np.ndarray | None:
        """Where the next `n` rows of luma of `m` planes go: codes written there need no copy.

        None where luma is mixed.
        """
        self._block = _kept((m, HALO + n, self._width))
        return None if self._weights.size else self._block[:, HALO:]

    def next(self, codes: np.ndarray, part: slice) -> np.ndarray:
        """Luma of the next rows of a part of the planes, (m, n, X[, S]).

        They are as `Encoding.encode` wrote them after `room` was asked for.

        Returns
        -------
        block
            (m, 2 + n, X), valid until the next call for any plane in this thread. Its first two rows were
            given before; those that lie above the plane are 0.
        """
        block = self._block
        block[:, :HALO] = self._above[part]
        if self._weights.size:
            mix(codes, self._weights, block)
        elif not np.may_share_memory(codes, block):
            block[:, HALO:] = codes
        self._above[part] = block[:, -HALO:]
        return block


def _kept(shape: tuple[int, int, int]) -> np.ndarray:
    """An array that is kept from plane to plane: of many planes side by side half of the memory."""
    size = shape[0] * shape[1] * shape[2]
    kept = getattr(_scratch, "kept", None)
    if kept is None or kept.size < size:
        kept = _scratch.kept = np.empty(size)
    block: np.ndarray = kept[:size].reshape(shape)
    return block


@compiled
def mix(samples: np.ndarray, weights: np.ndarray, block: np.ndarray) -> None:
    """Weighted sums over the last axis of samples (k, n, X, S), into `block` (k, 2 + n, X) from row 2 on."""
    planes, height, width, n = samples.shape
    for i in range(planes):
        for y in range(height):
            for x in range(width):
                total = 0.0
                for s in range(n):
                    total += samples[i, y, x, s] * weights[s]
                block[i, y + 2, x] = total
