"""What can be told of one patch at little cost: its grey levels, how it blurs, its edges, its texture.

Each group of features is a function of a `Look`, with the columns it fills beside it. Structure is measured
on coarser images too (means of 2 × 2 pixels, again and again), for grain fades there and membranes stay.
Most are ratios, which do not change with contrast, brightness, or when dark and bright change places.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np

from smalti.core.columns import Column
from smalti.kernels.texture import N_PATTERNS, binary_patterns, block_sums, grey_counts, halved

__all__ = ["GROUPS", "Group", "Look"]

LEVELS = 5
"""The patch, and images of half, a quarter, an eighth and a sixteenth of its side."""

WINDOW = 64
"""Side of windows whose spectra are averaged, px."""


@dataclass(frozen=True, slots=True)
class Look:
    """One patch, made ready.

    Parameters
    ----------
    counts
        Pixels of each grey level, int64 (256,).
    levels
        float32 images, the first as large as the patch; as many as its size allows.
    blocks
        `block_sums` of each.
    """

    counts: np.ndarray
    levels: tuple[np.ndarray, ...]
    blocks: tuple[np.ndarray, ...]

    @classmethod
    def of(cls, patch: np.ndarray) -> "Look":
        """Of uint8 (height, width)."""
        levels = [np.ascontiguousarray(patch, np.float32)]
        while len(levels) < LEVELS and min(levels[-1].shape) > 1:
            levels.append(halved(levels[-1]))
        return cls(grey_counts(patch), tuple(levels), tuple(block_sums(level) for level in levels))

    def variance(self, level: int) -> float:
        """Of all pixels of a level; NaN where there is none."""
        if level >= len(self.levels):
            return float("nan")
        n, total, squares = self.blocks[level][..., :3].sum(axis=(0, 1)).tolist()
        return max(0.0, float(squares / n - (total / n) ** 2))


@dataclass(frozen=True, slots=True)
class Group:
    """Features that are found together: their columns, and what finds their values in that order."""

    columns: tuple[Column, ...]
    values: Callable[[Look], list[float]]


PREFIX = "feature_"


def _columns(*facts: tuple[str, str, str]) -> tuple[Column, ...]:
    return tuple(Column(PREFIX + name, "Float32", unit, meaning, "none") for name, unit, meaning in facts)


QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)

GREY = _columns(
    ("p50", "intensity", "Median of grey levels."),
    ("middle_half", "share", "Range of the middle half of grey levels, of that of 98 %."),
    ("middle_ninety", "share", "Range of the middle 90 % of grey levels, of that of 98 %."),
    ("tail", "share", "The longer way from the median to the end of that range: 0.5 where both are alike."),
    ("kurtosis", "", "Excess kurtosis of grey levels; 0 of a bell curve."),
    ("coarse_kurtosis", "", "The same of means of 4 × 4 pixels, less those of 16 × 16 around them."),
    ("coarse_skewness", "", "Skewness of these, without its sign: membranes are dark, or bright."),
    ("entropy", "bit", "Shannon entropy of grey levels."),
    ("black_share", "share", "Pixels that are 0."),
    ("white_share", "share", "Pixels that are 255."),
    ("commonest_share", "share", "Pixels that have the commonest grey level."),
)


def grey(look: Look) -> list[float]:
    """From the histogram, and that of a quarter of the size."""
    counts = look.counts
    shares = counts / counts.sum()
    some = shares[shares > 0]
    first, fifth, quarter, half, three, ninety, last = quantiles_of(counts, QUANTILES)
    skewness, kurtosis = _coarse_shape(look)
    return [
        half,
        _ratio(three - quarter, last - first),
        _ratio(ninety - fifth, last - first),
        _ratio(max(last - half, half - first), last - first),
        _shape_of(np.arange(256.0), shares)[1],
        kurtosis,
        abs(skewness),
        abs(float(-(some * np.log2(some)).sum())),
        float(shares[0]),
        float(shares[255]),
        float(shares.max()),
    ]


def quantiles_of(counts: np.ndarray, at: tuple[float, ...]) -> list[float]:
    """Quantiles of whole numbers from 0 on, of each of which there are so many; linear as NumPy's."""
    ends = np.cumsum(counts)
    rank = np.asarray(at) * (ends[-1] - 1)
    low = np.searchsorted(ends, np.floor(rank), side="right")
    high = np.searchsorted(ends, np.ceil(rank), side="right")
    found: list[float] = (low + (high - low) * (rank - np.floor(rank))).tolist()
    return found


