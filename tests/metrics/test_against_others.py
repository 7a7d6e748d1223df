"""Fifty real images, measured by smalti and by the definitions of others.

The others are NumPy, SciPy, scikit-image, and CellProfiler's MeasureImageQuality and MeasureImageIntensity
(definitions from their documentation, https://cellprofiler-manual.s3.amazonaws.com), written out in NumPy.
Nothing in smalti corresponds to CellProfiler's Correlation and LocalFocusScore.
"""

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise, zip_longest
from pathlib import PurePosixPath
from typing import Any

import numpy as np
import pytest
from scipy import fft, ndimage, stats
from skimage.filters import threshold_otsu
from skimage.measure import shannon_entropy

from smalti.core.image import ImageRef
from smalti.loaders.choose import open_images
from smalti.processing.measure import read_plane
from smalti.testing.defects import DEFECTS, apply_defect

N = 50
LARGEST = 512
"""Planes are cut to so many pixels a side: the definitions of others are slow."""

IMMERKAER = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]])


@dataclass(frozen=True)
class Real:
    """One plane of a file, and what smalti measures of it."""

    path: str
    plane: np.ndarray
    samples: str
    row: dict[str, Any]

    @cached_property
    def colours(self) -> np.ndarray:
        """Colour samples, (Y, X) or (Y, X, S), without alpha."""
        plane = self.plane.astype(np.float64)
        return plane[..., [letter != "A" for letter in self.samples]] if self.samples else plane

    @cached_property
    def values(self) -> np.ndarray:
        return self.colours.ravel()

    @cached_property
    def light(self) -> np.ndarray:
        """Luma, (Y, X), by the weights of ITU-R BT.601 for RGB and the mean for other colours."""
        if self.plane.ndim == 2:
            return self.colours
        rgb = self.samples.startswith("RGB")
        return self.colours @ [0.299, 0.587, 0.114] if rgb else self.colours.mean(axis=2)

    @cached_property
    def whole(self) -> bool:
        """Whether smalti counts each value of it, rather than bins."""
        return self.plane.dtype.kind in "biu" and np.ptp(self.values) < 2**16


def planes_of(rows: list[dict[str, str]]) -> list[str]:
    """Paths of `N` usable images, in turn from each folder and dtype, evenly spread within."""
    groups: dict[tuple[str, str], dict[str, None]] = defaultdict(dict)
    for row in rows:
        sizes = [int(size) for size in row["shape"].split("x") if int(size) > 4]
        usable = row["kind"].startswith(("good", "odd-valid")) and min(sizes[-2:], default=0) >= 64
        known = PurePosixPath(row["path"]).suffix in {".png", ".jpg", ".tif", ".tiff", ".bmp"}
        numbers = row["dtype"] != "complex64" and row["n_nan"] == row["n_inf"] == "0" and row["std"] > "0.0"
        if usable and known and numbers:
            groups[row["path"].partition("/")[0], row["dtype"]][row["path"]] = None
    spread = [[list(group)[round(i * (len(group) - 1) / 2)] for i in range(3)] for group in groups.values()]
    turns = [path for turn in zip_longest(*spread) for path in turn]
    return list(dict.fromkeys(turns))[:N]


