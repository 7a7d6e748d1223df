"""What a microscope or telescope looks at: scenes of light, seeded, before any camera.

A scene is a function ``(rng, shape, …)`` that returns float32 light in 0..1 with axes (Y, X), (C, Y, X)
or (Y, X, S). `smalti.testing.synthetic` puts it through a camera.
"""

import numpy as np
from scipy import ndimage

from smalti.testing.fields import (
    Blob,
    Shape,
    enlarged,
    fibre_field,
    smooth_field,
    soft_blob,
    spread_points,
    stamp,
    territories,
)

__all__ = ["cells", "nuclei", "stars"]


def nuclei(
    rng: np.random.Generator, shape: Shape = (256, 256), *, spacing: float = 30.0, radius: float = 9.5
) -> np.ndarray:
    """Stained nuclei of cultured cells, some dividing; float32 (Y, X), 0..1.

    Parameters
    ----------
    spacing
        Typical distance between neighbours, px.
    radius
        Typical radius of a nucleus, px.
    """
    return _stained(rng, shape, _layout(rng, shape, spacing, radius))


def cells(
    rng: np.random.Generator, shape: Shape = (256, 256), *, spacing: float = 52.0, radius: float = 13.0
) -> np.ndarray:
    """Nuclei and the actin of the cells around them; float32 (C=2, Y, X), 0..1."""
    blobs = _layout(rng, shape, spacing, radius)
    centres = np.array([(blob.y, blob.x) for blob in blobs])
    owner, gap = territories(rng, shape, centres, waviness=5.0)
    angles = np.linspace(0, np.pi, 6, endpoint=False)
    bundles = np.stack([fibre_field(rng, shape, angle) for angle in angles])
    pick = rng.integers(0, len(angles), len(blobs))[owner]
    fibres = np.take_along_axis(bundles, pick[None], axis=0)[0]
    brightness = rng.uniform(0.45, 1.0, len(blobs)).astype(np.float32)[owner]
    body = 1 / (1 + np.exp(-(gap - 5) / 1.5))
    cortex = np.exp(-(((gap - 6) / 3.0) ** 2))  # actin is densest along the membrane
    actin = brightness * body * (0.20 + 0.16 * np.maximum(fibres, 0) + 0.35 * cortex)
    actin *= 1 + 0.12 * smooth_field(rng, shape, 20)
    return np.stack([_stained(rng, shape, blobs), _light(actin, haze=0.15, background=0.02)])


