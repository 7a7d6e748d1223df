"""Each defect does what its level says, on every dtype, and nothing else."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from smalti.core.errors import UnknownNameError, UsageError
from smalti.testing.dataset import level_series
from smalti.testing.defects import (
    DEFECTS,
    apply_defect,
    blur,
    border,
    comb,
    dead_lines,
    empty,
    haze,
    hot_pixels,
    jpeg,
    noise,
    saturation,
    stripes,
    tilt,
    underexposure,
    vignetting,
)
from smalti.testing.strategies import planes
from smalti.testing.synthetic import CAMERAS, synthetic


@pytest.mark.parametrize("dtype", CAMERAS)
@pytest.mark.parametrize("scene", ["nuclei", "histology"])
@pytest.mark.parametrize("defect", DEFECTS)
def test_shape_dtype_and_input_are_kept(defect, scene, dtype):
    image = synthetic(scene, shape=(48, 56), dtype=dtype)
    before = image.copy()
    level = DEFECTS[defect].level_for(image, DEFECTS[defect].levels[2])
    changed = apply_defect(defect, image, level)
    assert (changed.shape, changed.dtype) == (image.shape, image.dtype)
    assert not np.array_equal(changed, image)
    assert np.array_equal(image, before)


@settings(max_examples=30, deadline=None)
@given(
    planes(dtypes=("uint8", "uint16", "int16", "uint32", "float32"), holes=False),
    st.sampled_from(list(DEFECTS)),
)
def test_any_plane_takes_any_defect(plane, defect):
    level = DEFECTS[defect].level_for(plane, DEFECTS[defect].levels[-1])
    assert apply_defect(defect, plane, level).dtype == plane.dtype


def test_blur_has_its_sigma_and_spares_the_colours():
    point = np.zeros((41, 41, 3), np.float32)
    point[20, 20, 1] = 1
    spread = blur(point, 2.5)
    offset = np.arange(41) - 20
    assert np.sqrt((spread[..., 1].sum(0) * offset**2).sum()) == pytest.approx(2.5, rel=0.02)
    assert not spread[..., [0, 2]].any()


def test_noise_and_stripes_have_their_standard_deviation():
    flat, rng = np.full((400, 400), 1000, np.uint16), np.random.default_rng(0)
    striped = stripes(flat, 20, rng)
    assert noise(flat, 12, rng).std() == pytest.approx(12, rel=0.02)
    assert striped.mean(axis=1).std() == pytest.approx(20, rel=0.1)
    assert not striped.std(axis=1).any()


def test_saturation_reaches_the_ceiling_of_the_bits_really_used():
    image = synthetic("nuclei")
    shares = [np.mean(saturation(image, gain) == 4095) for gain in (1, 2, 4, 8)]
    assert shares[0] < 0.001
    assert shares == sorted(shares)
    assert shares[-1] > 0.1


def test_vignetting_gives_the_corner_its_share_of_the_centre():
    dark = vignetting(np.full((101, 151), 200.0), 0.4)
    assert dark[50, 75] == 200
    assert dark[0, 0] == pytest.approx(0.4 * 200)


def test_jpeg_leaves_jumps_at_every_eighth_pixel():
    image = synthetic("nuclei", dtype="uint8")
    jumps = np.abs(np.diff(jpeg(image, 10).astype(float), axis=1)).mean(axis=0)
    at_blocks = np.arange(1, 256) % 8 == 0
    assert jumps[at_blocks].mean() > 1.5 * jumps[~at_blocks].mean()
    with pytest.raises(UsageError, match="one plane"):
        jpeg(np.zeros((2, 30, 30), np.uint8), 50)


def test_empty_leaves_the_background_level_only():
    image = synthetic("nuclei")
    closed = empty(image, 0, np.random.default_rng(0))
    assert closed.std() == 0
    assert abs(float(closed[0, 0]) - float(np.median(image))) < 300
    assert empty(image, 8, np.random.default_rng(0)).std() == pytest.approx(8, rel=0.05)


@pytest.mark.parametrize("seed", range(5))
def test_tilt_leaves_one_side_its_light_and_takes_a_share_of_the_other(seed):
    dark = tilt(np.full((101, 151), 200.0), 0.4, np.random.default_rng(seed))
    corners = sorted(dark[::100, ::150].ravel())
    assert (corners[0], corners[-1]) == pytest.approx((0.6 * 200, 200))
    assert not np.diff(dark, 2, axis=0).round(4).any()
    assert not np.diff(dark, 2, axis=1).round(4).any()


def test_haze_takes_contrast_and_keeps_half_of_the_ceiling_where_it_was():
    veiled = haze(np.array([[0.0, 50.0, 100.0]]), 0.3)
    assert veiled == pytest.approx(np.array([[15.0, 50.0, 85.0]]))


def test_underexposure_has_the_noise_of_the_photons_that_are_left():
    light = np.full((300, 300), 3000, np.uint16)
    light[:100] = 0
    dim = underexposure(light, 0.25, np.random.default_rng(0))[100:].astype(float)
    photons = 4000 * 3000 / 4095
    assert dim.mean() == pytest.approx(750, rel=0.002)
    assert dim.std() == pytest.approx(3000 / photons * np.sqrt(photons * 0.25 * 0.75), rel=0.02)


def test_dead_lines_are_whole_rows_and_the_same_in_all_planes():
    stack = np.stack([synthetic("nuclei", seed, (64, 48)) for seed in (0, 1)])
    dead = dead_lines(stack, 6, np.random.default_rng(0))
    stuck = np.ptp(dead, axis=2) == 0
    assert stuck.sum(axis=1).tolist() == [6, 6]
    assert np.array_equal(stuck[0], stuck[1])
    assert set(np.unique(dead[stuck])) == {0, 4095}
    assert np.array_equal(dead[~stuck], stack[~stuck])


def test_hot_pixels_stand_alone():
    image = synthetic("histology", shape=(60, 70), dtype="uint8")
    hot = (hot_pixels(image, 25, np.random.default_rng(0)) != image).any(axis=2)
    assert hot.sum() == 25
    assert ndimage.label(hot, np.ones((3, 3)))[1] == 25
    assert not hot[[0, -1]].any()
    assert hot_pixels(np.zeros((6, 6), np.uint8), 99, np.random.default_rng(0)).sum() == 4 * 255


@pytest.mark.parametrize("seed", range(5))
def test_a_border_blackens_two_edges_that_meet(seed):
    black = border(np.ones((50, 80), np.uint8), 0.1, np.random.default_rng(seed)) == 0
    assert black.all(axis=1).sum() == 5
    assert black.all(axis=0).sum() == 8
    assert black.sum() == 50 * 80 - 45 * 72


def test_a_comb_keeps_one_level_in_so_many():
    ramp = np.arange(256, dtype=np.uint8)[None]
    assert np.unique(comb(ramp, 5)).tolist() == list(range(0, 256, 5))
    assert np.unique(comb(np.linspace(-1, 1, 99)[None], 0.5)).tolist() == [-1, -0.5, 0, 0.5, 1]


@pytest.mark.parametrize("defect", [tilt, haze, border, dead_lines, hot_pixels, comb])
def test_none_of_a_defect_leaves_an_image_as_it_is(defect):
    image, rng = synthetic("micrograph", shape=(40, 40)), np.random.default_rng(0)
    assert np.array_equal(defect(image, 0, rng), image)
    assert np.array_equal(underexposure(image, 1, rng), image)


def test_five_levels_of_one_scene_grow_from_mild_to_grave():
    series = level_series("blur", "micrograph", seed=1)
    levels = [level for level, _ in series]
    sharpness = [ndimage.laplace(image.astype(float)).var() for _, image in series]
    assert levels == [None, 1.0, 1.5, 2.5, 4.0, 6.0]
    assert sharpness == sorted(sharpness, reverse=True)


def test_an_unknown_defect_is_answered_with_the_nearest():
    with pytest.raises(UnknownNameError, match="vignetting"):
        apply_defect("vignette", np.zeros((4, 4), np.uint8), 1)
    with pytest.raises(UnknownNameError, match="stripes"):
        level_series("stripe")
