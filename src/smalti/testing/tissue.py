"""Scenes that fill the field of view: an electron micrograph and a stained section; see `scenes`."""

import numpy as np
from scipy import ndimage

from smalti.testing.fields import (
    Blob,
    Shape,
    fibre_field,
    smooth_field,
    soft_blob,
    spread_points,
    territories,
)

__all__ = ["histology", "micrograph"]

HAEMATOXYLIN = np.array([0.65, 0.70, 0.29], np.float32)
EOSIN = np.array([0.07, 0.99, 0.11], np.float32)
"""Optical density per unit stain in R, G, B: Ruifrok & Johnston, Anal. Quant. Cytol. Histol. 23 (2001)."""


def micrograph(rng: np.random.Generator, shape: Shape = (256, 256), *, spacing: float = 70.0) -> np.ndarray:
    """Neurites cut across in the electron microscope, membranes dark; float32 (Y, X), 0..1.

    Parameters
    ----------
    spacing
        Typical diameter of a neurite, px.
    """
    points = spread_points(rng, shape, spacing, jitter=0.38)
    owner, gap = territories(rng, shape, points, waviness=7.0)
    light = rng.normal(0.66, 0.035, len(points)).astype(np.float32)[owner]
    light += 0.045 * smooth_field(rng, shape, 1.2) + 0.03 * smooth_field(rng, shape, 3.5)
    inside = ndimage.minimum_filter(gap, 9)
    for y, x in points:
        if rng.random() < 0.55:
            _add_mitochondrion(rng, light, inside, y, x, spacing)
        else:
            _add_vesicles(rng, light, inside, y, x, spacing)
    membrane = np.exp(-(((gap - 2.6) / 1.7) ** 2))
    light -= 0.42 * membrane * (1 + 0.15 * smooth_field(rng, shape, 4))
    sharp: np.ndarray = ndimage.gaussian_filter(light, 0.7)
    clipped: np.ndarray = np.clip(sharp, 0, 1)
    return clipped.astype(np.float32)


def _add_mitochondrion(
    rng: np.random.Generator, light: np.ndarray, inside: np.ndarray, y: float, x: float, spacing: float
) -> None:
    """A dark matrix in a double membrane, crossed by pale cristae, kept clear of the cell's own membrane."""
    length = spacing * rng.uniform(0.16, 0.3)
    lobes = (rng.normal(0, 0.05), rng.normal(0, 0.04))
    blob = Blob(y, x, length, length * rng.uniform(0.5, 0.75), rng.uniform(0, np.pi), lobes, edge=1.2)
    window, mask, along, across = soft_blob(blob, light.shape)
    mask = mask * (inside[window] > 5)
    rim = 4 * mask * (1 - mask)
    folds = np.sin(along * blob.a / 1.45 + 1.3 * np.sin(2.2 * across + 4 * along))
    cristae = np.clip(folds, 0, 1) * (np.abs(across) < 0.72) * mask
    light[window] += -0.20 * mask - 0.22 * rim + 0.20 * cristae


def _add_vesicles(
    rng: np.random.Generator, light: np.ndarray, inside: np.ndarray, y: float, x: float, spacing: float
) -> None:
    """A cloud of small rings."""
    for dy, dx in rng.normal(0, 0.14 * spacing, (int(rng.integers(5, 22)), 2)):
        radius = rng.uniform(2.3, 3.4)
        blob = Blob(y + dy, x + dx, radius, radius, edge=1.0)
        window, mask, _, _ = soft_blob(blob, light.shape)
        keep = inside[window] > 4
        light[window] += keep * (0.05 * mask - 0.24 * 4 * mask * (1 - mask))


def histology(rng: np.random.Generator, shape: Shape = (256, 256), *, glands: int = 4) -> np.ndarray:
    """A section stained with haematoxylin and eosin, seen in transmitted light; float32 (Y, X, S=3), 0..1.

    Light is absorbed by the stains after Beer and Lambert, so colours mix as they do on a slide.

    Parameters
    ----------
    glands
        How many glands are attempted in the field of view.
    """
    flow = fibre_field(rng, shape, rng.uniform(0, np.pi), length=22, width=2.2)
    eosin = 0.42 + 0.10 * flow + 0.06 * smooth_field(rng, shape, 12) + 0.03 * smooth_field(rng, shape, 1)
    clefts = 1 / (1 + np.exp(-(smooth_field(rng, shape, 7) + 0.8 * flow - 2.3) * 5))
    eosin *= 1 - 0.9 * clefts
    blue = np.full(shape, 0.05, np.float32)
    for y, x in spread_points(rng, shape, 19.0):
        slim = Blob(y, x, rng.uniform(4.5, 7), rng.uniform(2.0, 3.2), rng.uniform(0, np.pi), edge=1.2)
        if rng.random() < 0.5:
            _dye(rng, blue, slim)
    for _ in range(glands):
        _add_gland(rng, eosin, blue)
    blue *= 1 + 0.22 * smooth_field(rng, shape, 1.2)
    density = np.clip(blue, 0, None)[..., None] * HAEMATOXYLIN + np.clip(eosin, 0.02, None)[..., None] * EOSIN
    return np.clip(0.97 * np.exp(-density), 0, 1).astype(np.float32)


def _add_gland(rng: np.random.Generator, eosin: np.ndarray, blue: np.ndarray) -> None:
    """A pale lumen inside a ring of tall cells whose nuclei sit at the base."""
    radius = rng.uniform(24, 40)
    y, x = rng.uniform(0, eosin.shape[0]), rng.uniform(0, eosin.shape[1])
    turn, lobes = rng.uniform(0, np.pi), (rng.normal(0, 0.07), rng.normal(0, 0.05))
    whole = Blob(y, x, radius, radius * 0.85, turn, lobes, edge=1.5)
    window, mask, _, _ = soft_blob(whole, eosin.shape)
    eosin[window] += mask * (0.26 - 0.6 * eosin[window])
    blue[window] *= 1 - mask
    blue[window] += 0.10 * mask
    inner = Blob(y, x, radius * 0.42, radius * 0.33, turn, lobes, edge=1.5)
    window, mask, _, _ = soft_blob(inner, eosin.shape)
    eosin[window] *= 1 - 0.93 * mask
    blue[window] *= 1 - 0.9 * mask
    for angle in np.arange(0, 2 * np.pi, 8.0 / radius):
        reach = radius * rng.uniform(0.74, 0.86)
        along, across = reach * np.cos(angle), 0.85 * reach * np.sin(angle)
        at_y = y + along * np.sin(turn) + across * np.cos(turn)
        at_x = x + along * np.cos(turn) - across * np.sin(turn)
        _dye(
            rng, blue, Blob(at_y, at_x, rng.uniform(4.2, 5.6), rng.uniform(2.7, 3.4), angle + turn, edge=1.1)
        )


def _dye(rng: np.random.Generator, blue: np.ndarray, blob: Blob) -> None:
    window, mask, _, _ = soft_blob(blob, blue.shape)
    blue[window] = np.maximum(blue[window], rng.uniform(0.7, 1.25) * mask)
