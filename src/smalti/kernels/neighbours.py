"""From the sums of the sweep to `Stencil` and `Profiles`."""

import numpy as np

from smalti.kernels.accumulators import Moments, Profiles, Stencil
from smalti.kernels.encoding import Encoding
from smalti.kernels.layout import Layout
from smalti.kernels.lines import LineSums
from smalti.kernels.sweep import sweep_finite, sweep_masked
from smalti.kernels.values import add_powers

__all__ = ["NeighbourSums"]


class NeighbourSums:
    """Sums over windows, rows and columns of luma; blocks come from top to bottom."""

    def __init__(self, layout: Layout, encoding: Encoding) -> None:
        self._layout = layout
        self._encoding = encoding
        self._floor = _mscn_floor(layout, encoding) / layout.unit
        self._powers = np.zeros(5)
        self._done = 0
        self._sweep = sweep_finite if encoding.all_finite else sweep_masked
        self._rows = np.zeros((layout.height, 2))
        self._columns = np.zeros((4, layout.width))
        self._phases = np.zeros((8, 2))
        self._triples = np.zeros(5)
        self._windows = np.zeros(12)
        self._lines = LineSums(layout)
        if encoding.all_finite:
            self._rows[:, 1] = layout.width
            self._columns[1] = layout.height
            self._columns[3, 1:] = layout.height
            self._phases[:, 1] = np.bincount(np.arange(1, layout.height) % 8, minlength=8) * layout.width

    def add(self, block: np.ndarray, halo: int) -> None:
        """Add a block of `Luma.next`."""
        if self._layout.weights:
            add_powers(block[halo:].reshape(-1), self._powers)
        rows = self._rows[self._done : self._done + len(block) - halo]
        self._sweep(
            block,
            halo,
            self._done,
            self._floor,
            rows,
            self._columns,
            self._phases,
            self._triples,
            self._windows,
        )
        self._lines.add(block[halo:])
        self._done += len(rows)

    def stencil(self, moments: Moments) -> Stencil:
        """See `Stencil`; `moments` are those of the plane."""
        unit = self._layout.unit
        away = _mean(*self._rows.sum(axis=0).tolist())
        windows, triples = float(self._windows[0]), float(self._triples[0])
        laplacian, laplacian2, gradient, noise, span, mscn, mscn2, std, local, _ = (
            _mean(total, windows) for total in self._windows[1:11].tolist()
        )
        brenner, vollath, slope, _ = (_mean(total, triples) for total in self._triples[1:].tolist())
        return Stencil(
            n_windows=int(windows),
            n_triples=int(triples),
            mean=self._encoding.zero + away * unit,
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
            n_hot=int(self._windows[11]),
        )

    def profiles(self) -> Profiles:
        """See `Profiles`."""
        unit, zero = self._layout.unit, self._encoding.zero
        jumps, pairs = _by_phase(self._columns[2:])
        row_constant, column_constant = self._lines.result()
        return Profiles(
            row_mean=_ratio(self._rows[:, 0], self._rows[:, 1]) * unit + zero,
            column_mean=_ratio(self._columns[0], self._columns[1]) * unit + zero,
            jump_x=_ratio(jumps, pairs) * unit,
            jump_y=_ratio(self._phases[:, 0], self._phases[:, 1]) * unit,
            bend_x=_mean(self._triples[4], self._triples[0]) * unit**2,
            bend_y=_mean(self._windows[10], self._windows[0]) * unit**2,
            row_constant=row_constant,
            column_constant=column_constant,
        )

    def _variance(self, moments: Moments) -> float:
        """Variance of luma."""
        if not self._layout.weights:
            return moments.m2
        n, first, second, _, _ = self._powers.tolist()
        return _variance(_mean(first, n), _mean(second, n)) * self._layout.unit**2


def _mscn_floor(layout: Layout, encoding: Encoding) -> float:
    """The C of MSCN in stored values: 1 of whole numbers, what 1 is to 0..255 of others."""
    span = float(encoding.high - encoding.low)
    return span / 255 if layout.dtype.kind in "fc" and span > 0 else 1.0


def _by_phase(columns: np.ndarray) -> np.ndarray:
    """Sums (n, X) over columns of one index modulo 8, (n, 8)."""
    n, width = columns.shape
    whole = np.zeros((n, -(-width // 8) * 8))
    whole[:, :width] = columns
    phases: np.ndarray = whole.reshape(n, -1, 8).sum(axis=1)
    return phases


def _mean(total: float, n: float) -> float:
    return total / n if n else float("nan")


def _variance(mean: float, mean_square: float) -> float:
    """Non-negative; NaN stays NaN."""
    variance = mean_square - mean * mean
    return 0.0 if variance < 0 else variance


def _ratio(total: np.ndarray, n: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore"):  # 0 / 0: no pixel
        mean: np.ndarray = total / n
    return mean
