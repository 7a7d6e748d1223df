"""Planes made small by area averages, their contrast windows and hashes."""

from functools import cache

import numpy as np

from smalti.kernels._compile import compiled
from smalti.kernels.accumulators import Histograms, Thumbnail
from smalti.kernels.encoding import Encoding
from smalti.kernels.layout import Layout

__all__ = ["ThumbnailSums", "to_uint8"]

LONGER_SIDE = 128
STEPS = (8, 9)
WAVES = (32, 32)


class ThumbnailSums:
    """Area sums of k planes; rows come from top to bottom, luma or the codes of R, G, B."""

    def __init__(self, layout: Layout, encoding: Encoding) -> None:
        k = len(encoding.zero)
        self._layout = layout
        self._encoding = encoding
        samples = 3 if layout.rgb else 1
        longer = max(layout.height, layout.width, 1)
        height, width = (
            min(size, max(1, round(size * LONGER_SIDE / longer))) for size in (layout.height, layout.width)
        )
        self._line = np.zeros((k, 2, layout.width * samples))
        self._small = np.zeros((k, 2, height, width, samples))
        self._columns = _spans(layout.width, width)

    def add(self, rows: np.ndarray, skip: int, part: slice, top: int) -> None:
        """Add rows (m, skip + n, X) or (m, skip + n, X, 3) of a part of the planes but the first `skip`.

        `top` is the first row added.
        """
        flat = rows.reshape(len(rows), rows.shape[1], -1)
        height, finite = self._layout.height, self._encoding.finite[part]
        add_rows(flat, skip, top, height, self._columns, finite, self._line[part], self._small[part])

    def result(self, histogram: Histograms) -> Thumbnail[np.ndarray, np.ndarray]:
        """See `Thumbnail`; `histogram` is that of the planes."""
        layout, encoding = self._layout, self._encoding
        small = self._averages()
        luma = small @ np.array(layout.weights) * layout.unit if layout.rgb else small[..., 0]
        pixels = small if layout.rgb else luma if layout.unit == 1 else luma * layout.unit
        if layout.rgb and layout.dtype == np.uint8:
            low, high = np.zeros(len(small)), np.full(len(small), 255.0)
        else:
            low, high = _windows(histogram)
        shown = (pixels + encoding.zeros.reshape(-1, *[1] * (pixels.ndim - 1))).astype(np.float32)
        return Thumbnail(shown, low, high, self._dhash(luma), self._phash(luma))

    def _averages(self) -> np.ndarray:
        total, finite = self._small[:, 0], self._encoding.finite
        everything = max(1, self._layout.height * self._layout.width)
        if finite.all():
            return total / everything
        weight = np.where(finite[:, None, None, None], everything, self._small[:, 1])
        with np.errstate(invalid="ignore", divide="ignore"):  # 0 / 0: no finite pixel
            average: np.ndarray = total / weight
        return average

    def _dhash(self, luma: np.ndarray) -> np.ndarray:
        reduced, usable = self._reduced(luma, STEPS)
        return _hex(reduced[..., 1:] - reduced[..., :-1] > _least_step(reduced), usable)

    def _phash(self, luma: np.ndarray) -> np.ndarray:
        reduced, usable = self._reduced(luma, WAVES)
        waves = _cosines() @ reduced @ _cosines().T
        waves[:, 0, 0] = np.inf  # the mean says nothing of the looks
        ranked = np.sort(waves.reshape(len(waves), -1), axis=1)
        return _hex(waves > ranked[:, 31, None, None], usable)  # as above the median, in a tenth of its time

    def _reduced(self, luma: np.ndarray, shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
        """Area averages of luma (k, *shape), up to a factor, and of which planes they say something, (k,).

        Not of a plane that is flat, too small, or not finite in some part.
        """
        if self._layout.height < shape[0] or self._layout.width < shape[1]:
            return np.zeros((len(luma), *shape)), np.zeros(len(luma), np.bool_)
        finite = self._encoding.finite
        usable: np.ndarray = np.ones(len(luma), np.bool_)
        if finite.all():
            reduced = _area_sums(luma, shape)
        else:
            covered = _area_sums(np.isfinite(luma).astype(np.float64), shape)
            usable = np.asarray(covered.all(axis=(1, 2)))
            covered[~usable] = 1.0
            covered[finite] = 1.0
            reduced = _area_sums(np.nan_to_num(luma), shape) / covered
        return reduced, usable & (np.ptp(reduced, axis=(1, 2)) > _least_step(reduced)[:, 0, 0])


def _area_sums(luma: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Sums over equal areas of pictures (k, y, x), up to a factor, (k, *shape)."""
    k, height, width = luma.shape
    if height % shape[0]:
        rows = _shares(shape[0], height) @ luma
    else:
        rows = luma.reshape(k, shape[0], height // shape[0], width).sum(axis=2)  # a third of the time
    sums: np.ndarray = rows @ _shares(shape[1], width).T
    return sums


def _least_step(reduced: np.ndarray) -> np.ndarray:
    """Averages of equal areas may differ in their last digits; such a step is no gradient. (k, 1, 1)."""
    least: np.ndarray = 1e-9 * np.abs(reduced).max(axis=(1, 2), keepdims=True)
    return least


def _hex(bits: np.ndarray, usable: np.ndarray) -> np.ndarray:
    """64 bits of each plane (k, …) as 16 hex digits, (k,) of objects; None where not usable."""
    digits = np.packbits(bits.reshape(len(bits), 64), axis=1).tobytes().hex()
    found = [digits[16 * i : 16 * i + 16] if ok else None for i, ok in enumerate(usable.tolist())]
    return np.array(found, object)


@cache
def _cosines() -> np.ndarray:
    """The eight lowest waves of the cosine transform (DCT-II), shape (8, 32)."""
    n = WAVES[0]
    return np.cos(np.pi / n * np.outer(np.arange(8), np.arange(n) + 0.5))


def to_uint8(thumbnail: Thumbnail | Thumbnail[np.ndarray, np.ndarray]) -> np.ndarray:
    """The pixels of one thumbnail, or of many, as uint8: low..high spread over 0..255, clipped; NaN is 0."""
    scaled = thumbnail.pixels.astype(np.float64)
    low, high = (np.asarray(end, np.float64) for end in (thumbnail.low, thumbnail.high))
    if low.ndim:
        low, high = (end.reshape(-1, *[1] * (scaled.ndim - 1)) for end in (low, high))
    scaled -= low
    scaled *= 255 / (high - low)
    np.fmin(np.fmax(scaled, 0, out=scaled), 255, out=scaled)  # of a number and NaN they take the number
    whole: np.ndarray = np.rint(scaled, out=scaled).astype(np.uint8)
    return whole


def _windows(histogram: Histograms) -> tuple[np.ndarray, np.ndarray]:
    low, high = histogram.percentiles(0.1, 99.9)
    few = low == high  # a few bright pixels on one background value
    low, high = np.where(few, histogram.low, low), np.where(few, histogram.high, high)
    flat = low == high
    low = np.where(flat, low - np.maximum(0.5, np.abs(low) * 1e-6), low)
    high = np.where(flat, high + np.maximum(0.5, np.abs(high) * 1e-6), high)
    known = low < high  # else there is no finite pixel
    return np.where(known, low, 0.0), np.where(known, high, 1.0)


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
    skip: int,
    top: int,
    height: int,
    columns: np.ndarray,
    finite: np.ndarray,
    line: np.ndarray,
    small: np.ndarray,
) -> None:
    """Add rows (k, skip + n, X·S), but the first `skip`, to the averages `small` (k, 2, h, w, S).

    The first row added is row `top` of `height`. Both `line` (k, 2, X·S), which collects the rows of one line
    of `small`, and `small` hold a weighted sum and, of a plane that is not all `finite`, the sum of the
    weights of finite pixels. Areas are counted in whole numbers: a row is h long, a line of `small` is
    `height` long. `columns` is that of `_spans`.
    """
    for p in range(rows.shape[0]):
        add_rows_of_plane(rows[p], skip, top, height, columns, not finite[p], line[p], small[p])


@compiled
def add_rows_of_plane(
    rows: np.ndarray,
    skip: int,
    top: int,
    height: int,
    columns: np.ndarray,
    masked: bool,
    line: np.ndarray,
    small: np.ndarray,
) -> None:
    """As `add_rows`, of one plane."""
    n_lines = small.shape[1]
    for r in range(skip, rows.shape[0]):
        start = (top + r - skip) * n_lines
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
