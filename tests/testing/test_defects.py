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
    empty,
    jpeg,
    noise,
    saturation,
    stripes,
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
