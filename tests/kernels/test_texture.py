import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from skimage.feature import local_binary_pattern
from skimage.measure import block_reduce

from smalti.kernels.texture import N_PATTERNS, binary_patterns, block_sums, grey_counts, halved


def pictures(least=1):
    shapes = st.tuples(st.integers(least, 40), st.integers(least, 40))
    return shapes.flatmap(lambda shape: arrays(np.uint8, shape, elements=st.integers(0, 255)))


@settings(max_examples=50, deadline=None)
@given(pictures())
def test_grey_levels_are_counted(picture):
    assert np.array_equal(grey_counts(picture), np.bincount(picture.ravel(), minlength=256))


def test_a_picture_that_is_a_part_of_another_is_counted():
    whole = np.random.default_rng(0).integers(0, 256, (50, 60), dtype=np.uint8)
    part = whole[3:40:2, ::-3]
    assert np.array_equal(grey_counts(part), np.bincount(part.ravel(), minlength=256))


@settings(max_examples=50, deadline=None)
@given(pictures(2))
def test_halves_are_means_of_blocks(picture):
    even = picture[: picture.shape[0] // 2 * 2, : picture.shape[1] // 2 * 2]
    assert np.array_equal(halved(picture.astype(np.float32)), block_reduce(even, 2, np.mean))


def blocks(picture, side):
    """Each block by slices."""
    gy, gx = np.zeros((2, *picture.shape))
    gy[1:-1, 1:-1] = picture[2:, 1:-1] - picture[:-2, 1:-1]
    gx[1:-1, 1:-1] = picture[1:-1, 2:] - picture[1:-1, :-2]
    values = np.stack([np.ones(picture.shape), picture, picture**2, gy**2, gx**2, gy * gx], axis=-1)
    starts = [np.arange(max(1, length // side)) * side for length in picture.shape]
    return np.add.reduceat(np.add.reduceat(values, starts[0], axis=0), starts[1], axis=1)


@settings(max_examples=50, deadline=None)
@given(pictures(), st.sampled_from([3, 8]))
def test_blocks_are_summed_with_their_gradients(picture, side):
    if min(picture.shape) < 3:  # slices of the twin need neighbours
        picture = np.pad(picture, 1)
    found = block_sums(picture.astype(np.float32), side)
    assert np.allclose(found, blocks(picture.astype(float), side), rtol=1e-12)


def patterns(picture):
    """As scikit-image has them of whole numbers; it knows no neighbours beyond the border."""
    found = local_binary_pattern((256 * picture).astype(int), 8, 1, method="uniform")[1:-1, 1:-1]
    return np.bincount(found.astype(int).ravel(), minlength=N_PATTERNS)


@pytest.mark.parametrize("seed", range(5))
def test_patterns_are_those_of_scikit_image(seed):
    rng = np.random.default_rng(seed)
    picture = rng.integers(0, 256, (60 + seed, 50)).astype(np.float32) / 2 ** rng.integers(0, 8)
    found = binary_patterns(picture)
    assert found.sum() == (58 + seed) * 48
    assert np.array_equal(found, patterns(picture))


def test_neighbours_as_bright_as_the_centre_count_as_brighter():
    assert binary_patterns(np.full((6, 7), 93.25, np.float32)).tolist() == [0] * 8 + [20, 0]
    assert binary_patterns(np.zeros((1, 9), np.float32)).sum() == 0
    step = np.zeros((5, 6), np.float32)
    step[:, 3:] = 200
    assert binary_patterns(step)[[8, 5]].tolist() == [9, 3]
