"""The heavy loops: one sweep over luma that serves focus, noise, structure and artefact metrics together.

Each loop exists in two versions, which is all that is compiled of them: float32 rows of whole numbers, where
every pixel counts, and float64 rows, where a window counts only when all it touches is finite. Differences
are taken before squares, so that no digits are lost on a large offset.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from smalti.kernels._compile import compiled

__all__ = ["GROUP", "sweep_floats", "sweep_whole"]

BLOCK = 512
"""Columns worked on together: with their temporary rows they stay in a first-level cache (24 of 48 KiB)."""

GROUP = 64
"""Rows summed along a column before the sum leaves the block's type: 64 · 2¹⁸ is exact in float32."""


def _along_row(whole: bool) -> Callable[..., Any]:
    @compiled
    def along_row(
        row: np.ndarray,
        above: np.ndarray,
        start: int,
        stop: int,
        lines: np.ndarray,
        pairs: np.ndarray,
        triples: np.ndarray,
    ) -> None:
        """Add one row's columns start..stop to sums by column, by pair and by triple.

        `lines` (4, BLOCK): sum and number of pixels, sum and number of jumps from the left, by column.
        `pairs` (4,): sum and number of pixels, sum and number of jumps from above.
        """
        total = 0.0
        pixels = 0.0
        fall = 0.0
        falls = 0.0
        for x in range(start, stop):
            value = row[x]
            jump = value - above[x]
            ok = whole or abs(value) < np.inf
            lines[0, x - start] += value if ok else 0
            lines[1, x - start] += 1 if ok else 0
            total += value if ok else 0.0
            pixels += 1.0 if ok else 0.0
            ok = whole or abs(jump) < np.inf
            fall += abs(jump) if ok else 0.0
            falls += 1.0 if ok else 0.0
        pairs[0] += total
        pairs[1] += pixels
        pairs[2] += fall
        pairs[3] += falls
        if start == 0 and stop > 1:
            jump = abs(row[1] - row[0])
            ok = whole or jump < np.inf
            lines[2, 1] += jump if ok else 0
            lines[3, 1] += 1 if ok else 0
        n = 0.0
        brenner = 0.0
        vollath = 0.0
        slope = 0.0
        bend = 0.0
        for x in range(max(start, 2), stop):
            first = row[x - 2]
            second = row[x - 1]
            third = row[x]
            step = third - second
            ok = whole or abs(step) < np.inf
            lines[2, x - start] += abs(step) if ok else 0
            lines[3, x - start] += 1 if ok else 0
            wide = np.float64(third - first)
            back = np.float64(-step)
            curve = np.float64(step - (second - first))
            ok = whole or abs(curve) < np.inf
            n += 1.0 if ok else 0.0
            brenner += wide * wide if ok else 0.0
            vollath += np.float64(first) * back if ok else 0.0
            slope += back if ok else 0.0
            bend += curve * curve if ok else 0.0
        triples[0] += n
        triples[1] += brenner
        triples[2] += vollath
        triples[3] += slope
        triples[4] += bend

    return along_row


@compiled
def stack_rows(
    a: np.ndarray, b: np.ndarray, c: np.ndarray, left: int, right: int, stack: np.ndarray, spread: np.ndarray
) -> None:
    """Reduce three rows, columns left..right, to what the 3×3 windows need of each column.

    `stack` (5, BLOCK + 2): sum, first difference, second difference, maximum, minimum; `spread`: sum of
    squared differences of the three pairs.
    """
    for x in range(left, right):
        k = x - left
        top = a[x]
        middle = b[x]
        bottom = c[x]
        upper = middle - top
        lower = bottom - middle
        both = bottom - top
        stack[0, k] = top + middle + bottom
        stack[1, k] = both
        stack[2, k] = lower - upper
        most = top if top > middle else middle
        stack[3, k] = most if most > bottom else bottom
        least = top if top < middle else middle
        stack[4, k] = least if least < bottom else bottom
        u = np.float64(upper)
        v = np.float64(lower)
        w = np.float64(both)
        spread[k] = u * u + v * v + w * w


