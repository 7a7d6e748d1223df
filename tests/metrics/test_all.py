"""Rules that every metric keeps."""

import numpy as np
import pytest

import smalti.metrics
from smalti.core.plugin import collect
from smalti.testing.planes import hostile_planes

COLUMNS = {column.name: column for plugin in collect(smalti.metrics) for column in plugin.columns}

ASKED = {
    "n_finite", "n_nan", "n_inf", "min", "max", "mean", "std", "median", "mad", "skewness", "kurtosis", "p01",
    "p05", "p25", "p75", "p95", "p99", "p999", "mode", "entropy", "zero_fraction", "saturated_low",
    "saturated_high", "bits_used", "levels_used", "level_gap_fraction", "dynamic_range_db", "michelson",
    "rms_contrast", "local_contrast", "laplacian_variance", "laplacian_variance_norm", "tenengrad", "brenner",
    "vollath_f4", "normalized_variance", "noise_sigma", "snr_db", "mscn_variance", "texture_cv", "is_flat",
    "blockiness", "ringing", "stripe_score_rows", "stripe_score_columns", "colourfulness", "colour_cast",
    "content_hash", "dhash", "phash", "power_slope", "high_frequency_share", "gain", "read_noise",
    "background", "foreground_fraction", "cnr", "vignetting", "illumination_tilt", "dead_rows",
    "dead_columns", "hot_pixels", "black_border",
}  # fmt: skip

OF_IMAGES = {
    "sharpest_z", "focus_curve", "bleaching", "flicker", "drift_px", "largest_shift_px", "frozen_frames",
    "channel_correlation", "correlated_channels",
}  # fmt: skip

TYPES = {"Float32": float, "Float64": float, "Int64": int, "Boolean": bool, "String": str}


def test_the_columns_of_the_catalogue_are_there_once_each():
    names = [column.name for plugin in collect(smalti.metrics) for column in plugin.columns]
    assert sorted(names) == sorted(ASKED | OF_IMAGES)


def test_what_rollups_build_on_is_double_precision():
    double = {name for name, column in COLUMNS.items() if column.dtype == "Float64"}
    assert double == {"min", "max", "mean", "std"}
    assert all(COLUMNS[name].dtype == "Int64" for name in COLUMNS if name.startswith("n_"))


@pytest.mark.parametrize(("plane", "samples"), hostile_planes().values(), ids=hostile_planes())
def test_values_are_plain_finite_or_none(measure, plane: np.ndarray, samples: str):
    for name, value in measure(plane, samples).items():
        assert value is None or type(value) is TYPES[COLUMNS[name].dtype], name
        assert not isinstance(value, float) or np.isfinite(value), name


@pytest.mark.parametrize("size", [1e-300, 1e150, 1e300])
def test_extreme_floats_give_none_rather_than_an_error(measure, size: float):
    plane = np.random.default_rng(0).normal(size=(20, 20)) * size
    row = measure(plane)
    assert row["max"] == plane.max()
    assert all(value is None or np.isfinite(value) for value in row.values() if isinstance(value, float))


def test_alpha_does_not_count(measure):
    rgb = np.random.default_rng(0).integers(0, 255, (20, 30, 3), dtype="u1")
    rgba = np.dstack([rgb, np.full((20, 30), 255, "u1")])
    row, masked = measure(rgb, "RGB"), measure(rgba, "RGBA")
    assert row.pop("content_hash") != masked.pop("content_hash")
    assert row == masked
