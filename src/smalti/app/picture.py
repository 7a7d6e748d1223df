"""One plane as a picture: stored values made smaller by area averages, then windowed to 8 bits."""

from dataclasses import dataclass

import imagecodecs
import numpy as np

from smalti.core.axes import PlaneIndex
from smalti.core.image import Image
from smalti.kernels.accumulators import Histogram
from smalti.kernels.layout import Layout, native
from smalti.processing.measure import read_plane

__all__ = ["LONGEST_SIDE", "Picture", "encode", "picture_of", "reduced"]

LONGEST_SIDE = 1_400
"""Pixels a picture has at most on its longer side: 0.6 MB for a noisy grey one."""

EXACT_PIXELS = 2**22
"""Values up to which percentiles of floats and wide integers are exact; of more, every n-th is looked at."""

PERCENTS = (0.1, 99.9)

LOSSLESS_PIXELS = 512 * 512
"""Pixels up to which a picture travels as PNG (5 ms): labels and small images keep their edges."""

JPEG_QUALITY = 92

EIGHT_BITS = (0.0, 255.0)


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A plane, small enough to be sent.

    Parameters
    ----------
    index
        Which plane of the image.
    pixels
        float32 or float64, (h, w) or (h, w, 3) for RGB: means of stored values over squares of `step`
        pixels a side; NaN where no pixel of a square is finite. 8-bit RGB stays uint8: each session keeps
        one picture.
    step
        Stored pixels to one of the picture along each side.
    low, high
        Least and greatest finite stored value; 0 and 1 when there is none.
    auto
        Contrast window: the 0.1 and 99.9 percentiles; 0 to 255 for 8-bit RGB, which is shown as it looks.
    whole
        Whether stored values are whole numbers.
    n_missing
        Colour samples that are NaN or infinite.
    """

    index: PlaneIndex
    pixels: np.ndarray
    step: int
    low: float
    high: float
    auto: tuple[float, float]
    whole: bool
    n_missing: int


def picture_of(image: Image, index: PlaneIndex, longest: int = LONGEST_SIDE) -> Picture:
    """Read one plane and make it a picture.

    RGB stays RGB, without alpha; CMYK becomes RGB as inks on white paper; of any other colour samples the
    mean is shown; complex pixels by their absolute value.

    Parameters
    ----------
    image, index
        What to read.
    longest
        Most pixels along the longer side.

    Raises
    ------
    SmaltiError
        It cannot be read; what the loader said.
    """
    samples = _samples(read_plane(image, index), image.samples)
    finite = np.isfinite(samples) if samples.dtype.kind == "f" else None
    all_finite = finite is None or bool(finite.all())
    known = samples if all_finite else samples[finite]
    low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 1.0)
    step = max(1, -(-max(samples.shape[:2]) // longest))
    eight_bit_colour = samples.ndim == 3 and samples.dtype == np.uint8
    pixels = reduced(samples, step, None if all_finite else finite)
    return Picture(
        index=index,
        pixels=np.rint(pixels).astype(np.uint8) if eight_bit_colour else pixels,
        step=step,
        low=low,
        high=high,
        auto=EIGHT_BITS if eight_bit_colour else _window(known, low, high),
        whole=samples.dtype.kind in "iu",
        n_missing=samples.size - known.size,
    )


def encode(picture: Picture, low: float, high: float) -> tuple[str, bytes]:
    """Media type and bytes of the picture with `low` drawn black and `high` white; NaN is black."""
    scale = 255 / (high - low) if high > low else 0.0
    scaled = np.subtract(picture.pixels, low, dtype=np.result_type(picture.pixels, np.float32))
    scaled *= scale
    np.fmin(np.fmax(scaled, 0, out=scaled), 255, out=scaled)  # of a number and NaN they take the number
    small = np.rint(scaled, out=scaled).astype(np.uint8)
    if small.shape[0] * small.shape[1] <= LOSSLESS_PIXELS:
        return "image/png", bytes(imagecodecs.png_encode(small, level=1))
    return "image/jpeg", bytes(imagecodecs.jpeg8_encode(small, level=JPEG_QUALITY))


def reduced(samples: np.ndarray, step: int, finite: np.ndarray | None = None) -> np.ndarray:
    """Means over squares of `step` pixels a side; those at the far edges over what there is of them.

    Parameters
    ----------
    samples
        (Y, X) or (Y, X, S).
    step
        Side of a square.
    finite
        Which samples count, as `samples`; None for all.
    """
    single = samples.dtype.itemsize <= (4 if samples.dtype.kind == "f" else 2)
    dtype = np.float32 if single else np.float64
    if step == 1:
        return samples.astype(dtype) if finite is None else np.where(finite, samples, np.nan).astype(dtype)
    if finite is None:
        rows, columns = (np.diff(np.append(np.arange(0, n, step), n)) for n in samples.shape[:2])
        area = np.multiply.outer(rows, columns).astype(dtype)
        means: np.ndarray = _sums(samples, step, dtype) / (area[..., None] if samples.ndim == 3 else area)
        return means
    total, n = _sums(np.where(finite, samples, 0), step, dtype), _sums(finite, step, dtype)
    known: np.ndarray = np.divide(total, n, out=np.full(total.shape, np.nan, dtype), where=n > 0)
    return known


def _sums(samples: np.ndarray, step: int, dtype: type) -> np.ndarray:
    """Sums over squares, row by row of each square: 3 ms for 2048² where `add.reduceat` takes 70."""
    for axis in (0, 1):
        length = -(-samples.shape[axis] // step)
        total = np.zeros((*samples.shape[:axis], length, *samples.shape[axis + 1 :]), dtype)
        for first in range(min(step, samples.shape[axis])):
            part = samples[first::step] if axis == 0 else samples[:, first::step]
            into = total[: len(part)] if axis == 0 else total[:, : part.shape[1]]
            into += part
        samples = total
    return samples


def _samples(plane: np.ndarray, letters: str) -> np.ndarray:
    """What is shown of a plane: one value a pixel, or R, G and B."""
    if letters == "CMYK" and plane.dtype.kind == "u":
        full = np.iinfo(plane.dtype).max
        paper = (full - plane).astype(np.float32)
        mixed: np.ndarray = np.rint(paper[..., :3] * paper[..., 3:] / full).astype(plane.dtype)
        return mixed
    layout = Layout.of(plane.shape, plane.dtype, letters)
    colours = native(layout.colours(plane))
    if colours.ndim == 2 or layout.rgb:
        return colours
    mean: np.ndarray = colours.mean(axis=2)
    return mean


def _window(known: np.ndarray, low: float, high: float) -> tuple[float, float]:
    """The contrast window of thumbnails: percentiles, or the range where these are one value."""
    if not known.size:
        return low, high
    least, most = _percentiles(known.reshape(-1))
    if least < most:
        return least, most
    if low < high:  # a few bright pixels on one background value
        return low, high
    margin = max(0.5, abs(low) * 1e-6)
    return low - margin, high + margin


def _percentiles(values: np.ndarray) -> tuple[float, float]:
    """`PERCENTS` of a flat array; by counting where values are few: 9 ms for 2048² instead of 30."""
    if values.dtype.kind == "u" and values.dtype.itemsize <= 2:
        counts = np.bincount(values)
        found = np.flatnonzero(counts)
        counts = counts[found]
        low, high = float(found[0]), float(found[-1])
        histogram = Histogram(
            found.astype(np.float64), counts, np.cumsum(counts), True, low, high, values.dtype
        )
        least, most = histogram.percentiles(*PERCENTS)
        return least, most
    some = values[:: max(1, values.size // EXACT_PIXELS)]
    least, most = np.percentile(some, PERCENTS).tolist()
    return least, most
