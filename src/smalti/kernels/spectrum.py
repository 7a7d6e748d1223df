"""Power by spatial frequency, from crops of planes."""

from dataclasses import dataclass
from functools import lru_cache
from threading import local

import numpy as np

from smalti.kernels._compile import compiled
from smalti.kernels.accumulators import Spectrum
from smalti.kernels.layout import Layout
from smalti.kernels.luma import HALO

__all__ = ["SpectrumSums"]

CROP = 256
"""Pixels along each side of a crop: 0.3 ms."""

SEVERAL = 2048
"""A plane at least so long and wide is judged by four crops, the middles of its quarters; others by one."""


class SpectrumSums:
    """Keeps crops of luma of planes as it comes by, from top to bottom, until they are complete.

    Parameters
    ----------
    layout, k
        The planes.
    m
        How many of them come side by side, at most.
    """

    def __init__(self, layout: Layout, k: int, m: int) -> None:
        self._unit = layout.unit
        quarters = (1, 3) if min(layout.height, layout.width) >= SEVERAL else (2,)
        height, width = min(layout.height, CROP), min(layout.width, CROP)
        self._tops = [layout.height * i // 4 - height // 2 for i in quarters]
        self._lefts = [layout.width * j // 4 - width // 2 for j in quarters]
        # those side by side; the lower ones follow
        self._crops = np.empty((len(quarters), m, height, width))
        self._sums = np.zeros((k, min(height, width) // 2 + 1))
        self._n = np.zeros(k, np.int64)

    def add(self, block: np.ndarray, part: slice, top: int) -> None:
        """Look at a block of `Luma.next` for a part of the planes, whose first new row is `top`."""
        m, height, width = len(block), *self._crops.shape[2:]
        above, end = HALO - top, top + block.shape[1] - HALO
        for upper in self._tops:
            first, last = max(upper, top), min(upper + height, end)
            if first >= last:
                continue
            rows, seen = slice(first - upper, last - upper), slice(first + above, last + above)
            for crops, left in zip(self._crops, self._lefts, strict=True):
                crops[:m, rows] = block[:, seen, left : left + width]
            if last == upper + height:
                self._transform(m, part)

    def _transform(self, m: int, part: slice) -> None:
        height, width = self._crops.shape[2:]
        geometry = _geometry(height, width)
        for crops in self._crops:
            own = crops[:m]
            filled = _filled(own)
            self._n[part] += filled
            taper(own, geometry.down, geometry.across)
            with np.errstate(over="ignore", invalid="ignore"):
                add_rings(_transformed(own), filled, width, geometry.rings, self._sums[part])

    def result(self) -> Spectrum:
        """See `Spectrum`."""
        if not self._n.any():
            return Spectrum(np.empty(0), np.full((self._n.size, 0), np.nan), np.empty(0, np.int64))
        geometry = _geometry(*self._crops.shape[2:])
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            scale = self._unit**2 / (self._n[:, None] * geometry.energy)
            power = (self._sums / geometry.count)[:, 1:] * scale
        power[self._n == 0] = np.nan
        return Spectrum(geometry.frequency[1:], power, geometry.count[1:])


def _filled(crops: np.ndarray) -> np.ndarray:
    """Take the mean off each crop (k, Y, X); pixels that are not finite become 0.

    Returns
    -------
    numpy.ndarray
        bool (k,): False where more than half are not finite, or there is no pixel.
    """
    if not crops.size:
        return np.zeros(len(crops), np.bool_)
    with np.errstate(over="ignore", invalid="ignore"):
        mean = crops.reshape(len(crops), -1).mean(axis=1)
    filled: np.ndarray = np.isfinite(mean)
    crops -= np.where(filled, mean, 0.0)[:, None, None]
    for i in np.flatnonzero(~filled).tolist():
        filled[i] = _gaps_filled(crops[i])
    return filled


def _gaps_filled(crop: np.ndarray) -> bool:
    """As `_filled` for a crop of which some pixels are not finite, or whose sum is not."""
    finite = np.isfinite(crop)
    n = int(np.count_nonzero(finite))
    if 2 * n < crop.size:
        return False
    with np.errstate(over="ignore", invalid="ignore"):
        np.subtract(crop, crop[finite].mean(), out=crop)
    crop[~finite] = 0.0
    return True


@dataclass(frozen=True, slots=True)
class _Geometry:
    """What all crops of one size share.

    Parameters
    ----------
    down, across
        Hann windows (Y,) and (X,), whose product lies over the crop; `energy` is the sum of its squares.
    rings
        (X // 2 + 1, Y): ring of each frequency, −1 for none. Ring k holds those nearest to k cycles over the
        shorter side.
    count, frequency
        By ring: number of frequencies, and their mean.
    """

    down: np.ndarray
    across: np.ndarray
    energy: float
    rings: np.ndarray
    count: np.ndarray
    frequency: np.ndarray


@lru_cache(maxsize=32)
def _geometry(height: int, width: int) -> _Geometry:
    """Of those frequencies beyond half the spectrum each is counted with its twin."""
    down, across = np.hanning(height + 2)[1:-1], np.hanning(width + 2)[1:-1]
    shorter = min(height, width)
    along = np.hypot(np.fft.rfftfreq(width)[:, None], np.fft.fftfreq(height)[None, :])
    rings = np.rint(along * shorter).astype(np.int64)
    rings[rings > shorter // 2] = -1
    twins = np.full(along.shape, 2)
    twins[0] = 1
    if width % 2 == 0:
        twins[-1] = 1
    inside = rings >= 0
    count = np.bincount(rings[inside], twins[inside]).astype(np.int64)
    frequency = np.bincount(rings[inside], (along * twins)[inside]) / count
    energy = float((down**2).sum() * (across**2).sum())
    return _Geometry(down, across, energy, rings, count, frequency)


_scratch = local()


def _transformed(crops: np.ndarray) -> np.ndarray:
    """Half of the spectrum of each crop, (k, X // 2 + 1, Y), valid until the next call of this thread.

    In arrays that are kept: 0.18 ms instead of 0.38, most of which the system took to find new pages.
    """
    k, height, width = crops.shape
    shape = k, width // 2 + 1, height
    kept = getattr(_scratch, "kept", None)
    if kept is None or kept[1].shape != shape:
        kept = _scratch.kept = (
            np.empty((k, height, width // 2 + 1), complex),
            np.empty(shape, complex),
            np.empty(shape, complex),
        )
    half, turned, whole = kept
    np.fft.rfft(crops, axis=2, out=half)
    turned[:] = half.transpose(0, 2, 1)
    np.fft.fft(turned, axis=2, out=whole)
    return whole


@compiled
def taper(crops: np.ndarray, down: np.ndarray, across: np.ndarray) -> None:
    """Multiply crops (k, Y, X) by a window along each axis."""
    for p in range(crops.shape[0]):
        for y in range(crops.shape[1]):
            row = crops[p, y]
            weight = down[y]
            for x in range(row.size):
                row[x] *= across[x] * weight


@compiled
def add_rings(
    spectra: np.ndarray, filled: np.ndarray, width: int, rings: np.ndarray, sums: np.ndarray
) -> None:
    """Add the power of halves of spectra (k, width // 2 + 1, Y) to their rings, `sums` (k, rings).

    Frequencies along x whose twins are left out count twice. Crops that are not `filled` (k,) are left out.
    """
    for p in range(spectra.shape[0]):
        if not filled[p]:
            continue
        for x in range(spectra.shape[1]):
            for y in range(spectra.shape[2]):
                ring = rings[x, y]
                if ring >= 0:
                    value = spectra[p, x, y]
                    power = value.real * value.real + value.imag * value.imag
                    sums[p, ring] += power
                    if x > 0 and 2 * x < width:
                        sums[p, ring] += power