def _coarse_shape(look: Look) -> tuple[float, float]:
    """Skewness and excess kurtosis of means of 4 × 4 pixels, less those of 16 × 16 around them."""
    if len(look.levels) < LEVELS:
        return float("nan"), float("nan")
    wide = look.levels[4].repeat(4, axis=0).repeat(4, axis=1)
    values = (look.levels[2][: wide.shape[0], : wide.shape[1]] - wide).reshape(-1).astype(np.float64)
    return _shape_of(values, np.full(values.size, 1 / values.size))


def _shape_of(values: np.ndarray, shares: np.ndarray) -> tuple[float, float]:
    """Skewness and excess kurtosis of values that have such shares."""
    away = values - float(shares @ values)
    squares = away * away
    variance = float(shares @ squares)
    third, fourth = float(shares @ (squares * away)), float(shares @ (squares * squares))
    return _ratio(third, variance**1.5), _ratio(fourth, variance**2) - 3


BLUR = _columns(
    *(
        (
            f"blur_{2**k}",
            "share",
            f"Variance of means of {2**k} × {2**k} pixels, of that of means half as wide.",
        )
        for k in range(1, LEVELS)
    )
)


def blur(look: Look) -> list[float]:
    """A quarter of white noise, more of what is drawn at that scale."""
    variances = [look.variance(k) for k in range(LEVELS)]
    return [_ratio(variances[k], variances[k - 1]) for k in range(1, LEVELS)]


LOCAL = _columns(
    ("local_std_p10", "", "The tenth percentile of deviations in blocks of 16 × 16 pixels, of their median."),
    ("local_std_p90", "", "The ninetieth percentile of these, of their median."),
    ("local_share", "share", "Median variance in blocks of 16 × 16 pixels, of that of the patch."),
    ("wide_std_p10", "", "The tenth percentile of deviations in blocks of 32 × 32 pixels, of their median."),
    ("wide_std_p90", "", "The ninetieth percentile of these, of their median."),
    ("structure_p10", "share", "Variance in blocks that means of 4 × 4 pixels keep, the tenth percentile."),
    ("structure_p50", "share", "Variance in blocks that means of 4 × 4 pixels keep, the median."),
)


def local(look: Look) -> list[float]:
    """How much is to be seen where: structure all over, or in a corner only."""
    fine, wide = _spread(look, 1), _spread(look, 2)
    tenth, half, ninth = np.quantile(fine, (0.1, 0.5, 0.9)).tolist()
    wide_tenth, wide_half, wide_ninth = np.quantile(wide, (0.1, 0.5, 0.9)).tolist()
    return [
        _ratio(tenth, half),
        _ratio(ninth, half),
        _ratio(half**2, look.variance(1)),
        _ratio(wide_tenth, wide_half),
        _ratio(wide_ninth, wide_half),
        *_kept(look),
    ]


def _spread(look: Look, level: int) -> np.ndarray:
    """Standard deviation in each block of a level; NaN alone where there is no such level."""
    return np.sqrt(_variances(look, level)).reshape(-1)


def _variances(look: Look, level: int) -> np.ndarray:
    if level >= len(look.levels):
        return np.full((1, 1), np.nan)
    n, total, squares = np.moveaxis(look.blocks[level][..., :3], -1, 0)
    made: np.ndarray = np.maximum(0, squares / n - (total / n) ** 2)
    return made


def _kept(look: Look) -> list[float]:
    """Variance in blocks of 32 × 32 pixels at a quarter of the size, of that at full size."""
    coarse = _variances(look, 2)
    if not np.isfinite(coarse).all():
        return [float("nan")] * 2
    fine = _joined(look.blocks[0], coarse.shape[0], coarse.shape[1])
    shares = coarse[fine > 0] / fine[fine > 0]
    return np.quantile(shares, (0.1, 0.5)).tolist() if shares.size else [float("nan")] * 2


def _joined(blocks: np.ndarray, n_y: int, n_x: int) -> np.ndarray:
    """Variances of blocks joined to a coarser grid of so many."""
    rows = np.minimum(np.arange(n_y) * 4, len(blocks) - 1)
    columns = np.minimum(np.arange(n_x) * 4, blocks.shape[1] - 1)
    sums = np.add.reduceat(np.add.reduceat(blocks[..., :3], rows, axis=0), columns, axis=1)
    n, total, squares = np.moveaxis(sums, -1, 0)
    made: np.ndarray = np.maximum(0, squares / n - (total / n) ** 2)
    return made


