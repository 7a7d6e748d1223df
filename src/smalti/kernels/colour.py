"""Sums over R, G and B and their two opponent colours."""

import numpy as np

from smalti.kernels._compile import compiled
from smalti.kernels.accumulators import Colour
from smalti.kernels.encoding import Encoding

__all__ = ["ColourSums"]


class ColourSums:
    """Sums over the pixels of an RGB plane, in any order of rows."""

    def __init__(self, encoding: Encoding) -> None:
        self._encoding = encoding
        self._sums = np.zeros(8)

    def add(self, codes: np.ndarray) -> None:
        """Add some rows (n, X, 3) as `Encoding.encode` wrote them."""
        add_colours(codes, self._sums)

    def result(self) -> Colour:
        """See `Colour`."""
        n = float(self._sums[0])
        nan = float("nan")
        if not n:
            return Colour(0, (nan, nan, nan), nan, nan, nan, nan)
        red, green, blue, rg, rg2, yb, yb2 = (self._sums[1:] / n).tolist()
        zero = self._encoding.zero
        return Colour(
            int(n),
            (zero + red, zero + green, zero + blue),
            rg,
            max(rg2 - rg * rg, 0.0) ** 0.5,
            yb,
            max(yb2 - yb * yb, 0.0) ** 0.5,
        )


@compiled
def add_colours(samples: np.ndarray, sums: np.ndarray) -> None:
    """Add number of pixels finite in all three, sums of R, G, B, and of rg, rg², yb, yb² to `sums` (8,)."""
    n = 0.0
    red = 0.0
    green = 0.0
    blue = 0.0
    rg = 0.0
    rg2 = 0.0
    yb = 0.0
    yb2 = 0.0
    for y in range(samples.shape[0]):
        for x in range(samples.shape[1]):
            r = np.float64(samples[y, x, 0])
            g = np.float64(samples[y, x, 1])
            b = np.float64(samples[y, x, 2])
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
