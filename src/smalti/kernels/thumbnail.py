"""A plane made small by area averages, its contrast window and its difference hash."""

from functools import cache

import numpy as np

from smalti.kernels._compile import compiled
from smalti.kernels.accumulators import Histogram, Thumbnail
from smalti.kernels.encoding import Encoding
from smalti.kernels.layout import Layout

__all__ = ["ThumbnailSums", "to_uint8"]

LONGER_SIDE = 128
STEPS = (8, 9)
WAVES = (32, 32)


class ThumbnailSums:
    """Area sums of a plane; rows come from top to bottom, luma or the codes of R, G, B."""

    def __init__(self, layout: Layout, encoding: Encoding) -> None:
        self._layout = layout
        self._encoding = encoding
        samples = 3 if layout.rgb else 1
        longer = max(layout.height, layout.width, 1)
        height, width = (
            min(size, max(1, round(size * LONGER_SIDE / longer))) for size in (layout.height, layout.width)
        )
        self._line = np.zeros((2, layout.width * samples))
        self._small = np.zeros((2, height, width, samples))
        self._columns = _spans(layout.width, width)
        self._masked = not encoding.all_finite
        self._done = 0

    def add(self, rows: np.ndarray) -> None:
        """Add the next rows, (n, X) or (n, X, 3)."""
        flat = rows.reshape(len(rows), -1)
        add_rows(flat, self._done, self._layout.height, self._columns, self._masked, self._line, self._small)
        self._done += len(rows)

    def result(self, histogram: Histogram) -> Thumbnail:
        """See `Thumbnail`; `histogram` is that of the plane."""
        layout, encoding = self._layout, self._encoding
        small = self._averages()
        luma = small @ np.array(layout.weights) * layout.unit if layout.rgb else small[..., 0]
        pixels = small if layout.rgb else small[..., 0] * layout.unit
        low, high = (0.0, 255.0) if layout.rgb and layout.dtype == np.uint8 else _window(histogram)
        shown = (pixels + encoding.zero).astype(np.float32)
        return Thumbnail(shown, low, high, self._dhash(luma), self._phash(luma))

    def _averages(self) -> np.ndarray:
        total, weight = self._small
        if not self._masked:
            average: np.ndarray = total / max(1, self._layout.height * self._layout.width)
            return average
        average = np.full(total.shape, np.nan)
        np.divide(total, weight, out=average, where=weight > 0)
        return average

    def _dhash(self, luma: np.ndarray) -> str | None:
        reduced = self._reduced(luma, STEPS)
        if reduced is None:
            return None
        return _hex(reduced[:, 1:] - reduced[:, :-1] > _least_step(reduced))

    def _phash(self, luma: np.ndarray) -> str | None:
        reduced = self._reduced(luma, WAVES)
        if reduced is None:
            return None
        waves = _cosines() @ reduced @ _cosines().T
        waves[0, 0] = np.inf  # the mean says nothing of the looks
        return _hex(waves > np.sort(waves, axis=None)[31])  # as above the median, in a tenth of its time

    def _reduced(self, luma: np.ndarray, shape: tuple[int, int]) -> np.ndarray | None:
        """Area averages of luma, up to a factor; None when flat, too small, or not finite in some part."""
        if self._layout.height < shape[0] or self._layout.width < shape[1]:
            return None
        down, across = (_shares(n, size) for n, size in zip(shape, luma.shape, strict=True))
        if self._masked:
            covered = down @ np.isfinite(luma) @ across.T
            if not covered.all():
                return None
            reduced = down @ np.nan_to_num(luma) @ across.T / covered
        else:
            reduced = down @ luma @ across.T
        return reduced if np.ptp(reduced) > _least_step(reduced) else None


def _least_step(reduced: np.ndarray) -> float:
    """Averages of equal areas may differ in their last digits; such a step is no gradient."""
    return 1e-9 * float(np.abs(reduced).max())


def _hex(bits: np.ndarray) -> str:
    return np.packbits(bits).tobytes().hex()


@cache
def _cosines() -> np.ndarray:
    """The eight lowest waves of the cosine transform (DCT-II), shape (8, 32)."""
    n = WAVES[0]
    return np.cos(np.pi / n * np.outer(np.arange(8), np.arange(n) + 0.5))


