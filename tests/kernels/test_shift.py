"""Displacements are found to a fraction of a pixel, and none is made up."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from skimage.registration import phase_cross_correlation

from smalti.kernels.shift import frame_of, shift_between
from smalti.testing.synthetic import scene

FILLED = ["cells", "histology", "micrograph", "nuclei"]


def light(name: str, seed: int, shape: tuple[int, int]) -> np.ndarray:
    """One plane of a scene, float32, 0..1."""
    drawn = scene(name, seed, shape)
    return drawn[1] if name == "cells" else drawn[..., 1] if name == "histology" else drawn


def moved(before: np.ndarray, after: np.ndarray) -> tuple[float, float] | None:
    frames = [frame_of(picture.astype(np.float32)) for picture in (before, after)]
    return None if None in frames else shift_between(*frames)


@given(st.sampled_from(FILLED), st.integers(0, 9), st.integers(-26, 26), st.integers(-26, 26))
@settings(max_examples=30, deadline=None)
def test_whole_pixels_are_found_up_to_a_fifth_of_the_side(name, seed, y, x):
    wide = light(name, seed, (180, 180))
    after = wide[26 - y : 154 - y, 26 - x : 154 - x]
    assert moved(wide[26:154, 26:154], after) == pytest.approx((y, x), abs=0.03)


@given(st.integers(0, 9), st.integers(-12, 12), st.integers(-12, 12))
@settings(max_examples=20, deadline=None)
def test_of_a_few_stars_a_tenth_of_the_side_is_found(seed, y, x):
    wide = light("stars", seed, (152, 152))
    after = wide[12 - y : 140 - y, 12 - x : 140 - x]
    assert moved(wide[12:140, 12:140], after) == pytest.approx((y, x), abs=0.03)


@given(st.integers(0, 9), st.floats(-4, 4), st.floats(-4, 4))
@settings(max_examples=20, deadline=None)
def test_fractions_of_a_pixel_are_found(seed, y, x):
    wide = ndimage.gaussian_filter(light("nuclei", seed, (160, 160)), 1)
    other = np.fft.ifft2(ndimage.fourier_shift(np.fft.fft2(wide), (y, x))).real
    assert moved(wide[16:-16, 16:-16], other[16:-16, 16:-16]) == pytest.approx((y, x), abs=0.03)


@pytest.mark.parametrize("seed", range(5))
def test_it_agrees_with_another_implementation(seed):
    y, x = np.random.default_rng(seed).uniform(-3, 3, 2)
    before = ndimage.gaussian_filter(light("cells", seed, (128, 128)), 1, mode="wrap").astype(float)
    after = ndimage.shift(before, (y, x), order=5, mode="grid-wrap")  # it uses no window: nothing may enter
    reference, *_ = phase_cross_correlation(before, after, upsample_factor=100, normalization=None)
    found = moved(before, after)
    assert found == pytest.approx((y, x), abs=0.03)
    assert found == pytest.approx(tuple(-reference), abs=0.03)


@pytest.mark.parametrize("shape", [(128, 64), (57, 128), (128, 127), (64, 64)])
def test_it_does_not_take_squares(shape):
    wide = light("micrograph", 3, (shape[0] + 6, shape[1] + 6))
    assert moved(wide[3:-3, 3:-3], wide[:-6, 6:]) == pytest.approx((3, -3), abs=0.05)


@pytest.mark.parametrize(("gain", "offset"), [(0.3, 0), (1, 1e4), (-1, 0), (1e30, 0), (1e-30, 0)])
def test_brightness_does_not_count(gain, offset):
    before = light("nuclei", 0, (128, 133))
    frames = [frame_of(np.float32(part * gain + offset)) for part in (before[:, :-5], before[:, 5:])]
    assert shift_between(*frames) == pytest.approx((0, -5), abs=0.05)
    dimmer = frame_of(np.float32(before[:, 5:] * gain * 0.5 + offset))
    assert shift_between(frames[0], dimmer) == pytest.approx((0, -5), abs=0.05)


@pytest.mark.parametrize("name", FILLED)
def test_pictures_of_different_places_have_no_displacement(name):
    found = []
    for side in (32, 64, 128):
        places = [light(name, seed, (side, side)) for seed in range(12)]
        found += [moved(one, other) for one, other in pairwise(places)]
    assert sum(displacement is not None for displacement in found) <= 1


def test_noise_alone_has_no_displacement():
    rng = np.random.default_rng(0)
    assert [moved(*rng.normal(100, 5, (2, 128, 128))) for _ in range(20)] == [None] * 20


@pytest.mark.parametrize(
    "blank",
    [
        np.full((64, 64), 0.1, np.float32),
        np.full((64, 64), np.nan, np.float32),
        np.full((64, 64), np.inf, np.float32),
        np.where(np.arange(64)[:, None] < 40, np.nan, np.eye(64)).astype(np.float32),
        np.eye(15, 64, dtype=np.float32),
    ],
    ids=["constant", "NaN", "Inf", "mostly NaN", "low"],
)
def test_what_shows_nothing_is_no_frame(blank):
    assert frame_of(blank) is None


def test_a_pattern_of_lines_moves_across_them_only():
    lines = np.sin(np.arange(140) ** 1.5 / 20)[:, None] * np.ones((1, 128))
    assert moved(lines[:128], lines[3:131]) == pytest.approx((-3, 0), abs=0.01)


def test_some_missing_pixels_are_bridged():
    wide = light("cells", 2, (128, 131)).copy()
    holes = np.random.default_rng(0).integers(0, 128, (2, 40))
    before, after = wide[:, :-3].copy(), wide[:, 3:].copy()
    before[tuple(holes)], after[tuple(holes[::-1])] = np.nan, np.inf
    assert moved(before, after) == pytest.approx((0, -3), abs=0.1)


def test_frames_are_left_as_they_were():
    pictures = np.random.default_rng(0).normal(size=(2, 64, 64)).astype(np.float32)
    kept = pictures.copy()
    one, other = map(frame_of, pictures)
    spectra = one.spectrum.copy(), other.spectrum.copy()
    shift_between(one, other)
    assert np.array_equal(pictures, kept)
    assert np.array_equal(spectra, (one.spectrum, other.spectrum))
