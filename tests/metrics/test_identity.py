"""Fingerprints of pixels and of looks."""

import numpy as np
import pytest

PLANE = np.random.default_rng(0).integers(0, 4_095, (30, 40), dtype="u2")


@pytest.mark.parametrize(
    "same", [PLANE.astype(">u2"), np.asfortranarray(PLANE), np.repeat(PLANE, 2, axis=1)[:, ::2]]
)
def test_equal_pixels_have_equal_hashes_whatever_their_layout(measure, same: np.ndarray):
    assert measure(same)["content_hash"] == measure(PLANE)["content_hash"]


@pytest.mark.parametrize("other", [PLANE.astype("u4"), PLANE.reshape(40, 30), PLANE.view("i2"), PLANE ^ 1])
def test_another_type_shape_or_pixel_has_another_hash(measure, other: np.ndarray):
    assert measure(other)["content_hash"] != measure(PLANE)["content_hash"]


@pytest.mark.parametrize("dtype", ["bool", "f2", "c16", "i1"])
def test_every_type_has_a_hash_of_16_digits(measure, dtype: str):
    assert int(measure(np.eye(9).astype(dtype))["content_hash"], 16) >= 0


def test_near_duplicates_have_near_hashes(degraded):
    levels = ["blur_sigma1", "noise_0.02", "jpeg_q50", "low_contrast"]
    for image, row in degraded["reference"].items():
        hashes = [int(degraded[level][image]["dhash"], 16) for level in levels]
        assert max((int(row["dhash"], 16) ^ other).bit_count() for other in hashes) <= 10, image


def test_different_images_have_distant_hashes(degraded):
    hashes = [int(row["dhash"], 16) for row in degraded["reference"].values()]
    assert min((a ^ b).bit_count() for i, a in enumerate(hashes) for b in hashes[:i]) > 12


def test_flat_planes_are_never_near_duplicates(measure):
    assert measure(np.full((50, 50), 7, "u1"))["dhash"] is None
