"""Ripples beside edges are those of the definition, however many planes are looked at."""

import io
from math import sqrt

import numpy as np
import pytest
from PIL import Image

from smalti.kernels.ringing import ringing_of_many
from smalti.testing.synthetic import synthetic


def pictures(size: int, n: int = 6) -> np.ndarray:
    """Nuclei with sharp squares, compressed more and more, (n, size, size)."""
    return np.stack([compressed(seed, size, 90 - 15 * seed) for seed in range(n)])


def compressed(seed: int, size: int, quality: int) -> np.ndarray:
    plane = synthetic("nuclei", seed, (size, size), "uint8") // 2
    for y, x in np.random.default_rng(seed).integers(0, size - 9, (size // 8, 2)):
        plane[y : y + 9, x : x + 7] = 200
    file = io.BytesIO()
    Image.fromarray(plane).save(file, "JPEG", quality=quality)
    return np.array(Image.open(file))


def beside(line: np.ndarray) -> list[tuple[int, bool, float]]:
    """Of each ripple of a line whose edges are steps of more than 1: distance, whether within, square."""
    edges, found = np.flatnonzero(np.abs(np.diff(line)) > 1), []
    for edge in edges:
        for distance in (2, 3, 4):
            for near, far, centre in (
                (edge, edge + 1, edge - distance),
                (edge + 1, edge, edge + 1 + distance),
            ):
                first, last = min(centre - 1, near), max(centre + 1, near)
                clear = first >= 0 and last < line.size and not ((edges >= first) & (edges < last)).any()
                block = {(centre - 1) // 8, (centre + 1) // 8}
                if clear and len(block) == 1 and (far // 8 in block or near // 8 not in block):
                    square = (line[centre + 1] - 2 * line[centre] + line[centre - 1]) ** 2
                    found.append((distance, far // 8 in block, square))
    return found


def by_definition(plane: np.ndarray, threshold: float) -> float:
    lines = [line / threshold for line in (*plane, *plane.T)]
    steps = np.concatenate([np.diff(line) for line in lines])
    ripples = [ripple for line in lines for ripple in beside(line)]
    excess = variance = weights = 0.0
    for distance in (2, 3, 4):
        sides = [[s for d, within, s in ripples if (d, within) == (distance, side)] for side in (True, False)]
        if weight := min(map(len, sides)):
            weights += weight
            excess += weight * (np.mean(sides[0]) - np.mean(sides[1]))
            variance += weight**2 * sum(np.var(side) / len(side) for side in sides)
    height = np.mean(steps[np.abs(steps) > 1] ** 2)
    return sqrt(max(excess - 2 * sqrt(variance), 0) / max(weights, 1) / height)


def test_ringing_is_that_of_the_definition():
    planes = pictures(96)
    found = ringing_of_many(planes, np.full(len(planes), 40.0))
    assert (found > 0.01).any()
    assert found == pytest.approx([by_definition(plane.astype(float), 40) for plane in planes], rel=1e-9)


@pytest.mark.parametrize("size", [16, 96, 300])
def test_a_plane_rings_the_same_whatever_the_others_are(size: int):
    planes, thresholds = pictures(size), np.linspace(20, 60, 6)
    alone = [ringing_of_many(planes[[i]], thresholds[[i]])[0] for i in range(6)]
    assert ringing_of_many(planes, thresholds).tolist() == alone


def test_without_a_threshold_there_is_none_and_without_an_edge_0():
    planes = np.stack([np.full((20, 20), 7.0), np.full((20, 20), np.nan), np.eye(20)])
    found = ringing_of_many(planes, np.array([0.5, 0.5, np.nan]))
    np.testing.assert_array_equal(found, [0, 0, np.nan])


def test_large_planes_are_judged_by_lines_of_all_places_in_a_block():
    plane = np.tile(compressed(0, 256, 10), (4, 4))
    part, whole = (ringing_of_many(p[None], np.array([40.0]))[0] for p in (plane[:160, :160], plane))
    assert whole == pytest.approx(part, rel=0.3)