def _along_windows(whole: bool) -> Callable[..., Any]:
    @compiled
    def along_windows(
        row: np.ndarray,
        left: int,
        n_windows: int,
        stack: np.ndarray,
        spread: np.ndarray,
        floor: float,
        sums: np.ndarray,
    ) -> None:
        """Add the 3×3 windows whose middle row is `row` and whose first column is `left` to `sums`."""
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
        for k in range(n_windows):
            before = row[left + k]
            centre = row[left + k + 1]
            after = row[left + k + 2]
            s0 = stack[0, k]
            s1 = stack[0, k + 1]
            s2 = stack[0, k + 2]
            total = s0 + s1 + s2
            ok = whole or abs(total) < np.inf
            b1 = stack[2, k + 1]
            curve = np.float64(b1 + (after - centre) - (centre - before))
            gx = np.float64((s2 - s0) + (after - before))
            gy = np.float64(stack[1, k] + 2 * stack[1, k + 1] + stack[1, k + 2])
            ripple = np.float64(stack[2, k] - 2 * b1 + stack[2, k + 2])
            most = stack[3, k] if stack[3, k] > stack[3, k + 1] else stack[3, k + 1]
            most = most if most > stack[3, k + 2] else stack[3, k + 2]
            least = stack[4, k] if stack[4, k] < stack[4, k + 1] else stack[4, k + 1]
            least = least if least < stack[4, k + 2] else stack[4, k + 2]
            u = np.float64(s1 - s0)
            v = np.float64(s2 - s1)
            w = np.float64(s2 - s0)
            # Squared deviations from the mean of nine, out of differences within and between columns.
            local = ((spread[k] + spread[k + 1] + spread[k + 2]) * 3.0 + (u * u + v * v + w * w)) / 81.0
            deviation = np.sqrt(local)
            contrast = (np.float64(centre) - np.float64(total) / 9.0) / (deviation + floor)
            bent = np.float64(b1)
            n += 1.0 if ok else 0.0
            laplacian += curve if ok else 0.0
            laplacian2 += curve * curve if ok else 0.0
            gradient += gx * gx + gy * gy if ok else 0.0
            noise += abs(ripple) if ok else 0.0
            span += np.float64(most - least) if ok else 0.0
            mscn += contrast if ok else 0.0
            mscn2 += contrast * contrast if ok else 0.0
            std += deviation if ok else 0.0
            variance += local if ok else 0.0
            bend += bent * bent if ok else 0.0
        sums[0] += n
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

    return along_windows


along_row_whole = _along_row(True)
along_row_floats = _along_row(False)
along_windows_whole = _along_windows(True)
along_windows_floats = _along_windows(False)


def _sweep(whole: bool) -> Callable[..., Any]:
    @compiled
    def sweep(
        block: np.ndarray,
        halo: int,
        top: int,
        floor: float,
        rows: np.ndarray,
        columns: np.ndarray,
        phases: np.ndarray,
        triples: np.ndarray,
        windows: np.ndarray,
    ) -> None:
        """Add the rows of `block` (halo + n, X) below its first `halo` to all sums.

        Parameters
        ----------
        halo
            Rows carried from above: the lesser of 2 and `top`.
        top
            Index in the plane of the first new row.
        floor
            The C of MSCN in units of the block.
        rows
            (n, 2): sum and number of pixels of each new row.
        columns
            (4, X): sum and number of pixels, sum and number of jumps from the left.
        phases
            (8, 2): sum and number of jumps from above, by row modulo 8.
        triples
            (5,): number of triples along x, and sums in the order of `along_row`.
        windows
            (11,): number of 3×3 windows, and sums in the order of `along_windows`.
        """
        height, width = block.shape
        lines = np.empty((4, BLOCK), block.dtype)
        stack = np.empty((5, BLOCK + 2), block.dtype)
        spread = np.empty(BLOCK + 2, np.float64)
        pairs = np.empty(4, np.float64)
        for start in range(0, width, BLOCK):
            stop = min(start + BLOCK, width)
            left = max(start - 1, 0)
            right = min(stop + 1, width)
            for group in range(halo, height, GROUP):
                lines[:] = 0
                for r in range(group, min(group + GROUP, height)):
                    y = top + r - halo
                    pairs[:] = 0.0
                    if whole:
                        along_row_whole(block[r], block[max(r - 1, 0)], start, stop, lines, pairs, triples)
                    else:
                        along_row_floats(block[r], block[max(r - 1, 0)], start, stop, lines, pairs, triples)
                    rows[r - halo, 0] += pairs[0]
                    rows[r - halo, 1] += pairs[1]
                    if y > 0:
                        phases[y % 8, 0] += pairs[2]
                        phases[y % 8, 1] += pairs[3]
                    if y > 1:
                        stack_rows(block[r - 2], block[r - 1], block[r], left, right, stack, spread)
                        n = right - left - 2
                        if whole:
                            along_windows_whole(block[r - 1], left, n, stack, spread, floor, windows)
                        else:
                            along_windows_floats(block[r - 1], left, n, stack, spread, floor, windows)
                for k in range(stop - start):
                    for i in range(4):
                        columns[i, start + k] += lines[i, k]

    return sweep


sweep_whole = _sweep(True)
sweep_floats = _sweep(False)
