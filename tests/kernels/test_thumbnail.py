"""Thumbnails: area averages, contrast window, difference hash."""

import numpy as np
import pytest
import reference
from planes import PLANES

from smalti.kernels.accumulators import Thumbnail
from smalti.kernels.measure import accumulate
from smalti.kernels.thumbnail import to_uint8


def thumbnail(plane: np.ndarray, samples: str = "") -> Thumbnail:
    return accumulate(plane, frozenset({"thumbnail"}), samples).thumbnail


@pytest.mark.parametrize("shape", [(200, 300), (131, 40), (128, 128), (400, 129), (1, 500), (50, 20)])
def test_pixels_are_averages_of_equal_areas(shape: tuple[int, int]):
    plane = np.random.default_rng(0).integers(0, 4_096, shape, dtype="u2")
    small = thumbnail(plane).pixels
    assert max(small.shape) == min(128, max(shape))
    np.testing.assert_allclose(small, reference.reduced(plane, *small.shape), rtol=1e-6)


def test_pixels_that_are_not_finite_do_not_count():
    plane = np.random.default_rng(0).normal(size=(100, 256))
    plane[20:30, 40:60] = np.nan
    plane[70, 70] = np.inf
    small = thumbnail(plane).pixels
    np.testing.assert_allclose(small, reference.reduced(plane, *small.shape), rtol=1e-6, atol=1e-6)
    assert np.isnan(small).any()


def test_rgb_keeps_its_colours():
    plane = np.random.default_rng(0).integers(0, 255, (90, 200, 4), dtype="u1")
    small = thumbnail(plane, "RGBA")
    expected = np.dstack([reference.reduced(plane[..., i], *small.pixels.shape[:2]) for i in range(3)])
    np.testing.assert_allclose(small.pixels, expected, rtol=1e-6)
    assert (small.low, small.high) == (0, 255)


@pytest.mark.parametrize("name", ["i16", "i64 narrow and far", "LA u8", "CMYK u8", "u32", "c64"])
def test_other_planes_show_luma(name: str):
    plane, samples = PLANES[name]
    np.testing.assert_allclose(thumbnail(plane, samples).pixels, reference.luma(plane, samples), rtol=1e-6)


def test_the_window_leaves_out_a_thousandth_at_each_end():
    plane = np.random.default_rng(0).normal(500, 50, (200, 200)).astype("u2")
    plane[0, :20] = 65_535
    small = thumbnail(plane)
    np.testing.assert_allclose((small.low, small.high), np.percentile(plane, (0.1, 99.9)))


@pytest.mark.parametrize(
    "plane", [np.zeros((9, 9)), np.full((9, 9), 7e15), np.full((9, 9), np.nan), np.full((20, 20), 3, "u1")]
)
def test_a_constant_plane_has_a_window_too(plane: np.ndarray):
    small = thumbnail(plane)
    assert small.low < small.high
    assert len(np.unique(to_uint8(small))) == 1


def test_a_few_bright_pixels_widen_the_window_to_themselves():
    plane = np.zeros((100, 100), "u2")
    plane[5, 5] = 900
    assert (thumbnail(plane).low, thumbnail(plane).high) == (0, 900)


def test_uint8_spreads_the_window_and_clips():
    pixels = np.array([[10, 20, 30, 40, np.nan]], "f4")
    np.testing.assert_array_equal(to_uint8(Thumbnail(pixels, 20, 30, None, None)), [[0, 0, 255, 255, 0]])


def test_the_hash_is_the_sign_of_steps_in_9_by_8_averages():
    plane = np.random.default_rng(3).integers(0, 65_535, (80, 90), dtype="u2")
    bits = np.diff(reference.reduced(plane, 8, 9), axis=1) > 0
    assert thumbnail(plane).dhash == np.packbits(bits).tobytes().hex()


def test_the_hash_survives_rescaling_noise_and_another_type():
    y, x = np.mgrid[:256, :320]
    plane = 1000 + 400 * np.sin(x / 30) * np.cos(y / 50)
    noisy = plane + np.random.default_rng(0).normal(0, 5, plane.shape)
    halved = plane.reshape(128, 2, 160, 2).mean(axis=(1, 3))
    hashes = [int(thumbnail(p).dhash, 16) for p in (plane, noisy, halved, plane.astype("u2"))]
    assert all((hashes[0] ^ other).bit_count() <= 2 for other in hashes)


@pytest.mark.parametrize("plane", [np.full((50, 50), 9, "u1"), np.ones((7, 40)), np.full((30, 30), np.nan)])
def test_a_flat_tiny_or_empty_plane_has_no_hash(plane: np.ndarray):
    assert thumbnail(plane).dhash is None
