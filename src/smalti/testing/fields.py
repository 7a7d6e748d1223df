"""Random fields, points and soft shapes: the strokes that scenes are painted with."""

import math
from dataclasses import dataclass

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

__all__ = [
    "Blob",
    "Shape",
    "enlarged",
    "fibre_field",
    "smooth_field",
    "soft_blob",
    "spread_points",
    "stamp",
    "territories",
]

Shape = tuple[int, ...]
"""Y and X."""


def smooth_field(rng: np.random.Generator, shape: Shape, sigma: float) -> np.ndarray:
    """Gaussian-filtered white noise with mean 0 and standard deviation 1; float32, shape (Y, X).

    Parameters
    ----------
    sigma
        Size of the lumps in px.
    """
    # Lumps much larger than a pixel are drawn on a coarser grid: 3 ms instead of 40 at sigma 30.
    step = max(1, int(sigma / 2))
    coarse = (shape[0] // step + 3, shape[1] // step + 3)
    field: np.ndarray = ndimage.gaussian_filter(
        rng.standard_normal(coarse, np.float32), sigma / step, mode="wrap"
    )
    if step > 1:
        field = enlarged(field, step)
    field = field[: shape[0], : shape[1]]
    return _standard(field - field.mean())


def enlarged(field: np.ndarray, factor: int) -> np.ndarray:
    """Each side `factor` times as long, by linear interpolation; a tenth of the time of `ndimage.zoom`."""
    for axis in (0, 1):
        at = np.arange(field.shape[axis] * factor)
        low = at // factor
        high = np.minimum(low + 1, field.shape[axis] - 1)
        weight = ((at % factor) / factor).astype(np.float32)
        weight = weight[:, None] if axis == 0 else weight
        start = field.take(low, axis)
        field = start + weight * (field.take(high, axis) - start)
    return field


def fibre_field(
    rng: np.random.Generator, shape: Shape, angle: float, length: float = 14.0, width: float = 1.2
) -> np.ndarray:
    """Noise drawn out into fibres; float32, shape (Y, X), mean 0 and standard deviation 1.

    Parameters
    ----------
    angle
        Direction of the fibres in radians, from +x towards +y.
    length, width
        Standard deviations in px along and across a fibre.
    """
    ky = np.fft.fftfreq(shape[0])[:, None] * 2 * np.pi
    kx = np.fft.rfftfreq(shape[1])[None, :] * 2 * np.pi
    along = kx * np.cos(angle) + ky * np.sin(angle)
    across = ky * np.cos(angle) - kx * np.sin(angle)
    weight = np.exp(-((along * length) ** 2 + (across * width) ** 2) / 2)
    spectrum = np.fft.rfft2(rng.standard_normal(shape)) * weight
    spectrum[0, 0] = 0
    field = np.fft.irfft2(spectrum, shape).astype(np.float32)
    return _standard(field)


def _standard(field: np.ndarray) -> np.ndarray:
    spread = float(field.std())
    return field / np.float32(spread if spread > 0 else 1.0)


def spread_points(rng: np.random.Generator, shape: Shape, spacing: float, jitter: float = 0.3) -> np.ndarray:
    """Points about `spacing` px apart, never on a grid a person would see; float64, shape (n, 2) as (y, x).

    Points lie up to one spacing outside the plane, so that shapes are cut by its border.
    """
    rows = np.arange(-spacing, shape[0] + spacing, spacing * 0.866)
    columns = np.arange(-spacing, shape[1] + spacing, spacing)
    y, x = np.meshgrid(rows, columns, indexing="ij")
    x = x + (np.arange(len(rows)) % 2)[:, None] * spacing / 2
    points = np.stack([y.ravel(), x.ravel()], axis=1) + rng.uniform(0, spacing, 2)
    return points + rng.normal(0, jitter * spacing, points.shape)


def territories(
    rng: np.random.Generator, shape: Shape, points: np.ndarray, waviness: float
) -> tuple[np.ndarray, np.ndarray]:
    """Which point each pixel belongs to, and how far the border is.

    Parameters
    ----------
    points
        Shape (n, 2) as (y, x), n ≥ 2.
    waviness
        How far borders stray from straight lines, px.

    Returns
    -------
    tuple
        Index of the nearest point, int64 (Y, X), and the distance to the second nearest less that to
        the nearest, float32 (Y, X), in px: 0 on a border.
    """
    small = (shape[0] // 2 + 1, shape[1] // 2 + 1)  # half resolution: a quarter of the look-ups
    y, x = np.meshgrid(np.arange(small[0]) * 2.0, np.arange(small[1]) * 2.0, indexing="ij")
    y = y + waviness * smooth_field(rng, small, 6)
    x = x + waviness * smooth_field(rng, small, 6)
    distance, owner = cKDTree(points).query(np.stack([y, x], axis=-1), k=2)
    gap = enlarged((distance[..., 1] - distance[..., 0]).astype(np.float32), 2)
    nearest = owner[..., 0].repeat(2, 0).repeat(2, 1)
    return nearest[: shape[0], : shape[1]], gap[: shape[0], : shape[1]]


@dataclass(frozen=True, slots=True)
class Blob:
    """A soft, slightly irregular ellipse.

    Parameters
    ----------
    y, x
        Centre in px.
    a, b
        Half axes in px.
    angle
        Direction of `a` in radians, from +x towards +y.
    lobes
        Amplitude of the 2nd and 3rd harmonic of the outline, as a share of the radius.
    edge
        Width of the soft edge in px.
    """

    y: float
    x: float
    a: float
    b: float
    angle: float = 0.0
    lobes: tuple[float, float] = (0.0, 0.0)
    edge: float = 1.0


def soft_blob(blob: Blob, shape: Shape) -> tuple[tuple[slice, slice], np.ndarray, np.ndarray, np.ndarray]:
    """The window a blob covers, its mask there (0..1), and coordinates along and across it (−1..1 inside)."""
    reach = max(blob.a, blob.b) * (1 + abs(blob.lobes[0]) + abs(blob.lobes[1])) + 3 * blob.edge
    window = (_span(blob.y, reach, shape[0]), _span(blob.x, reach, shape[1]))
    # Plain floats keep the arrays float32: a NumPy float64 scalar would widen them, at twice the time.
    dy = np.arange(window[0].start, window[0].stop, dtype=np.float32)[:, None] - float(blob.y)
    dx = np.arange(window[1].start, window[1].stop, dtype=np.float32)[None, :] - float(blob.x)
    cos, sin = math.cos(blob.angle), math.sin(blob.angle)
    along = (dx * cos + dy * sin) / float(blob.a)
    across = (dy * cos - dx * sin) / float(blob.b)
    inside = 1 - np.sqrt(along * along + across * across)
    if any(blob.lobes):
        theta = np.arctan2(across, along)
        inside += blob.lobes[0] * np.cos(2 * theta + 1) + blob.lobes[1] * np.cos(3 * theta)
    steep = float(min(blob.a, blob.b)) / blob.edge
    return window, 0.5 + 0.5 * np.tanh(steep * inside), along, across


def stamp(canvas: np.ndarray, blob: Blob, value: float) -> None:
    """Lay a blob of height `value` on the canvas where it is higher than what is there; changes `canvas`."""
    window, mask, _, _ = soft_blob(blob, canvas.shape)
    canvas[window] = np.maximum(canvas[window], value * mask)


def _span(centre: float, reach: float, length: int) -> slice:
    start = min(max(int(centre - reach), 0), length)
    return slice(start, max(start, min(int(centre + reach) + 1, length)))
