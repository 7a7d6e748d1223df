"""One value for each block of pixels: the loops of pyramids.

All take pixels (N, Z, Y, X) and fill `out` with a value a block of factors (fz, fy, fx). The last block of an
axis is taken over the pixels that it has. Their sums run over z, then y, then x, so that a result does not
depend on how an image was cut into pieces.
"""

import numpy as np

from smalti.kernels._compile import compiled, compiled_in_order

__all__ = ["fill_max", "fill_means", "fill_middles", "fill_modes", "fill_real_means"]


@compiled
def fill_means(pixels: np.ndarray, factors: tuple[int, int, int], sums: np.ndarray, out: np.ndarray) -> None:
    """Means of integers of at most 32 bits, halves to even; `sums` is X long, of a type that holds them."""
    fz, fy, fx = factors
    n, nz, ny, nx = pixels.shape
    for i in range(n):
        for z in range(out.shape[1]):
            for y in range(out.shape[2]):
                sums[:] = 0
                rows = 0
                for zz in range(z * fz, min(z * fz + fz, nz)):
                    for yy in range(y * fy, min(y * fy + fy, ny)):
                        rows += 1
                        row = pixels[i, zz, yy]
                        for x in range(nx):
                            sums[x] += row[x]
                _means_of_row(sums, rows, fx, out[i, z, y])


@compiled
def _means_of_row(sums: np.ndarray, rows: int, fx: int, out: np.ndarray) -> None:
    nx = sums.size
    whole = nx // fx
    n = rows * fx
    if fx == 2 and (n & (n - 1)) == 0:  # nearly all there are; 4 times as fast as by a division
        shift, half = 0, n // 2
        while (1 << shift) < n:
            shift += 1
        for x in range(whole):
            total = sums[2 * x] + sums[2 * x + 1]
            floor = total >> shift
            rest = total - (floor << shift)
            out[x] = floor + (rest + (floor & 1) > half)
    else:
        for x in range(whole):
            out[x] = _mean(sums, x * fx, x * fx + fx, n)
    if whole < out.size:
        out[whole] = _mean(sums, whole * fx, nx, rows * (nx - whole * fx))


@compiled
def _mean(sums: np.ndarray, start: int, stop: int, n: int) -> float:
    """Below 2**44 a quotient is never so near a half that it is rounded to one."""
    total = np.int64(0)
    for x in range(start, stop):
        total += np.int64(sums[x])
    return np.rint(total / n)  # type: ignore[no-any-return]


@compiled_in_order
def fill_real_means(
    pixels: np.ndarray, factors: tuple[int, int, int], sums: np.ndarray, counts: np.ndarray, out: np.ndarray
) -> None:
    """Means of floats that are not NaN, NaN where all are; `sums` is float64 and `counts` int64, X long."""
    fz, fy, fx = factors
    n, nz, ny, nx = pixels.shape
    for i in range(n):
        for z in range(out.shape[1]):
            for y in range(out.shape[2]):
                sums[:] = 0
                counts[:] = 0
                for zz in range(z * fz, min(z * fz + fz, nz)):
                    for yy in range(y * fy, min(y * fy + fy, ny)):
                        row = pixels[i, zz, yy]
                        for x in range(nx):
                            value = np.float64(row[x])
                            known = value == value
                            sums[x] += value if known else 0.0
                            counts[x] += known
                for x in range(out.shape[3]):
                    total, count = 0.0, 0
                    for xx in range(x * fx, min(x * fx + fx, nx)):
                        total += sums[xx]
                        count += counts[xx]
                    out[i, z, y, x] = total / count if count else np.nan


@compiled
def fill_max(pixels: np.ndarray, factors: tuple[int, int, int], best: np.ndarray, out: np.ndarray) -> None:
    """Largest values, NaN only where all are; `best` is X long, of the type of the pixels."""
    fz, fy, fx = factors
    n, nz, ny, nx = pixels.shape
    for i in range(n):
        for z in range(out.shape[1]):
            for y in range(out.shape[2]):
                best[:] = pixels[i, z * fz, y * fy]
                for zz in range(z * fz, min(z * fz + fz, nz)):
                    for yy in range(y * fy, min(y * fy + fy, ny)):
                        row = pixels[i, zz, yy]
                        for x in range(nx):
                            value = row[x]
                            best[x] = best[x] if best[x] >= value or value != value else value
                for x in range(out.shape[3]):
                    most = best[x * fx]
                    for xx in range(x * fx + 1, min(x * fx + fx, nx)):
                        value = best[xx]
                        most = most if most >= value or value != value else value
                    out[i, z, y, x] = most


@compiled
def fill_modes(pixels: np.ndarray, factors: tuple[int, int, int], kept: np.ndarray, out: np.ndarray) -> None:
    """Most frequent values, of several the smallest, NaN only where all are; `kept` has room for a block."""
    n, nz, ny, nx = out.shape
    for i in range(n):
        for z in range(nz):
            for y in range(ny):
                for x in range(nx):
                    found = _sorted_block(pixels[i], factors, (z, y, x), kept)
                    best, most, run = kept[0], 1, 1
                    for k in range(1, found):
                        run = run + 1 if kept[k] == kept[k - 1] else 1
                        if run > most:
                            best, most = kept[k], run
                    out[i, z, y, x] = best


@compiled
def fill_middles(
    pixels: np.ndarray, factors: tuple[int, int, int], kept: np.ndarray, low: np.ndarray, high: np.ndarray
) -> None:
    """The two values in the middle of each block, of an odd number one twice; NaN do not count."""
    n, nz, ny, nx = low.shape
    for i in range(n):
        for z in range(nz):
            for y in range(ny):
                for x in range(nx):
                    found = _sorted_block(pixels[i], factors, (z, y, x), kept)
                    low[i, z, y, x] = kept[(found - 1) // 2]
                    high[i, z, y, x] = kept[found // 2]


@compiled
def _sorted_block(
    pixels: np.ndarray, factors: tuple[int, int, int], at: tuple[int, int, int], kept: np.ndarray
) -> int:
    """Values of a block that are not NaN in ascending order, and how many; a single NaN where all are."""
    fz, fy, fx = factors
    z, y, x = at[0] * fz, at[1] * fy, at[2] * fx
    nz, ny, nx = pixels.shape
    kept[0] = pixels[z, y, x]
    found = 0
    for zz in range(z, min(z + fz, nz)):
        for yy in range(y, min(y + fy, ny)):
            for xx in range(x, min(x + fx, nx)):
                value = pixels[zz, yy, xx]
                if value == value:
                    k = found
                    while k > 0 and kept[k - 1] > value:
                        kept[k] = kept[k - 1]
                        k -= 1
                    kept[k] = value
                    found += 1
    return max(found, 1)
