"""Light lost, flicker, drift and frozen frames are what was put into a film."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smalti.testing.defects import noise
from smalti.testing.synthetic import CAMERAS, expose, scene, time_series


def film(light: np.ndarray, dtype: str = "uint16") -> np.ndarray:
    return expose(light, np.random.default_rng(0), CAMERAS[dtype])


@pytest.mark.parametrize("drift", [0, 1, 2, 3, 5])
@pytest.mark.parametrize(("bleaching", "level"), [(0, 0), (0.05, 0), (0, 14), (0.05, 40)])
def test_drift_is_right_to_a_fifth_of_a_pixel(measure_stack, drift: int, bleaching: float, level: float):
    for seed in range(0, 21, 5):
        frames = time_series(seed, n=4, drift=drift, bleaching=bleaching)
        frames = noise(frames, level * 4095 / 255, np.random.default_rng(seed))
        row = measure_stack(frames, "TYX", ("dhash", "drift"))
        assert row["drift_px"] == pytest.approx(drift, abs=0.2), seed


@pytest.mark.parametrize("drift", [0, 1, 2, 3, 5])
def test_drift_is_right_for_every_seed(measure_stack, drift: int):
    for seed in range(21):
        row = measure_stack(time_series(seed, drift=drift), "TYX", ("dhash", "drift"))
        assert row["drift_px"] == pytest.approx(drift, abs=0.02), seed
        assert row["largest_shift_px"] == pytest.approx(drift, abs=0.04), seed


def test_one_jump_is_the_largest_shift(measure_stack):
    wide = scene("nuclei", 0, (200, 260))
    frames = film(np.stack([wide[:, at : at + 200] for at in (0, 0, 0, 24, 24)]))
    row = measure_stack(frames, "TYX", ("dhash", "drift"))
    assert row == pytest.approx({"drift_px": 6, "largest_shift_px": 24}, abs=0.1)


def test_drift_counts_pixels_of_the_plane_along_both_axes(measure_stack):
    wide = scene("cells", 1, (224, 640))[1]
    frames = film(np.stack([wide[8 * t : 8 * t + 200, 6 * t : 6 * t + 600] for t in range(4)]))
    assert measure_stack(frames, "TYX", ("dhash", "drift"))["drift_px"] == pytest.approx(10, abs=0.2)


@pytest.mark.parametrize("bleaching", [0.003, 0.01, 0.05, 0.1, 0.2])
@pytest.mark.parametrize("dtype", ["uint16", "uint8", "int16", "float32"])
@pytest.mark.parametrize("name", ["nuclei", "cells", "micrograph", "stars"])
def test_bleaching_is_right_to_a_twentieth(measure_stack, name: str, dtype: str, bleaching: float):
    light = scene(name, 1, (128, 128))
    light = light[1] if name == "cells" else light
    frames = film(np.stack([light * (1 - bleaching) ** t for t in range(12)]), dtype)
    near = pytest.approx(bleaching, rel=0.05, abs=3e-4)
    assert measure_stack(frames, "TYX")["bleaching"] == near


@pytest.mark.parametrize("seed", range(0, 21, 4))
def test_bleaching_under_noise_is_right_to_a_tenth(measure_stack, seed: int):
    frames = time_series(seed, (128, 128), bleaching=0.05)
    noisy = noise(frames, 24 * 4095 / 255, np.random.default_rng(seed))
    assert measure_stack(frames, "TYX")["bleaching"] == pytest.approx(0.05, rel=0.01)
    assert measure_stack(noisy, "TYX")["bleaching"] == pytest.approx(0.05, rel=0.1)


@given(
    offset=st.sampled_from([0, 100, 2_000]),
    bleaching=st.floats(-0.1, 0.3),
    n=st.integers(4, 20),
    seed=st.integers(0, 9),
)
@settings(max_examples=30, deadline=None)
def test_bleaching_without_noise_is_exact(measure_stack, offset, bleaching, n, seed):
    light = np.random.default_rng(seed).gamma(2, 500, (16, 16)).repeat(4, 0).repeat(4, 1)
    frames = offset + np.stack([light * (1 - bleaching) ** t for t in range(n)])
    row = measure_stack(np.float32(frames), "TYX")
    assert row["bleaching"] == pytest.approx(bleaching, rel=0.02, abs=1e-4)
    assert row["flicker"] < 0.01


def test_an_unknown_offset_makes_the_share_one_of_all_that_is_stored(measure_stack):
    frames = np.stack([np.full((32, 32), 500 + 1500 * 0.96**t) for t in range(3)])
    stored = frames.mean((1, 2))
    assert measure_stack(frames, "TYX")["bleaching"] == pytest.approx(
        1 - (stored[2] / stored[0]) ** 0.5, rel=0.1
    )


@pytest.mark.parametrize("flicker", [0.02, 0.1])
def test_flicker_is_the_spread_about_the_trend_and_bleaching_the_trend(measure_stack, flicker: float):
    lamp = 1 + flicker * np.random.default_rng(0).standard_normal(40)
    light = scene("nuclei", 0, (96, 96)) * 0.8
    frames = film(np.stack([light * lamp[t] * 0.97**t for t in range(40)]))
    row = measure_stack(frames, "TYX")
    assert row["flicker"] == pytest.approx(lamp.std(), rel=0.15)
    assert row["bleaching"] == pytest.approx(0.03, abs=flicker / 20)


def test_a_closed_shutter_and_a_flash_do_not_bend_the_trend(measure_stack):
    light = np.stack([scene("nuclei", 0, (96, 96)) * 0.9 * 0.97**t for t in range(30)])
    light[[7, 20]] *= [[[0.1]], [[1.1]]]
    assert measure_stack(film(light), "TYX")["bleaching"] == pytest.approx(0.03, rel=0.05)


def test_of_two_channels_the_one_that_bleaches_is_told(measure_stack):
    frames = np.stack([time_series(s, (96, 96), bleaching=b) for s, b in ((0, 0), (1, 0.06))], axis=1)
    assert measure_stack(frames, "TCYX")["bleaching"] == pytest.approx(0.06, rel=0.02)


def test_frames_that_repeat_the_one_before_are_counted(measure_stack):
    frames = time_series(0, (64, 64), n=10)
    frames[[3, 4, 8]] = frames[[2, 2, 7]]
    assert measure_stack(frames, "TYX")["frozen_frames"] == 3
    assert measure_stack(frames, "TYX", lost=(3,))["frozen_frames"] == 1
    assert measure_stack(frames, "TYX", ("intensity", "frozen"))["frozen_frames"] is None


def test_a_frame_is_frozen_when_all_its_channels_and_planes_are(measure_stack):
    frames = np.random.default_rng(0).integers(0, 99, (5, 2, 3, 16, 16), np.uint8)
    frames[2] = frames[1]
    frames[4], frames[4, 1, 2, 0, 0] = frames[3], 200
    assert measure_stack(frames, "TCZYX")["frozen_frames"] == 1


def test_a_frame_that_cannot_be_read_costs_its_own_pairs_only(measure_stack):
    frames = time_series(0, (128, 128), n=8, drift=2, bleaching=0.05)
    row = measure_stack(frames, "TYX", lost=(3,))
    assert row["drift_px"] == pytest.approx(2, abs=0.1)
    assert row["bleaching"] == pytest.approx(0.05, rel=0.1)
    assert row["frozen_frames"] == 0


def test_colour_drifts_like_grey(measure_stack):
    frames = np.repeat(time_series(0, n=3, drift=3)[..., None] // 16, 3, axis=3).astype(np.uint8)
    assert measure_stack(frames, "TYXS")["drift_px"] == pytest.approx(3, abs=0.05)


HOSTILE = {
    "two frames": time_series(0, (64, 64), n=2),
    "flat": np.full((5, 64, 64), 7, np.uint16),
    "black": np.zeros((5, 64, 64), np.uint8),
    "all NaN": np.full((5, 64, 64), np.nan, np.float32),
    "one frame NaN": np.where(np.arange(5)[:, None, None] == 2, np.nan, time_series(0, (64, 64), n=5)),
    "one pixel": np.arange(5, dtype=np.uint8)[:, None, None],
    "one row": np.arange(500, dtype=np.uint16).reshape(5, 1, 100),
    "below 0": np.random.default_rng(0).normal(0, 1, (5, 64, 64)),
    "huge": np.random.default_rng(0).normal(5, 1, (5, 64, 64)) * 1e160,
    "tiny": np.random.default_rng(0).normal(5, 1, (5, 64, 64)) * 1e-160,
    "booleans": np.random.default_rng(0).random((5, 64, 64)) > 0.5,
    "complex": np.random.default_rng(0).normal(5, 1, (5, 64, 64)) * (1 + 1j),
}


@pytest.mark.parametrize("frames", HOSTILE.values(), ids=HOSTILE)
def test_values_are_finite_or_none(measure_stack, frames: np.ndarray):
    for name, value in measure_stack(frames, "TYX").items():
        assert value is None or np.isfinite(value).all(), name


def test_what_does_not_change_has_no_bleaching_and_no_flicker(measure_stack):
    row = measure_stack(HOSTILE["flat"], "TYX")
    assert (row["bleaching"], row["flicker"], row["frozen_frames"], row["drift_px"]) == (0, 0, 4, None)
    assert str(row["bleaching"]) == "0.0"


def test_two_frames_have_a_trend_but_no_spread_about_it(measure_stack):
    row = measure_stack(HOSTILE["two frames"], "TYX")
    assert row["bleaching"] == pytest.approx(0, abs=0.01)
    assert row["flicker"] is None


def test_one_frame_has_none_of_it(measure_stack):
    row = measure_stack(time_series(0, (64, 64), n=1)[0], "YX")
    assert set(row.values()) == {None}
