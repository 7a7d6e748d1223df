"""The plane in focus is found, whatever the noise, and none is named where there is none."""

import numpy as np
import pytest
from scipy import ndimage

from smalti.testing.defects import noise
from smalti.testing.synthetic import z_stack

NEEDED = ("focus", "depth")


def tenengrad(plane: np.ndarray) -> float:
    """Mean squared Sobel gradient in float64, without the border."""
    y, x = (ndimage.sobel(plane.astype(np.float64), axis)[1:-1, 1:-1] for axis in (0, 1))
    return float((y * y + x * x).mean())


@pytest.mark.parametrize("level", [0, 8, 24])
def test_the_sharpest_plane_is_found_in_19_of_20_stacks(measure_stack, level: float):
    rng = np.random.default_rng(level)
    found = 0
    for seed in range(20):
        n = int(rng.integers(5, 16))
        sharpest, step = int(rng.integers(n)), rng.uniform(0.5, 1.5)
        stack = noise(z_stack(seed, (96, 96), n, sharpest, step), level * 4095 / 255, rng)
        found += measure_stack(stack, "CZYX", NEEDED)["sharpest_z"] == sharpest
    assert found >= 19


def test_the_curve_is_the_mean_of_the_scaled_curves_of_each_channel(measure_stack):
    stack = z_stack(3, (64, 80), n=7, sharpest=2)
    curves = np.array([[tenengrad(plane) for plane in channel] for channel in stack])
    mean = (curves / curves.max(axis=1, keepdims=True)).mean(axis=0)
    row = measure_stack(stack, "CZYX", NEEDED)
    assert row["focus_curve"] == pytest.approx(mean / mean.max(), rel=1e-6)
    assert row["sharpest_z"] == mean.argmax() == 2


def test_the_order_of_the_axes_does_not_count(measure_stack):
    stack = z_stack(1, (48, 48), n=5, sharpest=3)
    two = np.stack([stack, stack])
    row = measure_stack(stack, "CZYX", NEEDED)
    assert measure_stack(stack.swapaxes(0, 1).copy(), "ZCYX", NEEDED) == row
    assert measure_stack(two, "TCZYX", NEEDED)["focus_curve"] == pytest.approx(row["focus_curve"])


def test_a_plane_that_cannot_be_read_leaves_a_gap(measure_stack):
    stack = z_stack(1, (48, 48), n=5, sharpest=3)[0]
    row, whole = (measure_stack(stack, "ZYX", NEEDED, lost) for lost in ((1,), ()))
    assert row["focus_curve"] == [None if z == 1 else v for z, v in enumerate(whole["focus_curve"])]
    assert row["sharpest_z"] == 3


@pytest.mark.parametrize(
    "stack",
    [
        np.zeros((4, 20, 20), np.uint8),
        np.full((4, 20, 20), np.nan, np.float32),
        np.ones((4, 2, 9), np.uint8),
        np.stack([np.eye(20, dtype=np.uint16)] * 4),
        np.eye(20, dtype=np.uint16)[None],
    ],
    ids=["black", "NaN", "smaller than a window", "four times the same", "one plane"],
)
def test_without_a_difference_no_plane_is_the_sharpest(measure_stack, stack: np.ndarray):
    assert measure_stack(stack, "ZYX", NEEDED) == {"sharpest_z": None, "focus_curve": None}


def test_without_its_column_there_is_no_curve(measure_stack):
    stack = z_stack(1, (48, 48), n=5)[0]
    assert measure_stack(stack, "ZYX", ("intensity", "depth"))["sharpest_z"] is None
