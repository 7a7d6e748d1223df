"""Loops over one small picture that tell its texture: coarser, block by block, and bit by bit."""

import numpy as np

from smalti.kernels._compile import compiled

__all__ = ["N_PATTERNS", "binary_patterns", "block_sums", "grey_counts", "halved"]

N_PATTERNS = 10
"""Uniform patterns of eight neighbours: 0 to 8 of them as bright as the centre in one run, and all others."""


def grey_counts(picture: np.ndarray) -> np.ndarray:
    """How many pixels of uint8 (height, width) have each grey level; int64 (256,)."""
    counts = np.zeros((4, 256), np.int64)
    _count(np.ascontiguousarray(picture).reshape(-1), counts)
    total: np.ndarray = counts.sum(axis=0)
    return total


@compiled
def _count(pixels: np.ndarray, counts: np.ndarray) -> None:
    """Four tables in turns: where neighbours are alike, one would wait for itself; half of the time."""
    whole = len(pixels) // 4 * 4
    for i in range(0, whole, 4):
        for k in range(4):
            counts[k, pixels[i + k]] += 1
    for i in range(whole, len(pixels)):
        counts[0, pixels[i]] += 1


def halved(picture: np.ndarray) -> np.ndarray:
    """Means of 2 × 2 pixels; of an odd number the last row or column is left out.

    Parameters
    ----------
    picture
        float32 (height, width), both 2 or more.
    """
    made = np.empty((picture.shape[0] // 2, picture.shape[1] // 2), np.float32)
    _halve(picture, made)
    return made


@compiled
def _halve(picture: np.ndarray, made: np.ndarray) -> None:
    quarter = np.float32(0.25)
    for y in range(made.shape[0]):
        above, below = picture[2 * y], picture[2 * y + 1]
        for x in range(made.shape[1]):
            total = (above[2 * x] + above[2 * x + 1]) + (below[2 * x] + below[2 * x + 1])
            made[y, x] = quarter * total


def block_sums(picture: np.ndarray, side: int = 8) -> np.ndarray:
    """Sums over blocks of `side` × `side` pixels; what is left at the end belongs to the last.

    Parameters
    ----------
    picture
        float32 (height, width).
    side
        Of a block; of a smaller picture there is one.

    Returns
    -------
    numpy.ndarray
        float64 (blocks along y, along x, 6): number of pixels, sum, sum of squares, and sums of gy², gx² and
        gy · gx, where g are differences of the two neighbours along an axis. Pixels at the border of the
        picture have none.
    """
    shape = [max(1, length // side) for length in picture.shape]
    found = np.zeros((*shape, 6))
    _sum_blocks(picture, side, found)
    return found


@compiled
def _sum_blocks(picture: np.ndarray, side: int, found: np.ndarray) -> None:
    height, width = picture.shape
    n_y, n_x, _ = found.shape
    columns = np.empty((5, width))
    for block in range(n_y):
        start = block * side
        stop = height if block == n_y - 1 else start + side
        columns[:] = 0
        for y in range(start, stop):
            _add_values(picture[y], columns)
            if 0 < y < height - 1:
                _add_gradients(picture[y - 1], picture[y], picture[y + 1], columns)
        for x in range(width):
            here = found[block, min(x // side, n_x - 1)]
            here[0] += stop - start
            for k in range(5):
                here[k + 1] += columns[k, x]


@compiled
def _add_values(row: np.ndarray, columns: np.ndarray) -> None:
    totals, squares = columns[0], columns[1]
    for x in range(row.size):
        value = float(row[x])
        totals[x] += value
        squares[x] += value * value


@compiled
def _add_gradients(above: np.ndarray, row: np.ndarray, below: np.ndarray, columns: np.ndarray) -> None:
    down, right, both = columns[2], columns[3], columns[4]
    for x in range(1, row.size - 1):
        gy = float(below[x] - above[x])
        gx = float(row[x + 1] - row[x - 1])
        down[x] += gy * gy
        right[x] += gx * gx
        both[x] += gy * gx


def binary_patterns(picture: np.ndarray) -> np.ndarray:
    """How often each uniform local binary pattern of eight neighbours at one pixel's distance is there.

    Ojala, Pietikäinen & Mäenpää, IEEE Trans. PAMI 24 (2002). Neighbours on diagonals are interpolated between
    four pixels. One that is as bright as the centre counts as brighter, also where all are the same.

    Parameters
    ----------
    picture
        float32 (height, width) of multiples of 1/256 below 256, which makes all sums exact.

    Returns
    -------
    numpy.ndarray
        int64 (`N_PATTERNS`,); none of pixels at the border.
    """
    counts = np.zeros(N_PATTERNS, np.int64)
    _count_patterns(picture, _OF_BITS, counts)
    return counts


_AWAY, _BESIDE = 70_711.0, 29_289.0
"""√½ and what is left to 1, in parts of 100,000: weights of the diagonal pixel and of the two beside it."""


@compiled
def _count_patterns(picture: np.ndarray, of_bits: np.ndarray, counts: np.ndarray) -> None:
    for y in range(1, picture.shape[0] - 1):
        above, row, below = picture[y - 1], picture[y], picture[y + 1]
        for x in range(1, picture.shape[1] - 1):
            centre = float(row[x])
            east, north = float(row[x + 1]) - centre, float(above[x]) - centre
            west, south = float(row[x - 1]) - centre, float(below[x]) - centre
            bits = (east >= 0) | ((north >= 0) << 2) | ((west >= 0) << 4) | ((south >= 0) << 6)
            bits |= (_BESIDE * (north + east) + _AWAY * (float(above[x + 1]) - centre) >= 0) << 1
            bits |= (_BESIDE * (north + west) + _AWAY * (float(above[x - 1]) - centre) >= 0) << 3
            bits |= (_BESIDE * (south + west) + _AWAY * (float(below[x - 1]) - centre) >= 0) << 5
            bits |= (_BESIDE * (south + east) + _AWAY * (float(below[x + 1]) - centre) >= 0) << 7
            counts[of_bits[bits]] += 1


def _of_bits() -> np.ndarray:
    """The uniform pattern of eight bits in a ring: how many are set, if they are in one run; else 9."""
    bits = np.arange(256, dtype=np.uint8)
    turned = (bits << 1) | (bits >> 7)
    return np.where(np.bitwise_count(bits ^ turned) <= 2, np.bitwise_count(bits), N_PATTERNS - 1).astype(
        np.int64
    )


_OF_BITS = _of_bits()
