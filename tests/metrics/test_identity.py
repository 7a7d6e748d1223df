"""Fingerprints of pixels and of looks."""

import numpy as np
import pytest
from scipy.fft import dctn

from smalti.testing.defects import jpeg
from smalti.testing.synthetic import synthetic

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


def test_phash_is_the_published_one(measure):
    plane = synthetic("cells", 2, (320, 320), "uint8")[0]
    small = plane.reshape(32, 10, 32, 10).mean(axis=(1, 3))
    waves = dctn(small)[:8, :8]
    assert measure(plane)["phash"] == np.packbits(waves > np.median(waves)).tobytes().hex()


def test_phash_knows_a_plane_again_after_compression_and_gamma(measure):
    plane = synthetic("nuclei", 2, (256, 256), "uint8")
    own = int(measure(plane)["phash"], 16)
    for other in (jpeg(plane, 30), (255 * (plane / 255) ** 0.8).astype("u1"), plane[::2, ::2].copy()):
        assert (own ^ int(measure(other)["phash"], 16)).bit_count() <= 6
    different = synthetic("nuclei", 3, (256, 256), "uint8")
    assert (own ^ int(measure(different)["phash"], 16)).bit_count() > 16


def test_flat_and_tiny_planes_have_no_phash(measure):
    assert measure(np.full((64, 64), 7, "u1"))["phash"] is None
    assert measure(np.eye(31))["phash"] is None
