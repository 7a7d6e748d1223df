"""Planes given by their rows against the same planes given whole: to the last bit."""

import tracemalloc
from dataclasses import asdict

import numpy as np
import pytest
import xxhash
from hypothesis import given, settings
from hypothesis import strategies as st
from planes import PLANES

from smalti.kernels.accumulators import Accumulated
from smalti.kernels.encoding import Encoding
from smalti.kernels.layout import Layout
from smalti.kernels.measure import EVERYTHING, accumulate
from smalti.kernels.streamed import accumulate_rows, sums_bytes
from smalti.kernels.values import ValueSums
from smalti.testing.planes import hostile_planes

EVERY = PLANES | hostile_planes()
EVERYWHERE = pytest.mark.parametrize(("plane", "samples"), EVERY.values(), ids=EVERY)


def layout_of(plane: np.ndarray, samples: str = "") -> Layout:
    return Layout.of(plane.shape, plane.dtype, samples)


def same(found: Accumulated, expected: Accumulated) -> None:
    np.testing.assert_equal(asdict(found), asdict(expected))


def bands_of(*planes: np.ndarray, rows: int):
    return lambda: ([p[top : top + rows] for p in planes] for top in range(0, len(planes[0]), rows))


@EVERYWHERE
@pytest.mark.parametrize("rows", [1, 7, 1000])
def test_bands_of_any_height_give_what_the_whole_plane_gives(plane: np.ndarray, samples: str, rows: int):
    found = accumulate_rows(layout_of(plane, samples), 1, bands_of(plane, rows=rows), EVERYTHING)
    same(next(found).plane(0), accumulate(plane, EVERYTHING, samples))


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 90), st.integers(1, 3000), st.integers(1, 100), st.sampled_from(["u2", "i2", "f4"]))
def test_any_size_in_any_bands_gives_what_the_whole_plane_gives(height, width, rows, dtype):
    plane = np.random.default_rng(width).normal(1000, 50, (height, width)).astype(dtype)
    found = accumulate_rows(layout_of(plane), 1, bands_of(plane, rows=rows), EVERYTHING)
    same(next(found).plane(0), accumulate(plane, EVERYTHING))


def test_planes_side_by_side_do_not_disturb_each_other():
    rng = np.random.default_rng(0)
    planes = [rng.integers(0, top, (300, 700), np.uint16) for top in (10, 4_096, 65_536)]
    found = accumulate_rows(layout_of(planes[0]), 3, bands_of(*planes, rows=64), EVERYTHING)
    for plane, of_plane in zip(planes, found, strict=True):
        same(of_plane.plane(0), accumulate(plane, EVERYTHING))


@pytest.mark.parametrize(("dtype", "times"), [("u1", 1), ("i2", 1), (">u2", 1), ("u4", 2), ("f4", 2)])
def test_planes_of_8_and_16_bits_are_read_once(dtype: str, times: int):
    plane, asked = np.arange(1200).reshape(30, 40).astype(dtype), []

    def bands():
        asked.append(1)
        return bands_of(plane, rows=8)()

    next(accumulate_rows(layout_of(plane), 1, bands, EVERYTHING))
    assert len(asked) == times


def test_the_digest_is_that_of_the_pixels_as_stored():
    plane, samples = hostile_planes()["colour and alpha"]
    digest = next(accumulate_rows(layout_of(plane, samples), 1, bands_of(plane, rows=5), EVERYTHING)).digest
    assert digest[0] == xxhash.xxh3_64_hexdigest(b"u1(48, 64, 4)" + plane.tobytes())


def test_more_pixels_than_32_bits_count_are_counted():
    layout = Layout(1 << 17, 1 << 16, np.dtype(np.uint8))
    sums = ValueSums(layout, Encoding.known(layout))
    sums._table[:, :, 7] = 2**32 - 1  # as after hours of counting
    sums.add(np.full((1, 1, 1 << 16), 7, np.uint8), slice(0, 1))
    assert sums.result()[1].n[0] == 4 * (2**32 - 1) + 2**16


@pytest.mark.parametrize(("shape", "dtype"), [((3000, 5000), "u2"), ((256, 40_000), "f4")])
def test_the_memory_of_the_sums_is_told_beforehand(shape: tuple[int, int], dtype: str):
    plane = np.ones(shape, dtype)
    wants = EVERYTHING
    next(accumulate_rows(layout_of(plane), 1, bands_of(plane, rows=512), wants))  # compiles
    tracemalloc.start()
    next(accumulate_rows(layout_of(plane), 1, bands_of(plane, rows=512), wants))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1.5 * sums_bytes(layout_of(plane), wants) + 2**21
