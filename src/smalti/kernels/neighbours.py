"""From the sums of the sweep to `Stencil` and `Profiles`."""

import numpy as np

from smalti.kernels.accumulators import Moments, Profiles, Stencil
from smalti.kernels.encoding import Encoding
from smalti.kernels.layout import Layout
from smalti.kernels.lines import LineSums
from smalti.kernels.luma import HALO
from smalti.kernels.sweep import sweep
from smalti.kernels.values import add_powers

__all__ = ["NeighbourSums"]


class NeighbourSums:
    """Sums over windows, rows and columns of luma of k planes; blocks come from top to bottom."""

    def __init__(self, layout: Layout, encoding: Encoding) -> None:
        k = len(encoding.zero)
        self._layout = layout
        self._encoding = encoding
        self._floor = _mscn_floor(layout, encoding) / layout.unit
        self._powers = np.zeros((k, 5))
        self._rows = np.zeros((k, layout.height, 2))
        self._columns = np.zeros((k, 4, layout.width))
        self._phases = np.zeros((k, 8, 2))
        self._triples = np.zeros((k, 5))
        self._windows = np.zeros((k, 12))
        self._lines = LineSums(layout, k)
        finite = encoding.finite[:, None]
        self._rows[:, :, 1] = np.where(finite, layout.width, 0)
        self._columns[:, 1] = np.where(finite, layout.height, 0)
        self._columns[:, 3, 1:] = np.where(finite, layout.height, 0)
        pairs = np.bincount(np.arange(1, layout.height) % 8, minlength=8) * layout.width
        self._phases[:, :, 1] = np.where(finite, pairs, 0)

    def add(self, block: np.ndarray, part: slice, top: int) -> None:
        """Add a block of `Luma.next` for a part of the planes, whose first new row is `top`."""
        if self._layout.weights:
            add_powers(block, HALO, self._powers[part])
        sweep(
            block,
            top,
            self._encoding.finite[part],
            self._floor[part],
            self._rows[part],
            self._columns[part],
            self._phases[part],
            self._triples[part],
            self._windows[part],
        )
        self._lines.add(block, part, top)

    def stencil(self, moments: Moments[np.ndarray]) -> Stencil[np.ndarray]:
        """See `Stencil`; `moments` are those of the planes."""
        unit = self._layout.unit
        with np.errstate(invalid="ignore", divide="ignore"):  # 0 / 0: no pixel, no window
            away = np.divide(*self._rows.sum(axis=1).T)
            windows, triples = self._windows[:, 0], self._triples[:, 0]
            laplacian, laplacian2, gradient, noise, span, mscn, mscn2, std, local, _ = (
                self._windows[:, 1:11].T / windows
            )
            brenner, vollath, slope, _ = self._triples[:, 1:].T / triples
        return Stencil(
            n_windows=windows.astype(np.int64),
            n_triples=triples.astype(np.int64),
            mean=self._encoding.zeros + away * unit,
            variance=self._variance(moments),
            laplacian_variance=_variance(laplacian, laplacian2) * unit**2,
            gradient_energy=gradient * unit**2,
            brenner=brenner * unit**2,
            vollath_f4=(vollath - away * slope) * unit**2,
            noise_response=noise * unit,
            range_mean=span * unit,
            std_mean=std * unit,
            std_std=_variance(std, local) ** 0.5 * unit,
            mscn_variance=_variance(mscn, mscn2),
            n_hot=self._windows[:, 11].astype(np.int64),
        )

    def profiles(self) -> Profiles[np.ndarray]:
        """See `Profiles`."""
        unit, zero = self._layout.unit, self._encoding.zeros[:, None]
        jumps, pairs = np.moveaxis(_by_phase(self._columns[:, 2:]), 1, 0)
        row_constant, column_constant = self._lines.result()
        with np.errstate(invalid="ignore", divide="ignore"):  # 0 / 0: no pixel
            return Profiles(
                row_mean=self._rows[:, :, 0] / self._rows[:, :, 1] * unit + zero,
                column_mean=self._columns[:, 0] / self._columns[:, 1] * unit + zero,
                jump_x=jumps / pairs * unit,
                jump_y=self._phases[:, :, 0] / self._phases[:, :, 1] * unit,
                bend_x=self._triples[:, 4] / self._triples[:, 0] * unit**2,
                bend_y=self._windows[:, 10] / self._windows[:, 0] * unit**2,
                row_constant=row_constant,
                column_constant=column_constant,
            )

    def _variance(self, moments: Moments[np.ndarray]) -> np.ndarray:
        """Variance of luma."""
        if not self._layout.weights:
            return moments.m2
        n, first, second, _, _ = self._powers.T
        with np.errstate(invalid="ignore", divide="ignore"):
            return _variance(first / n, second / n) * self._layout.unit**2


def _mscn_floor(layout: Layout, encoding: Encoding) -> np.ndarray:
    """The C of MSCN in stored values, (k,): 1 of whole numbers, what 1 is to 0..255 of others."""
    if layout.dtype.kind not in "fc":
        return np.ones(len(encoding.zero))
    with np.errstate(over="ignore"):
        span = np.array(encoding.high, np.float64) - np.array(encoding.low, np.float64)
    return np.where(span > 0, span / 255, 1.0)


def _by_phase(columns: np.ndarray) -> np.ndarray:
    """Sums (k, n, X) over columns of one index modulo 8, (k, n, 8)."""
    k, n, width = columns.shape
    whole = np.zeros((k, n, -(-width // 8) * 8))
    whole[:, :, :width] = columns
    phases: np.ndarray = whole.reshape(k, n, -1, 8).sum(axis=2)
    return phases


def _variance(mean: np.ndarray, mean_square: np.ndarray) -> np.ndarray:
    """Non-negative; NaN stays NaN."""
    variance: np.ndarray = np.maximum(mean_square - mean * mean, 0.0)
    return variance