def _edge_columns(step: int) -> tuple[Column, ...]:
    steep = f"Steepness of means of {step} × {step} pixels:"
    return _columns(
        (f"gradient_{step}_p90", "", f"{steep} the ninetieth percentile, of the median."),
        (f"gradient_{step}_p99", "", f"{steep} the ninety-ninth percentile, of the median."),
        (f"edges_{step}", "share", f"{steep} how many are steeper than three times the median."),
    )


EDGES = _edge_columns(2) + _edge_columns(4)


def edges(look: Look) -> list[float]:
    """Few steep steps among many flat ones, or grain everywhere."""
    return [value for level in (1, 2) for value in _steepness(look, level)]


def _steepness(look: Look, level: int) -> list[float]:
    if level >= len(look.levels) or min(look.levels[level].shape) < 3:
        return [float("nan")] * 3
    picture = look.levels[level]
    gy, gx = picture[2:, 1:-1] - picture[:-2, 1:-1], picture[1:-1, 2:] - picture[1:-1, :-2]
    steep = np.sqrt(gy * gy + gx * gx) / 2
    half, ninth, top = np.quantile(steep, (0.5, 0.9, 0.99)).tolist()
    over = float((steep > 3 * half).mean())
    return [_ratio(ninth, half), _ratio(top, half), over]


def _flow_columns(step: int) -> tuple[Column, ...]:
    means = f"means of {step} × {step} pixels"
    return _columns(
        (f"coherence_{step}", "share", f"How far {means} change along one direction, 0 to 1."),
        (f"coherence_{step}_local", "share", f"The same in blocks of 8 × 8 {means}, the median."),
    )


FLOW = _flow_columns(2) + _flow_columns(4)


def flow(look: Look) -> list[float]:
    """Membranes have a direction from place to place, streaks the same all over, grain none.

    Coherence of the structure tensor: Bigün & Granlund, ICCV 1987.
    """
    return [value for level in (1, 2) for value in _coherences(look, level)]


def _coherences(look: Look, level: int) -> list[float]:
    if level >= len(look.levels):
        return [float("nan")] * 2
    tensors = look.blocks[level][..., 3:].reshape(-1, 3)
    each = _coherence(tensors)
    some = each[np.isfinite(each)]
    return [float(_coherence(tensors.sum(axis=0))), float(np.median(some)) if some.size else float("nan")]


def _coherence(tensors: np.ndarray) -> np.ndarray:
    """Of sums (…, 3) of gy², gx² and gy · gx; NaN where nothing changes."""
    yy, xx, yx = np.moveaxis(tensors, -1, 0)
    with np.errstate(invalid="ignore"):  # 0 / 0: a flat place
        made: np.ndarray = np.sqrt((yy - xx) ** 2 + 4 * yx**2) / (yy + xx)
    return made


LAGS = (1, 2, 4, 8, 16)

LIKENESS = _columns(
    *((f"autocorrelation_{2 * lag}", "", f"Correlation with pixels {2 * lag} px away.") for lag in LAGS)
)


def likeness(look: Look) -> list[float]:
    """Autocorrelation of means of 2 × 2 pixels, of both axes together."""
    variance = look.variance(1)
    if not variance > 0:
        return [float("nan")] * len(LAGS)
    picture = look.levels[1] - np.float32(look.levels[1].mean(dtype=np.float64))
    return [_lagged(picture, lag) / variance for lag in LAGS]


def _lagged(picture: np.ndarray, lag: int) -> float:
    """Mean product of pixels so far apart along either axis; NaN of one too small."""
    pairs = [(picture[lag:], picture[:-lag]), (picture[:, lag:], picture[:, :-lag])]
    n = sum(one.size for one, _ in pairs)
    total = sum(float(np.einsum("ij,ij->", one, other, dtype=np.float64)) for one, other in pairs if one.size)
    return _ratio(total, n)


BANDS = (1 / 64, 1 / 32, 1 / 16, 1 / 8, 1 / 4)
"""Where octaves of frequency begin, periods a px; the last goes to the corners."""

SPECTRUM = _columns(
    *(
        (
            f"power_{period}",
            "",
            f"Logarithm to 10 of power at {period // 2} to {period} px a period, of twice that.",
        )
        for period in (32, 16, 8, 4)
    ),
    ("power_slope", "", "Slope of log power over log frequency: 0 of white noise, about -3 of sharp tissue."),
)

LOWEST = 2
"""Ring of frequency from which on the slope is found."""