@pytest.fixture(scope="module")
def reals(data, expected, measure) -> list[Real]:
    found = []
    for path in planes_of(expected):
        with open_images(ImageRef(uri=str(data / path), path=path), 2**28) as images:
            image = next(images)
            indices = list(image.planes())
            plane = read_plane(image, indices[len(indices) // 2])[:LARGEST, :LARGEST]
            found.append(Real(path, plane, image.samples, measure(plane, image.samples)))
    return found


def inner(filtered: np.ndarray) -> np.ndarray:
    """Without the outermost pixels, whose windows leave the plane."""
    return filtered[1:-1, 1:-1]


def entropy(real: Real) -> float:
    """scikit-image's, of the values, or of bins where they span more than 256."""
    values, width = real.values - real.values.min(), np.ptp(real.values) / 256
    if not real.whole:
        return shannon_entropy(np.minimum(values // width, 255))
    low, high, width = real.values.min(), real.values.max(), 1
    while high // width - low // width >= 256:
        width *= 2
    return shannon_entropy(real.values // width)


def michelson(real: Real) -> float:
    dark, bright = np.percentile(real.values, (1, 99))
    return (bright - dark) / (bright + dark) if dark >= 0 and bright > 0 else np.nan


def laplacian_variance(real: Real) -> float:
    return inner(ndimage.laplace(real.light)).var()


def tenengrad(real: Real) -> float:
    return sum(inner(ndimage.sobel(real.light, axis) ** 2).mean() for axis in (0, 1))


def noise_sigma(real: Real) -> float:
    return np.sqrt(np.pi / 2) / 6 * np.abs(inner(ndimage.convolve(real.light, IMMERKAER))).mean()


def local_contrast(real: Real) -> float:
    ranges = ndimage.maximum_filter(real.light, 3) - ndimage.minimum_filter(real.light, 3)
    return inner(ranges).mean() / real.light.std()


def otsu(real: Real) -> float:
    return threshold_otsu(hist=np.unique(real.values, return_counts=True)[::-1])


def foreground(real: Real) -> float:
    return (real.values > otsu(real)).mean()


def background(real: Real) -> float:
    """The lower of the two in the middle, where the number of pixels is even."""
    return np.percentile(real.values[real.values <= otsu(real)], 50, method="lower")


def colourfulness(real: Real) -> float:
    """Hasler & Süsstrunk 2003, of RGB."""
    if not real.samples.startswith("RGB"):
        return np.nan
    red, green, blue = np.moveaxis(real.colours, -1, 0)
    rg, yb = red - green, (red + green) / 2 - blue
    return np.hypot(rg.std(), yb.std()) + 0.3 * np.hypot(rg.mean(), yb.mean())


def focus_score(real: Real) -> float:
    """CellProfiler's FocusScore: variance over mean."""
    return real.light.var() / real.light.mean() if real.light.mean() > 0 else np.nan


def percent_maximal(real: Real) -> float:
    """CellProfiler's PercentMaximal, as a share; smalti counts it only where it is full scale."""
    if real.plane.dtype.kind not in "iu" or not real.whole:
        return np.nan
    limits = np.iinfo(real.plane.dtype)
    signed = real.values.min() < 0
    bits = {2.0**n - 1 for n in (8, 10, 12, 14, 16) if not signed and 2**n - 1 <= limits.max}
    at_full_scale = real.values.max() in bits | {limits.max}
    return (real.values == real.values.max()).mean() * at_full_scale


ROUNDING = (1e-9, 0.0)
"""The same numbers added in another order."""
SINGLE = (1e-7, 0.0)
"""The reference itself loses digits: third and fourth powers."""
BINS = (1e-9, 3.2e-5)
"""Fractions are counted in 16,384 bins: half a bin of the range."""
TWO_BINS = (1e-9, 1.3e-4)
"""A median of distances from a median: both are off by half a bin, the distance by one."""

SAME = {
    "mean": (lambda real: real.values.mean(), ROUNDING),
    "std": (lambda real: real.values.std(), ROUNDING),
    "skewness": (lambda real: stats.skew(real.values), SINGLE),
    "kurtosis": (lambda real: stats.kurtosis(real.values), SINGLE),
    "p01": (lambda real: np.percentile(real.values, 1), BINS),
    "median": (lambda real: np.median(real.values), BINS),
    "p99": (lambda real: np.percentile(real.values, 99), BINS),
    "p999": (lambda real: np.percentile(real.values, 99.9), BINS),
    "mad": (lambda real: stats.median_abs_deviation(real.values), TWO_BINS),
    "entropy": (entropy, (1e-3, 0.0)),
    "michelson": (michelson, (1e-3, 0.0)),
    "foreground_fraction": (foreground, (1e-3, 0.0)),
    "background": (background, BINS),
    "saturated_high": (percent_maximal, ROUNDING),
    "normalized_variance": (focus_score, ROUNDING),
    "laplacian_variance": (laplacian_variance, ROUNDING),
    "tenengrad": (tenengrad, ROUNDING),
    "noise_sigma": (noise_sigma, ROUNDING),
    "local_contrast": (local_contrast, ROUNDING),
    "colourfulness": (colourfulness, ROUNDING),
}
"""By metric: the definition of another, and how far both may be apart: relative, and as a share of the range
for planes whose values are not counted one by one."""


def test_the_images_are_fifty_of_many_folders_and_types(reals):
    assert len(reals) == N
    assert len({real.path.partition("/")[0] for real in reals}) >= 12
    assert len({real.plane.dtype.kind + str(real.plane.dtype.itemsize) for real in reals}) >= 9
    assert sum(real.samples.startswith("RGB") for real in reals) >= 8


@pytest.mark.parametrize("metric", SAME)
def test_a_metric_is_what_others_define(reals, metric):
    define, (relative, of_range) = SAME[metric]
    for real in reals:
        theirs, ours = define(real), real.row[metric]
        absolute = of_range * np.ptp(real.values) * (not real.whole)
        assert (ours is None) == bool(np.isnan(theirs)), (real.path, theirs, ours)
        assert ours is None or ours == pytest.approx(theirs, rel=relative, abs=absolute), real.path


def test_added_noise_never_lowers_the_noise_found(reals, measure):
    """But for 2 %: where noise was cut off at black before, more of it blurs the cut."""
    known = DEFECTS["noise"]
    for real in reals:
        if real.plane.dtype.kind in "iuf" and "A" not in real.samples:
            levels = [known.level_for(real.plane, level) for level in known.levels]
            noisy = [apply_defect("noise", real.plane, level) for level in levels]
            found = [real.row["noise_sigma"], *(measure(one, real.samples)["noise_sigma"] for one in noisy)]
            assert all(more > 0.98 * less for less, more in pairwise(found)), (real.path, found)


def power_log_log_slope(light: np.ndarray) -> float:
    """CellProfiler's PowerLogLogSlope: of the power summed over rings, whole image, no window."""
    power = np.abs(fft.fft2(light - light.mean())) ** 2
    y, x = (fft.fftfreq(size, 1 / size) for size in power.shape)
    ring = np.rint(np.hypot(y[:, None], x)).astype(int)
    sums = np.bincount(ring.ravel(), power.ravel())[1 : min(power.shape) // 2]
    seen = sums > 0
    return np.polyfit(np.log(np.arange(1, sums.size + 1)[seen]), np.log(sums[seen]), 1)[0]


def test_power_slope_ranks_images_much_as_cellprofiler_does(reals):
    """Not the same numbers: ours has a window, means of rings, and octaves that count alike."""
    pairs = [(power_log_log_slope(real.light), real.row["power_slope"]) for real in reals]
    theirs, ours = np.array([pair for pair in pairs if pair[1] is not None]).T
    assert stats.spearmanr(theirs, ours).statistic > 0.8


def by_area(light: np.ndarray, height: int, width: int) -> np.ndarray:
    """Averages over equal areas: each pixel is shared out by overlap."""

    def overlap(m: int, n: int) -> np.ndarray:
        ends, pixels = np.arange(m + 1) * n / m, np.arange(n)
        upper, lower = np.minimum(ends[1:, None], pixels + 1), np.maximum(ends[:-1, None], pixels)
        return np.maximum(upper - lower, 0) * m / n

    return overlap(height, light.shape[0]) @ light @ overlap(width, light.shape[1]).T


def dhash(light: np.ndarray) -> np.ndarray:
    """Krawetz 2013: bit set where the right neighbour is brighter."""
    return np.diff(by_area(light, 8, 9), axis=1)


def phash(light: np.ndarray) -> np.ndarray:
    """Zauner 2010: the lowest cosine coefficients less their median."""
    waves = fft.dctn(by_area(light, 32, 32))[:8, :8]
    return waves - np.median(waves)


@pytest.mark.parametrize("define", [dhash, phash])
def test_hashes_are_the_published_ones_but_for_few_bits(reals, define):
    """Ours reduce the thumbnail of at most 128 pixels a side: bits of close neighbours turn, most (3) where
    the shorter side has 22 pixels.
    """
    for real in reals:
        theirs = define(real.light)
        ours = np.unpackbits(np.frombuffer(bytes.fromhex(real.row[define.__name__]), np.uint8))
        sure = np.abs(theirs.ravel()) > 1e-9 * np.abs(theirs).max()  # equal neighbours differ by rounding
        turned = np.count_nonzero(ours[sure] != (theirs.ravel()[sure] > 0))
        assert turned <= 3, (real.path, turned)
