"""The one-pass writer: what is read back equals the reference, in both formats, with bounded work."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
import tensorstore
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st

from smalti.core.errors import SmaltiError, UsageError
from smalti.writers.codecs import codec_of
from smalti.writers.levels import Cut, plan_levels
from smalti.writers.pyramid import Image, reduced, write_pyramid
from smalti.writers.target import LocalTarget

NAMES = {2: "yx", 3: "zyx", 4: "czyx", 5: "tczyx"}


def ignore(*told):
    pass


def write(folder, pixels, factors, method="mean", cut=None, read=None, compressor="blosc-zstd"):
    plan = plan_levels(NAMES[pixels.ndim], pixels.shape, pixels.dtype, factors, cut)
    target = LocalTarget(Path(folder))
    with ThreadPoolExecutor(2) as pool:
        image = Image(target, "a", plan, codec_of(compressor, None, pixels.dtype), pool, pool)
        write_pyramid(image, read or (lambda region: pixels[region]), method, ignore)
    return [Path(folder) / "a" / level.path for level in plan.levels]


def expected(pixels, factors, method="mean"):
    levels = [pixels]
    for level in factors:
        levels.append(reduced(method, levels[-1], level))
    return levels


@st.composite
def images(draw):
    """Small images of 2 to 5 axes with factors and chunks for them."""
    n = draw(st.integers(2, 5))
    shape = tuple(draw(st.integers(1, 3)) for _ in range(n - min(n, 3))) + tuple(
        draw(st.integers(1, 23)) for _ in range(min(n, 3))
    )
    flat = (1,) * (n - min(n, 3))
    factors = [flat + tuple(draw(st.integers(1, 3)) for _ in range(min(n, 3))) for _ in range(2)]
    chunk = tuple(draw(st.integers(1, 6)) for _ in range(n))
    dtype = draw(st.sampled_from(["uint8", "uint16", "float32"]))
    pixels = np.random.default_rng(sum(shape)).integers(0, 250, shape).astype(dtype)
    return pixels, factors, chunk


@pytest.mark.parametrize("sharded", [True, False])
@settings(max_examples=20, deadline=None)
@given(images(), st.sampled_from(["mean", "gaussian", "mode"]))
def test_every_level_is_read_back_as_the_reference(sharded, image, method):
    pixels, factors, chunk = image
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr("smalti.writers.levels.UNIT_BYTES", 400)
        patch.setattr("smalti.writers.levels.SHARD_BYTES", 900)
        paths = write(folder, pixels, factors, method, Cut(chunk, sharded))
        for path, level in zip(paths, expected(pixels, factors, method), strict=True):
            np.testing.assert_array_equal(zarr.open_array(path, mode="r")[...], level)


@pytest.mark.parametrize("compressor", ["blosc-zstd", "blosc-lz4", "zstd", "lz4", "gzip", "none"])
@pytest.mark.parametrize(("sharded", "driver"), [(True, "zarr3"), (False, "zarr")])
def test_tensorstore_reads_the_same(tmp_path, sharded, driver, compressor):
    pixels = np.random.default_rng(0).integers(0, 4000, (3, 100, 130)).astype(np.uint16)
    paths = write(tmp_path, pixels, [(1, 2, 2)], cut=Cut((1, 32, 32), sharded), compressor=compressor)
    for path, level in zip(paths, expected(pixels, [(1, 2, 2)]), strict=True):
        spec = {"driver": driver, "kvstore": {"driver": "file", "path": str(path)}}
        np.testing.assert_array_equal(tensorstore.open(spec, read=True).result().read().result(), level)


def test_every_pixel_is_read_once_and_every_file_written_once(tmp_path, monkeypatch):
    monkeypatch.setattr("smalti.writers.levels.UNIT_BYTES", 1 << 12)
    pixels = np.arange(90 * 70 * 11, dtype=np.uint32).reshape(11, 90, 70)
    times, files = np.zeros(pixels.shape, int), Counter()

    def read(region):
        times[region] += 1
        return pixels[region]

    put = LocalTarget.put

    def counted(self, name, file):
        files[name] += 1
        put(self, name, file)

    monkeypatch.setattr(LocalTarget, "put", counted)
    write(tmp_path, pixels, [(2, 2, 2)] * 3, cut=Cut((4, 16, 16)), read=read)
    assert times.min() == times.max() == 1
    assert set(files.values()) == {1}


def test_no_array_is_there_before_it_is_whole(tmp_path):
    pixels = np.zeros((64, 64), np.uint8)

    def read(region):
        assert not list(tmp_path.rglob("zarr.json"))
        return pixels[region]

    write(tmp_path, pixels, [(2, 2)], read=read)
    assert len(list(tmp_path.rglob("zarr.json"))) == 2


def test_a_reader_that_fails_leaves_no_array(tmp_path):
    def read(region):
        raise SmaltiError("its disk is gone")

    with pytest.raises(SmaltiError, match="gone"):
        write(tmp_path, np.zeros((64, 64), np.uint8), [(2, 2)], read=read)
    assert not list(tmp_path.rglob("zarr.json"))


def test_a_reader_that_gives_another_shape_is_found_out(tmp_path):
    with pytest.raises(SmaltiError, match=r"gave uint8 of shape \(3, 3\) where uint8 of \(64, 64\)"):
        write(tmp_path, np.zeros((64, 64), np.uint8), [], read=lambda region: np.zeros((3, 3), np.uint8))


def test_units_hold_whole_blocks_of_the_source():
    block = (1, 2000, 2500)
    plan = plan_levels("zyx", (300, 2000, 2500), np.dtype("uint16"), [(2, 2, 2)], Cut(block=block))
    assert plan.unit[1] >= 2000
    assert plan.unit[2] >= 2500
    assert plan.unit[0] * 2000 * 2500 * 2 <= 64 << 20


def test_a_chunk_that_is_none_is_refused():
    with pytest.raises(UsageError, match="for each of 2 axes"):
        plan_levels("yx", (10, 10), np.dtype("uint8"), [], Cut((1, 5, 5)))
