import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from smalti.curation.hashes import compatible_hash, described, is_flat


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 60), st.integers(1, 60), st.integers(0, 2**32), st.sampled_from([8, 16]))
def test_a_compatible_hash_compares_columns_of_what_pillow_makes_small(height, width, seed, size):
    patch = np.random.default_rng(seed).integers(0, 256, (height, width), dtype=np.uint8)
    small = Image.fromarray(patch).convert("L").resize((size + 1, size), Image.Resampling.LANCZOS)
    rows = [small.getpixel((x, y)) for y in range(size) for x in range(size + 1)]
    grid = np.array(rows, np.uint8).reshape(size, size + 1)
    text = "".join("01"[int(bit)] for bit in (grid[:, 1:] > grid[:, :-1]).reshape(-1))
    words = np.atleast_1d(compatible_hash(patch[np.newaxis], size)[0])
    assert "".join(f"{int(word):064b}" for word in words) == text


def test_both_hashes_of_a_blurred_copy_are_near_and_of_another_picture_far():
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 256, (2, 8, 8), dtype=np.uint8)
    one, other = (np.asarray(Image.fromarray(c).resize((224, 224), Image.Resampling.BICUBIC)) for c in coarse)
    noisy = np.clip(one + rng.normal(0, 6, one.shape), 0, 255).astype(np.uint8)
    for compatible in (False, True):
        a, b, c = described(np.stack([one, noisy, other]), compatible=compatible)["dhash"]
        assert (a ^ b).bit_count() <= 6
        assert (a ^ c).bit_count() > 16


def test_patches_of_same_bytes_and_another_shape_have_another_pixel_hash():
    pixels = np.arange(64, dtype=np.uint8)
    square, wide = (described(pixels.reshape(1, *shape))["pixel_hash"] for shape in [(8, 8), (4, 16)])
    assert square != wide
    assert described(pixels.reshape(1, 8, 8), bits=256)["dhash_256"][0].__len__() == 32


@pytest.mark.parametrize(
    ("kind", "flat"),
    [
        ("one value", True),
        ("resin with noise", True),
        ("strong noise", True),
        ("a cell", False),
        ("a step", False),
    ],
)
def test_flat_is_what_shows_nothing_but_noise(kind, flat):
    rng = np.random.default_rng(1)
    y, x = np.mgrid[:224, :224]
    noise = rng.normal(0, 1, (224, 224))
    picture = {
        "one value": 90 + 0 * noise,
        "resin with noise": 200 + 8 * noise,
        "strong noise": 128 + 35 * noise,
        "a cell": 120 + 60 * np.exp(-((y - 90) ** 2 + (x - 120) ** 2) / 900) + 8 * noise,
        "a step": 120 + 10 * (x > 100) + 3 * noise,
    }[kind]
    columns = described(np.clip(picture, 0, 255).astype(np.uint8)[np.newaxis])
    assert is_flat(np.array(columns["std"]), np.array(columns["block_std"])).tolist() == [flat]