def _layout(rng: np.random.Generator, shape: Shape, spacing: float, radius: float) -> list[Blob]:
    points = spread_points(rng, shape, spacing)
    seen = (points > -2 * radius) & (points < np.array(shape) + 2 * radius)
    points = points[seen.all(axis=1)]
    if len(points) < 2:  # a view smaller than a cell
        points = rng.uniform(0, shape, (2, 2))
    crowding = smooth_field(rng, shape, 2 * spacing)
    at = np.clip(points.astype(int), 0, np.array(shape) - 1)
    keep = crowding[at[:, 0], at[:, 1]] + rng.normal(0, 0.5, len(points)) > -0.9
    keep[len(keep) // 2 - 1 :][:2] = True  # a scene always holds cells
    return [_nucleus(rng, y, x, radius) for y, x in points[keep]]


def _nucleus(rng: np.random.Generator, y: float, x: float, radius: float) -> Blob:
    size = radius * float(rng.lognormal(0, 0.16))
    stretch = float(rng.uniform(1.0, 1.45))
    lobes = (float(rng.normal(0, 0.04)), float(rng.normal(0, 0.035)))
    return Blob(y, x, size * stretch**0.5, size / stretch**0.5, float(rng.uniform(0, np.pi)), lobes, edge=1.1)


def _stained(rng: np.random.Generator, shape: Shape, blobs: list[Blob]) -> np.ndarray:
    dna = np.zeros(shape, np.float32)
    for blob in blobs:
        if rng.random() < 0.06:  # a metaphase plate: thin and bright
            stamp(dna, Blob(blob.y, blob.x, blob.a * 0.75, blob.b * 0.32, blob.angle, edge=1.0), 0.95)
        else:
            stamp(dna, blob, float(np.clip(rng.lognormal(-0.75, 0.28), 0.2, 0.85)))
            _carve_nucleoli(rng, dna, blob)
    chromatin = 1 + 0.13 * smooth_field(rng, shape, 1.1) + 0.10 * smooth_field(rng, shape, 3)
    return _light(dna * np.clip(chromatin, 0.4, 1.8), haze=0.22, background=0.025)


def _carve_nucleoli(rng: np.random.Generator, dna: np.ndarray, blob: Blob) -> None:
    for _ in range(int(rng.integers(1, 3))):
        turn, share = rng.uniform(0, 2 * np.pi), 0.55 * rng.uniform() ** 0.5
        y, x = blob.y + share * blob.b * np.sin(turn), blob.x + share * blob.b * np.cos(turn)
        window, mask, _, _ = soft_blob(Blob(y, x, 0.2 * blob.b, 0.17 * blob.b), dna.shape)
        dna[window] *= 1 - 0.45 * mask


def _light(sharp: np.ndarray, haze: float, background: float) -> np.ndarray:
    """What reaches the camera: light in focus through a PSF of 0.8 px, light out of focus, a background."""
    blurred = enlarged(ndimage.gaussian_filter(sharp[::4, ::4], 4.0), 4)[: sharp.shape[0], : sharp.shape[1]]
    light: np.ndarray = background + (1 - haze) * ndimage.gaussian_filter(sharp, 0.8) + haze * blurred
    clipped: np.ndarray = np.minimum(light, 1)
    return clipped.astype(np.float32)


def stars(rng: np.random.Generator, shape: Shape = (256, 256), *, seeing: float = 1.5) -> np.ndarray:
    """A field of stars and a few galaxies on a faint nebula; float32 (Y, X), 0..1, linear.

    Star counts follow N(> flux) ∝ flux^−0.8; stars are Moffat (1969) profiles with β = 3.

    Parameters
    ----------
    seeing
        Core radius of a star in px.
    """
    nebula = np.clip(smooth_field(rng, shape, 28) + 0.5 * smooth_field(rng, shape, 9), 0, None) ** 2
    sky = (0.012 + 0.012 * nebula).astype(np.float32)
    area = shape[0] * shape[1]
    for _ in range(max(1, area // 22_000)):
        _add_galaxy(rng, sky)
    n = max(3, area // 260)
    flux = np.minimum(0.02 * rng.uniform(size=n) ** (-1 / 0.8), 2.5)
    for y, x, height in zip(rng.uniform(0, shape[0], n), rng.uniform(0, shape[1], n), flux, strict=True):
        _add_star(sky, y, x, height, seeing)
    return np.clip(sky, 0, 1)


def _add_star(sky: np.ndarray, y: float, x: float, height: float, seeing: float) -> None:
    reach = int(6 + 40 * min(height, 1.0))
    rows = slice(max(int(y) - reach, 0), int(y) + reach + 1)
    columns = slice(max(int(x) - reach, 0), int(x) + reach + 1)
    part = sky[rows, columns]
    dy = np.arange(rows.start, rows.start + part.shape[0])[:, None] - y
    dx = np.arange(columns.start, columns.start + part.shape[1])[None, :] - x
    part += (height * (1 + (dy**2 + dx**2) / seeing**2) ** -3).astype(np.float32)


def _add_galaxy(rng: np.random.Generator, sky: np.ndarray) -> None:
    """An inclined exponential disc with two logarithmic arms and a bulge."""
    y, x = rng.uniform(0, sky.shape[0]), rng.uniform(0, sky.shape[1])
    scale, tilt, turn = rng.uniform(3, 9), rng.uniform(0.3, 1.0), rng.uniform(0, np.pi)
    blob = Blob(y, x, 6 * scale, 6 * scale * tilt, turn)
    window, _, along, across = soft_blob(blob, sky.shape)
    radius = 6 * np.hypot(along, across) + 0.05
    arms = 1 + 0.7 * np.cos(2 * np.arctan2(across, along) - 5 * np.log(radius))
    disc = np.exp(-radius) * arms + 1.5 * np.exp(-((radius / 0.45) ** 2))
    sky[window] += (rng.uniform(0.10, 0.30) * disc).astype(np.float32)
