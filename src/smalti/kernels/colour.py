"""Sums over R, G and B and their two opponent colours."""

import numpy as np

from smalti.kernels._compile import compiled
from smalti.kernels.accumulators import Colour
from smalti.kernels.encoding import Encoding

__all__ = ["ColourSums"]


class ColourSums:
    """Sums over the pixels of k RGB planes, in any order of rows."""

    def __init__(self, encoding: Encoding) -> None:
        self._encoding = encoding
        self._sums = np.zeros((len(encoding.zero), 8))

    def add(self, codes: np.ndarray, part: slice) -> None:
        """Add rows (m, n, X, 3) of a part of the planes as `Encoding.encode` wrote them."""
        add_colours(codes, self._sums[part])

    def result(self) -> Colour[np.ndarray]:
        """See `Colour`."""
        n = self._sums[:, 0]
        with np.errstate(invalid="ignore", divide="ignore"):  # 0 / 0: no pixel
            red, green, blue, rg, rg2, yb, yb2 = self._sums[:, 1:].T / n
        zero = self._encoding.zeros
        return Colour(
            n.astype(np.int64),
            (zero + red, zero + green, zero + blue),
            rg,
            np.maximum(rg2 - rg * rg, 0.0) ** 0.5,
            yb,
            np.maximum(yb2 - yb * yb, 0.0) ** 0.5,
        )


@compiled
def add_colours(samples: np.ndarray, sums: np.ndarray) -> None:
    """Add the sums of samples (k, n, X, 3) to `sums` (k, 8), row by row, see `add_colours_of_row`."""
    for p in range(samples.shape[0]):
        for y in range(samples.shape[1]):
            add_colours_of_row(samples[p, y], sums[p])


@compiled
def add_colours_of_row(samples: np.ndarray, sums: np.ndarray) -> None:
    """Add number of pixels finite in all three, sums of R, G, B, and of rg, rg², yb, yb² to `sums` (8,)."""
    n = 0.0
    red = 0.0
    green = 0.0
    blue = 0.0
    rg = 0.0
    rg2 = 0.0
    yb = 0.0
    yb2 = 0.0
    for x in range(samples.shape[0]):
        r = np.float64(samples[x, 0])
        g = np.float64(samples[x, 1])
        b = np.float64(samples[x, 2])
        ok = abs(r) + abs(g) + abs(b) < np.inf
        across = r - g
        down = (r + g) * 0.5 - b
        n += 1.0 if ok else 0.0
        red += r if ok else 0.0
        green += g if ok else 0.0
        blue += b if ok else 0.0
        rg += across if ok else 0.0
        rg2 += across * across if ok else 0.0
        yb += down if ok else 0.0
        yb2 += down * down if ok else 0.0
    sums[0] += n
    sums[1] += red
    sums[2] += green
    sums[3] += blue
    sums[4] += rg
    sums[5] += rg2
    sums[6] += yb
    sums[7] += yb2
