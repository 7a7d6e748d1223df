"""Synthetic images are what they say, and the same for the same seed."""

import numpy as np
import pytest
from scipy import ndimage

from smalti.core.errors import UnknownNameError
from smalti.testing.synthetic import CAMERAS, SCENES, scene, synthetic, time_series, z_stack


@pytest.mark.parametrize("name", SCENES)
def test_a_scene_is_light_between_0_and_1_and_fills_the_shape(name):
    light = scene(name, seed=1, shape=(96, 130))
    assert light.dtype == np.float32
    assert set(light.shape) - {2, 3} == {96, 130}
    assert light.min() >= 0
    assert light.max() <= 1
    assert light.std() > 0.01


@pytest.mark.parametrize("name", SCENES)
def test_a_seed_gives_one_image_and_another_seed_another(name):
    first, again, other = (synthetic(name, seed, (64, 64)) for seed in (3, 3, 4))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("dtype", CAMERAS)
def test_a_clean_image_is_neither_cut_off_nor_without_noise(dtype):
    image = synthetic("nuclei", seed=5, shape=(128, 128), dtype=dtype)
    ceiling = CAMERAS[dtype].ceiling
    assert image.dtype == dtype
    assert ceiling is None or np.mean(image >= ceiling) < 0.001
    assert np.unique(image).size > 60


def test_tiny_and_long_shapes_are_drawn():
    for shape in ((1, 1), (1, 40), (37, 5)):
        assert all(set(shape) <= set(scene(name, shape=shape).shape) for name in SCENES)


def test_the_sharpest_plane_of_a_stack_is_where_it_was_put():
    stack = z_stack(seed=2, shape=(128, 128), n=7, sharpest=2)
    focus = [[ndimage.laplace(plane.astype(float)).var() for plane in channel] for channel in stack]
    assert stack.shape == (2, 7, 128, 128)
    assert [int(np.argmax(values)) for values in focus] == [2, 2]


def test_a_film_drifts_by_whole_pixels_and_bleaches_by_its_share():
    still = time_series(seed=4, shape=(64, 96), n=4, drift=3).astype(float)
    same = [
        np.corrcoef(still[0][:, 3 * t :].ravel(), still[t][:, : 96 - 3 * t].ravel())[0, 1] for t in range(4)
    ]
    bleached = time_series(seed=4, shape=(64, 96), n=4, bleaching=0.1).mean(axis=(1, 2)) - 100
    assert min(same) > 0.98
    assert np.allclose(bleached[1:] / bleached[:-1], 0.9, atol=0.01)


def test_an_unknown_scene_is_answered_with_the_nearest():
    with pytest.raises(UnknownNameError, match="nuclei"):
        synthetic("nucleus")
    with pytest.raises(UnknownNameError, match="uint8"):
        synthetic("nuclei", dtype="uint08")
