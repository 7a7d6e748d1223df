"""The heavy loops: one sweep over luma that serves focus, noise, structure and artefact metrics together.

The loops exist in two versions, which is all that is compiled of them: for planes where every pixel is finite
and for planes where a window counts only when all it touches is. Both work in float64. (Float32 for whole
numbers, exact as it would be, took 3.9 ns a pixel against 3.2: squares need float64, and to convert costs
more than the narrower loads save.)
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from smalti.kernels._compile import compiled
from smalti.kernels.luma import HALO

__all__ = ["sweep"]

BLOCK = 512
"""Columns worked on together, so that their temporary rows stay in a first-level cache (20 of 48 KiB)."""

OUTLIER = 2.75
"""Standard deviations of nine values by which one stands out; √8 is the most there can be."""


def _along_row(finite: bool) -> Callable[..., Any]:
    @compiled
    def along_row(
        row: np.ndarray,
        above: np.ndarray,
        start: int,
        stop: int,
        columns: np.ndarray,
        pairs: np.ndarray,
        triples: np.ndarray,
    ) -> None:
        """Add columns start..stop of a row to sums by column, pair and triple.

        Parameters
        ----------
        row, above
            (X,): one row and the row above it.
        columns
            (4, X): sum and number of pixels, sum and number of jumps from the left.
        pairs
            (4,): sum and number of pixels, sum and number of jumps from above.
        triples
            (5,): number of triples along x; sums of Brenner's square, Vollath's product, its change with
            the mean, and the squared second difference.
        """
        here = row[start:stop]
        up = above[start:stop]
        sums = columns[0, start:stop]
        counts = columns[1, start:stop]
        total = 0.0
        pixels = 0.0
        fall = 0.0
        falls = 0.0
        for k in range(here.size):
            value = here[k]
            jump = abs(value - up[k])
            ok = finite or abs(value) < np.inf
            total += value if ok else 0.0
            sums[k] += value if ok else 0.0
            if not finite:
                pixels += 1.0 if ok else 0.0
                counts[k] += 1.0 if ok else 0.0
            ok = finite or jump < np.inf
            fall += jump if ok else 0.0
            if not finite:
                falls += 1.0 if ok else 0.0
        pairs[0] += total
        pairs[1] += pixels
        pairs[2] += fall
        pairs[3] += falls
        if start == 0 and stop > 1:
            jump = abs(row[1] - row[0])
            ok = finite or jump < np.inf
            columns[2, 1] += jump if ok else 0.0
            if not finite:
                columns[3, 1] += 1.0 if ok else 0.0
        n = 0.0
        brenner = 0.0
        vollath = 0.0
        slope = 0.0
        bend = 0.0
        begin = max(start, 2)
        here = row[begin - 2 : stop]
        sums = columns[2, begin:stop]
        counts = columns[3, begin:stop]
        for k in range(stop - begin):
            first = here[k]
            second = here[k + 1]
            third = here[k + 2]
            step = third - second
            ok = finite or abs(step) < np.inf
            sums[k] += abs(step) if ok else 0.0
            if not finite:
                counts[k] += 1.0 if ok else 0.0
            wide = third - first
            curve = wide - 2.0 * (second - first)
            ok = finite or abs(curve) < np.inf
            if not finite:
                n += 1.0 if ok else 0.0
                slope -= step if ok else 0.0
            brenner += wide * wide if ok else 0.0
            vollath -= first * step if ok else 0.0
            bend += curve * curve if ok else 0.0
        if finite and stop > begin:
            n = float(stop - begin)
            slope = row[begin - 1] - row[stop - 1]  # the steps add up to this
        triples[0] += n
        triples[1] += brenner
        triples[2] += vollath
        triples[3] += slope
        triples[4] += bend

    return along_row


@compiled
def stack_rows(a: np.ndarray, b: np.ndarray, c: np.ndarray, stack: np.ndarray) -> None:
    """Reduce three rows (n,) to what the 3×3 windows need of each column.

    `stack` (5, ≥ n): sum, last less first, maximum, minimum, and half the sum of the squared differences of
    the three pairs.
    """
    for k in range(a.size):
        top = a[k]
        middle = b[k]
        bottom = c[k]
        upper = middle - top
        lower = bottom - middle
        both = bottom - top
        stack[0, k] = top + middle + bottom
        stack[1, k] = both
        most = top if top > middle else middle
        stack[2, k] = most if most > bottom else bottom
        least = top if top < middle else middle
        stack[3, k] = least if least < bottom else bottom
        stack[4, k] = upper * both + lower * lower


def _along_windows(finite: bool) -> Callable[..., Any]:
    @compiled
    def along_windows(row: np.ndarray, stack: np.ndarray, floor: float, sums: np.ndarray) -> None:
        """Add the 3×3 windows whose middle row is `row` and whose columns `stack_rows` reduced to `sums`.

        `sums` (12,): number of windows; sums of the Laplacian, its square, the squared Sobel gradient, the
        absolute response of Immerkær's mask, the range, MSCN, its square, the standard deviation, the
        variance, and the squared second difference along y; number of centres that stand out.
        """
        n = 0.0
        laplacian = 0.0
        laplacian2 = 0.0
        gradient = 0.0
        noise = 0.0
        span = 0.0
        mscn = 0.0
        mscn2 = 0.0
        std = 0.0
        variance = 0.0
        bend = 0.0
        hot = 0.0
        gate = 8.0 * floor
        for k in range(row.size - 2):
            before = row[k]
            centre = row[k + 1]
            after = row[k + 2]
            left = stack[0, k]
            middle = stack[0, k + 1]
            right = stack[0, k + 2]
            total = left + middle + right
            ok = finite or abs(total) < np.inf
            across = before + after - 2.0 * centre
            down = middle - 3.0 * centre
            curve = across + down
            ripple = left + right - 2.0 * middle - 3.0 * across
            wide = right - left
            gx = wide + (after - before)
            gy = stack[1, k] + 2.0 * stack[1, k + 1] + stack[1, k + 2]
            most = stack[2, k] if stack[2, k] > stack[2, k + 1] else stack[2, k + 1]
            most = most if most > stack[2, k + 2] else stack[2, k + 2]
            least = stack[3, k] if stack[3, k] < stack[3, k + 1] else stack[3, k + 1]
            least = least if least < stack[3, k + 2] else stack[3, k + 2]
            step = right - middle
            # Of nine values: sum of squared deviations = (3 · pairs within columns + pairs of columns) / 9.
            pairs = (
                (stack[4, k] + stack[4, k + 1] + stack[4, k + 2]) * 3.0 + (middle - left) * wide + step * step
            )
            local = pairs * (2.0 / 81.0)
            deviation = np.sqrt(local)
            away = centre - total * (1.0 / 9.0)
            contrast = away / (deviation + floor)
            bar = OUTLIER * deviation
            bar = bar if bar > gate else gate
            if not finite:
                n += 1.0 if ok else 0.0
            laplacian += curve if ok else 0.0
            laplacian2 += curve * curve if ok else 0.0
            gradient += gx * gx + gy * gy if ok else 0.0
            noise += abs(ripple) if ok else 0.0
            span += most - least if ok else 0.0
            mscn += contrast if ok else 0.0
            mscn2 += contrast * contrast if ok else 0.0
            std += deviation if ok else 0.0
            variance += local if ok else 0.0
            bend += down * down if ok else 0.0
            hot += 1.0 if away > bar else 0.0  # never of a window that is not finite
        sums[0] += float(max(row.size - 2, 0)) if finite else n
        sums[1] += laplacian
        sums[2] += laplacian2
        sums[3] += gradient
        sums[4] += noise
        sums[5] += span
        sums[6] += mscn
        sums[7] += mscn2
        sums[8] += std
        sums[9] += variance
        sums[10] += bend
        sums[11] += hot

    return along_windows


along_row_finite, along_row_masked = _along_row(True), _along_row(False)
along_windows_finite, along_windows_masked = _along_windows(True), _along_windows(False)


def _sweep(finite: bool) -> Callable[..., Any]:
    @compiled
    def sweep_plane(
        block: np.ndarray,
        top: int,
        floor: float,
        rows: np.ndarray,
        columns: np.ndarray,
        phases: np.ndarray,
        triples: np.ndarray,
        windows: np.ndarray,
    ) -> None:
        """As `sweep`, of one plane."""
        height, width = block.shape
        stack = np.empty((5, BLOCK + 2), np.float64)
        pairs = np.empty(4, np.float64)
        for start in range(0, width, BLOCK):
            stop = min(start + BLOCK, width)
            left = max(start - 1, 0)
            right = min(stop + 1, width)
            for r in range(HALO, height):
                y = top + r - HALO
                above = block[r - 1] if y > 0 else block[r]
                pairs[:] = 0.0
                if finite:
                    along_row_finite(block[r], above, start, stop, columns, pairs, triples)
                else:
                    along_row_masked(block[r], above, start, stop, columns, pairs, triples)
                rows[y, 0] += pairs[0]
                rows[y, 1] += pairs[1]
                if y > 0:
                    phases[y % 8, 0] += pairs[2]
                    phases[y % 8, 1] += pairs[3]
                if y < 2:
                    continue
                middle = above[left:right]
                stack_rows(block[r - 2, left:right], middle, block[r, left:right], stack)
                if finite:
                    along_windows_finite(middle, stack, floor, windows)
                else:
                    along_windows_masked(middle, stack, floor, windows)

    return sweep_plane


sweep_finite, sweep_masked = _sweep(True), _sweep(False)


@compiled
def sweep(
    block: np.ndarray,
    top: int,
    finite: np.ndarray,
    floor: np.ndarray,
    rows: np.ndarray,
    columns: np.ndarray,
    phases: np.ndarray,
    triples: np.ndarray,
    windows: np.ndarray,
) -> None:
    """Add the new rows of k planes to all sums.

    Where every pixel of a plane is finite, its numbers of pixels and jumps are known and left as they are.

    Parameters
    ----------
    block
        (k, 2 + n, X), see `smalti.kernels.luma.Luma.next`.
    top
        Index in the planes of the first new row.
    finite
        (k,): whether every pixel of a plane is.
    floor
        (k,): the C of MSCN.
    rows
        (k, Y, 2): sum and number of pixels of each row.
    columns
        (k, 4, X): sum and number of pixels, sum and number of jumps from the left.
    phases
        (k, 8, 2): sum and number of jumps from above, by row modulo 8.
    triples
        (k, 5), see `along_row`.
    windows
        (k, 12), see `along_windows`.
    """
    for p in range(block.shape[0]):
        if finite[p]:
            sweep_finite(block[p], top, floor[p], rows[p], columns[p], phases[p], triples[p], windows[p])
        else:
            sweep_masked(block[p], top, floor[p], rows[p], columns[p], phases[p], triples[p], windows[p])
