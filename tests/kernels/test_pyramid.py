"""Every method against NumPy, bit for bit, for each type of pixels and odd sizes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smalti.kernels.pyramid import METHODS, coarser

WHOLE = ["bool", "uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64"]
REAL = ["float16", "float32", "float64"]


def blocks(pixels, factors):
    """Pixels of each block in C order, by its place."""
    n, nz, ny, nx = pixels.shape
    fz, fy, fx = factors
    for i, z, y, x in np.ndindex(n, -(-nz // fz), -(-ny // fy), -(-nx // fx)):
        yield (i, z, y, x), pixels[i, z * fz : z * fz + fz, y * fy : y * fy + fy, x * fx : x * fx + fx]


def half_even(total, n):
    floor, rest = divmod(total, n)
    return floor + (2 * rest > n or (2 * rest == n and floor % 2 == 1))


def mean(block):
    if block.dtype.kind != "f":
        return half_even(sum(map(int, block.ravel())), block.size)
    sums = np.zeros(block.shape[-1])
    for row in block.reshape(-1, block.shape[-1]):
        sums += np.where(np.isnan(row), 0, row).astype(np.float64)
    n = np.count_nonzero(~np.isnan(block))
    return np.add.accumulate(sums)[-1] / n if n else np.nan


def known(block):
    values = np.sort(block, axis=None)
    return values[~np.isnan(values)] if block.dtype.kind == "f" else values


def median(block):
    values = known(block)
    if not values.size:
        return np.nan
    low, high = values[(values.size - 1) // 2], values[values.size // 2]
    return (float(low) + float(high)) / 2 if block.dtype.kind == "f" else half_even(int(low) + int(high), 2)


def mode(block):
    values, counts = np.unique(known(block), return_counts=True)
    return values[counts.argmax()] if values.size else np.nan


def maximum(block):
    return known(block).max(initial=None) if known(block).size else np.nan


def nearest(block):
    return block[tuple((length - 1) // 2 for length in block.shape)]


REFERENCE = {"mean": mean, "median": median, "mode": mode, "max": maximum, "nearest": nearest}


def reference(method, pixels, factors):
    found = {at: REFERENCE[method](block) for at, block in blocks(pixels, factors)}
    made = np.empty([1 + max(at) for at in zip(*found, strict=True)], pixels.dtype)
    for at, value in found.items():
        made[at] = value
    return made


def pixels_of(dtype, shape, seed):
    """Values over the whole range of the type, and few values many times, which is what ties are made of."""
    rng = np.random.default_rng(seed)
    if dtype in REAL:
        values = np.where(rng.random(shape) < 0.5, rng.normal(0, 1e3, shape), rng.integers(-2, 3, shape))
        return np.where(rng.random(shape) < 0.3, np.nan, values).astype(dtype)
    if dtype == "bool":
        return rng.random(shape) < 0.5
    info = np.iinfo(dtype)
    whole = rng.integers(info.min, info.max, shape, dtype, endpoint=True)
    return np.where(rng.random(shape) < 0.5, whole, rng.integers(0, 3, shape).astype(dtype))


SHAPES = st.tuples(st.integers(1, 2), *[st.integers(1, 7)] * 3)
FACTORS = st.tuples(*[st.integers(1, 4)] * 3)


@pytest.mark.parametrize("dtype", WHOLE + REAL)
@pytest.mark.parametrize("method", METHODS)
@settings(max_examples=8, deadline=None)
@given(SHAPES, FACTORS, st.integers(0, 99))
def test_every_method_equals_numpy_to_the_last_bit(method, dtype, shape, factors, seed):
    pixels = pixels_of(dtype, shape, seed)
    np.testing.assert_array_equal(coarser(method, pixels, factors), reference(method, pixels, factors))


def test_sums_of_the_largest_integers_do_not_overflow():
    for dtype in WHOLE[1:]:
        pixels = np.full((1, 4, 5, 6), np.iinfo(dtype).max, dtype)
        assert (coarser("mean", pixels, (4, 4, 2)) == np.iinfo(dtype).max).all()


def test_halves_are_rounded_to_even():
    pixels = np.array([[[[0, 1, 1, 2, 2, 3, 254, 255]]]], np.uint8)
    assert coarser("mean", pixels, (1, 1, 2)).tolist() == [[[[0, 2, 2, 254]]]]


@pytest.mark.parametrize("dtype", WHOLE[1:])
def test_a_gaussian_stays_within_the_range_of_integers(dtype):
    for limit in (np.iinfo(dtype).min, np.iinfo(dtype).max):
        made = coarser("gaussian", np.full((1, 1, 6, 6), limit, dtype), (1, 2, 2))
        np.testing.assert_allclose(made.astype(float), float(limit), rtol=1e-12)


def weights(n, factor, places):
    """What each of n pixels counts in coarse pixels, by the definition."""
    width = np.sqrt((factor**2 - 1) / (8 * np.log(2)))
    far = max(0, int(np.ceil(3 * width - (factor - 1) / 2)))
    distance = np.arange(n) - (np.arange(places)[:, None] * factor + (factor - 1) / 2)
    return np.where(abs(distance) <= far + (factor - 1) / 2, np.exp(-0.5 * (distance / width) ** 2), 0)


@pytest.mark.parametrize("dtype", ["uint16", "float32"])
def test_a_gaussian_is_a_weighted_mean_around_the_centre_of_a_block(dtype):
    pixels = pixels_of(dtype, (1, 1, 13, 18), 3)
    filled, valid = np.nan_to_num(pixels[0, 0].astype(float)), ~np.isnan(pixels[0, 0].astype(float))
    y, x = weights(13, 2, 7), weights(18, 3, 6)
    expected = (y @ filled @ x.T) / (y @ valid @ x.T)
    made = coarser("gaussian", pixels, (1, 2, 3))[0, 0]
    np.testing.assert_allclose(made, expected, rtol=1e-6, atol=0.5 if dtype == "uint16" else 1e-9)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 99), st.sampled_from(["uint8", "float32"]), st.sampled_from([4, 8, 12]))
def test_a_gaussian_does_not_depend_on_how_an_image_is_cut(seed, dtype, cut):
    pixels = pixels_of(dtype, (1, 1, 9, 21), seed)
    whole = coarser("gaussian", pixels, (1, 2, 2))
    left = coarser("gaussian", pixels[..., : cut + 2], (1, 2, 2), after=(0, 0, 2))
    right = coarser("gaussian", pixels[..., cut - 2 :], (1, 2, 2), before=(0, 0, 2))
    np.testing.assert_array_equal(np.concatenate([left, right], axis=-1), whole)
