"""Made-up volumes of an electron microscope, some slices of which show an earlier one again."""

import numpy as np
from scipy import ndimage

from smalti.testing.fields import smooth_field
from smalti.testing.tissue import micrograph

__all__ = ["em_volume"]

DRIFT = 1.6
"""Pixels by which a slice differs from its neighbour, where it differs most."""

RESIN = 0.72
"""Light where no tissue is."""


def em_volume(
    seed: int = 0, shape: tuple[int, int, int] = (24, 256, 256), repeats: int = 3, noise: float = 0.03
) -> tuple[np.ndarray, dict[int, int]]:
    """Neurites cut across, which change from slice to slice; a corner is bare resin.

    Parameters
    ----------
    seed
        For `numpy.random.default_rng`.
    shape
        Slices, rows and columns.
    repeats
        Slices of the second half that show one of the first half again, with noise of their own.
    noise
        Standard deviation of the noise of each slice, of 1.

    Returns
    -------
    numpy.ndarray
        uint8 (Z, Y, X).
    dict of int to int
        For each slice that shows another again, which.
    """
    rng = np.random.default_rng(seed)
    n, height, width = shape
    edge = int(np.ceil(DRIFT * n)) + 8
    light = micrograph(rng, (height + 2 * edge, width + 2 * edge))
    along = [DRIFT * smooth_field(rng, light.shape, 40) for _ in "yx"]
    rows, columns = np.mgrid[edge : edge + height, edge : edge + width]
    inner = slice(edge, edge + height), slice(edge, edge + width)
    resin = (rows - edge) + (columns - edge) < min(height, width) // 2
    stack = np.empty(shape, np.float32)
    for z in range(n):
        moved = [rows + (z - n / 2) * along[0][inner], columns + (z - n / 2) * along[1][inner]]
        stack[z] = ndimage.map_coordinates(light, moved, order=1, mode="nearest")
        stack[z][resin] = RESIN
    late = rng.choice(np.arange(n // 2, n), min(repeats, n - n // 2), replace=False)
    again = {int(z): int(rng.integers(n // 2)) for z in sorted(late)}
    for z, first in again.items():
        stack[z] = stack[first]
    stack += rng.normal(0, noise, shape).astype(np.float32)
    made: np.ndarray = np.clip(np.rint(255 * stack), 0, 255).astype(np.uint8)
    return made, again