def to_uint8(thumbnail: Thumbnail) -> np.ndarray:
    """The thumbnail's pixels as uint8, low..high spread over 0..255 and clipped; NaN is 0."""
    scaled = thumbnail.pixels.astype(np.float64)
    scaled -= thumbnail.low
    scaled *= 255 / (thumbnail.high - thumbnail.low)
    np.fmin(np.fmax(scaled, 0, out=scaled), 255, out=scaled)  # of a number and NaN they take the number
    whole: np.ndarray = np.rint(scaled, out=scaled).astype(np.uint8)
    return whole


def _window(histogram: Histogram) -> tuple[float, float]:
    low, high = histogram.percentiles(0.1, 99.9)
    if low == high:  # a few bright pixels on one background value
        low, high = histogram.low, histogram.high
    if low < high:
        return low, high
    if low == high:
        return low - max(0.5, abs(low) * 1e-6), high + max(0.5, abs(high) * 1e-6)
    return 0.0, 1.0  # no finite pixel


@cache
def _shares(n: int, size: int) -> np.ndarray:
    """Length that each of `size` equal steps shares with each of `n` equal parts, shape (n, size)."""
    parts, steps = np.arange(n)[:, None] * size, np.arange(size)[None, :] * n
    shared: np.ndarray = np.minimum(parts + size, steps + n) - np.maximum(parts, steps)
    return shared.clip(0).astype(np.float64)


@cache
def _spans(size: int, n: int) -> np.ndarray:
    """For each of n equal parts of `size` pixels its first and last, and what of these lies outside, (n, 4).

    Counted in steps of which a pixel has n and a part has `size`.
    """
    start = np.arange(n) * size
    first, last = start // n, (start + size - 1) // n
    return np.stack([first, last, start - first * n, (last + 1) * n - start - size], axis=1)


@compiled
def add_rows(
    rows: np.ndarray,
    top: int,
    height: int,
    columns: np.ndarray,
    masked: bool,
    line: np.ndarray,
    small: np.ndarray,
) -> None:
    """Add rows (n, X·S) from row `top` of `height` on to the averages `small` (2, h, w, S).

    Both `line` (2, X·S), which collects the rows of one line of `small`, and `small` hold a weighted sum and,
    if `masked`, the sum of the weights of finite pixels. Areas are counted in whole numbers: a row is h
    long, a line of `small` is `height` long. `columns` is that of `_spans`.
    """
    n_lines = small.shape[1]
    for r in range(rows.shape[0]):
        start = (top + r) * n_lines
        i = start // height
        end = (i + 1) * height
        part = min(n_lines, end - start)
        add_line(rows[r], float(part), masked, line)
        if start + n_lines >= end:
            squeeze(line[0], columns, small[0, i])
            if masked:
                squeeze(line[1], columns, small[1, i])
            line[:] = 0.0
            if part < n_lines:
                add_line(rows[r], float(n_lines - part), masked, line)


@compiled
def add_line(row: np.ndarray, weight: float, masked: bool, line: np.ndarray) -> None:
    """Add the finite pixels of a row to `line`."""
    sums = line[0]
    if not masked:
        for k in range(row.size):
            sums[k] += weight * row[k]
        return
    weights = line[1]
    for k in range(row.size):
        ok = abs(np.float64(row[k])) < np.inf
        sums[k] += weight * row[k] if ok else 0.0
        weights[k] += weight if ok else 0.0


@compiled
def squeeze(line: np.ndarray, columns: np.ndarray, out: np.ndarray) -> None:
    """Add `line` (X·S,) to `out` (w, S); `columns` (w, 4) is that of `_spans`."""
    width, samples = out.shape
    for j in range(width):
        first = columns[j, 0] * samples
        last = columns[j, 1] * samples
        for s in range(samples):
            total = 0.0
            if samples == 1:
                for k in range(first, last + 1):
                    total += line[k]
            else:
                k = first + s
                while k <= last + s:  # a range by a step that is no constant divides to know its length
                    total += line[k]
                    k += samples
            before = line[first + s] * columns[j, 2]
            after = line[last + s] * columns[j, 3]
            out[j, s] += total * width - before - after