def spectrum(look: Look) -> list[float]:
    """Power by octaves of frequency, averaged over windows (Welch, IEEE Trans. Audio 15 (1967))."""
    powers = _power(look.levels[0])
    band, ring, logs = _rings(powers.shape)
    octaves = np.bincount(band.ravel(), powers.ravel(), len(BANDS) + 1)[1 : len(BANDS) + 1].tolist()
    ratios = [_log_ratio(octaves[i + 1], octaves[i]) for i in range(len(octaves) - 1)]
    return [*ratios, _slope(powers, ring, logs)]


def _log_ratio(above: float, below: float) -> float:
    return math.log10(above / below) if above > 0 and below > 0 else math.nan


def _slope(powers: np.ndarray, frequency: np.ndarray, logs: np.ndarray) -> float:
    """Of a line through the mean power of rings of equal width; the lowest lacks what the mean took."""
    rings = slice(LOWEST, LOWEST + len(logs))
    n = np.bincount(frequency.ravel(), minlength=rings.stop)[rings]
    means = np.bincount(frequency.ravel(), powers.ravel(), rings.stop)[rings] / np.maximum(1, n)
    some = means > 0
    if some.sum() < 2:
        return float("nan")
    x, y = logs[some] - logs[some].mean(), np.log10(means[some])
    return _ratio(float(x @ y), float(x @ x))


def _power(picture: np.ndarray) -> np.ndarray:
    """Mean power of windows (side, side // 2 + 1) without their means, side by side over the picture."""
    from scipy import fft

    height, width = (min(WINDOW, length) for length in picture.shape)
    taper = _taper(height, width)
    total = np.zeros((height, width // 2 + 1))
    views = np.lib.stride_tricks.sliding_window_view(picture, (height, width))
    columns = _starts(picture.shape[1], width)
    for row in _starts(picture.shape[0], height):
        windows = views[row, columns]
        windows = (windows - windows.mean(axis=(1, 2), keepdims=True)) * taper
        found = fft.rfft2(windows)
        total += (found.real**2 + found.imag**2).sum(axis=0, dtype=np.float64)
    total[:, 1 : (width + 1) // 2] *= 2  # the other half, which is the same
    total[0, 0] = 0
    return total


def _starts(length: int, side: int) -> list[int]:
    """Where windows begin: as many as fit, spread evenly."""
    n = max(1, length // side)
    made: list[int] = np.linspace(0, length - side, n).round().astype(int).tolist()
    return made


@cache
def _taper(height: int, width: int) -> np.ndarray:
    """A window that falls to its ends (Hann's); flat where there are too few pixels for one."""
    down, along = (
        0.5 - 0.5 * np.cos(2 * np.pi * (np.arange(n) + 0.5) / n) if n > 3 else np.ones(n)
        for n in (height, width)
    )
    return np.outer(down, along).astype(np.float32)


@cache
def _rings(shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Band of each frequency, its ring of width 1/64 a pixel, and the logarithm of these."""
    height, width = shape[0], shape[1]
    across = np.fft.fftfreq(height)[:, None]
    side = 2 * (width - 1) if width > 1 else 1
    radius = np.hypot(across, np.arange(width) / max(1, side))
    ring = np.rint(radius * WINDOW).astype(np.int64)
    return np.digitize(radius, BANDS), ring, np.log10(np.arange(LOWEST, WINDOW // 2) / WINDOW)


PATTERNS = _columns(
    *(
        (
            f"lbp_{n}",
            "share",
            f"Means of 2 × 2 pixels with {n} or {8 - n} of 8 neighbours as bright, in one run.",
        )
        for n in range(4)
    ),
    ("lbp_4", "share", "Means of 2 × 2 pixels with 4 of 8 neighbours as bright, in one run: an edge."),
    ("lbp_other", "share", "Means of 2 × 2 pixels whose brighter neighbours are in several runs."),
)


def patterns(look: Look) -> list[float]:
    """Uniform local binary patterns of half the size; one and its inverse are the same."""
    counts = binary_patterns(look.levels[1]) if len(look.levels) > 1 else np.zeros(N_PATTERNS, np.int64)
    both = [counts[n] + counts[8 - n] for n in range(4)]
    return [_ratio(float(count), float(counts.sum())) for count in (*both, *counts[[4, 9]])]


GROUPS = (
    Group(GREY, grey),
    Group(BLUR, blur),
    Group(LOCAL, local),
    Group(EDGES, edges),
    Group(FLOW, flow),
    Group(LIKENESS, likeness),
    Group(SPECTRUM, spectrum),
    Group(PATTERNS, patterns),
)
"""All features, in the order of their columns."""


def _ratio(above: float, below: float) -> float:
    return above / below if below > 0 else float("nan")
