"""Arrays that grow: what zarr-python and tensorstore read is, bit for bit, what went in."""

import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from math import prod

import numpy as np
import pytest
import tensorstore
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st

from smalti.core.errors import SmaltiError, UnknownNameError, UsageError
from smalti.writers import grid as grids
from smalti.writers.codecs import ZSTD_BLOCK, codec_of, codec_words
from smalti.writers.grid import plan_grid
from smalti.writers.growing import GrowingArray, array_metadata, grid_of
from smalti.writers.target import LocalTarget

DTYPES = ("bool", "u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f2", "f4", "f8")
LEVELS = {
    "blosc-zstd": [None, 0, 5, 9],
    "blosc-lz4": [None, 0, 9],
    "zstd": [None, 1, 7],
    "lz4": [None, 3],
    "gzip": [None, 0, 6],
    "none": [None],
}
some = settings(max_examples=120, deadline=None)


@contextmanager
def grown(folder, metadata, codec):
    """The array in a folder, to add images to; what was added is put in place and committed at the end."""
    target = LocalTarget(folder)
    with ThreadPoolExecutor(3) as pool:
        array = GrowingArray(target, "a", grid_of(metadata), codec, metadata["shape"][0], pool)
        try:
            yield array
            array.flush()
            metadata["shape"][0] = array.length
            target.write("a/zarr.json", json.dumps(metadata).encode())
        finally:
            array.close()


def add(folder, images, metadata, codec, steps=()):
    """Add images, in as many openings as there are steps and one more."""
    for part in np.split(images, sorted(steps)):
        with grown(folder, metadata, codec) as array:
            for image in part:
                array.add(image)


def planned(shape, dtype, compressor="blosc-zstd", level=None, **cut):
    codec = codec_of(compressor, level, np.dtype(dtype))
    return array_metadata(plan_grid(shape, np.dtype(dtype), **cut), codec), codec


def by_tensorstore(path):
    spec = {"driver": "zarr3", "kvstore": {"driver": "file", "path": f"{path}/"}}
    return tensorstore.open(spec, open=True).result().read().result()


def assert_bits(found, images):
    assert found.dtype == images.dtype
    assert found.shape == images.shape
    assert found.tobytes() == images.tobytes()


def random_images(shape, dtype, seed):
    """Bytes of any value: of floats also NaN of every kind, infinite values and -0.0."""
    dtype, rng = np.dtype(dtype), np.random.default_rng(seed)
    if dtype.kind == "b":
        return rng.integers(0, 2, shape).astype(bool)
    images = np.frombuffer(rng.bytes(prod(shape) * dtype.itemsize), dtype).reshape(shape).copy()
    if dtype.kind == "f" and images.size:
        flat = images.reshape(-1)
        odd = np.array([np.nan, np.inf, -np.inf, -0.0, np.finfo(dtype).smallest_subnormal], dtype)
        flat[rng.integers(0, flat.size, odd.size)] = odd
    if seed % 3 == 0:
        images[images.shape[0] // 2 :] = 0  # all fill: other writers leave such chunks out
    return images


@st.composite
def cases(draw):
    c, h, w = draw(st.tuples(st.integers(1, 3), st.integers(1, 13), st.integers(1, 13)))
    n = draw(st.integers(1, 9))
    chunk = draw(st.none() | st.tuples(*[st.integers(1, 14)] * 3) | st.tuples(*[st.integers(1, 14)] * 4))
    compressor = draw(st.sampled_from(list(LEVELS)))
    return {
        "shape": (c, h, w),
        "n": n,
        "dtype": draw(st.sampled_from(DTYPES)),
        "compressor": compressor,
        "level": draw(st.sampled_from(LEVELS[compressor])),
        "cut": {"chunk_shape": chunk, "shard_images": draw(st.none() | st.integers(1, 5))},
        "steps": draw(st.lists(st.integers(0, n), max_size=3)),
        "tiles": draw(st.booleans()),
        "seed": draw(st.integers(0, 2**32 - 1)),
    }


@given(cases())
@some
def test_what_was_added_in_any_steps_is_what_others_read(tmp_path_factory, case):
    folder = tmp_path_factory.mktemp("grown")
    images = random_images((case["n"], *case["shape"]), case["dtype"], case["seed"])
    with pytest.MonkeyPatch.context() as patch:
        if case["tiles"]:
            for name, value in {"TILED_ABOVE": 20, "TILE": 4, "MOST_BYTES": 150, "CHUNK_BYTES": 60}.items():
                patch.setattr(grids, name, value)
        metadata, codec = planned(
            case["shape"], case["dtype"], case["compressor"], case["level"], **case["cut"]
        )
        add(folder, images, metadata, codec, case["steps"])
    assert_bits(zarr.open_array(folder / "a", mode="r")[...], images)
    assert_bits(by_tensorstore(folder / "a"), images)
    assert not (folder / ".partial").exists() or not list((folder / ".partial").iterdir())


@given(
    st.lists(st.tuples(*[st.integers(1, 3), st.integers(1, 9), st.integers(1, 9)]), min_size=1, max_size=8)
)
@settings(max_examples=20, deadline=None)
def test_smaller_images_are_padded_with_fill(tmp_path_factory, shapes):
    folder = tmp_path_factory.mktemp("padded")
    metadata, codec = planned((3, 9, 9), "i2", chunk_shape=(2, 4, 5), shard_images=3)
    expected = np.zeros((len(shapes), 3, 9, 9), "i2")
    with grown(folder, metadata, codec) as array:
        for number, (c, h, w) in enumerate(shapes):
            expected[number, :c, :h, :w] = number + 1
            array.add(np.full((c, h, w), number + 1, "i2"))
    assert_bits(zarr.open_array(folder / "a", mode="r")[...], expected)


# what is written is what was asked


@pytest.mark.parametrize("dtype", ["u1", "bool", "u2", "f4", "f8"])
@pytest.mark.parametrize(("name", "level"), [(n, level) for n, some in LEVELS.items() for level in some])
def test_the_metadata_name_the_codec_that_was_asked_for(tmp_path, name, level, dtype):
    metadata, codec = planned((1, 40, 50), dtype, name, level)
    add(tmp_path, np.ones((3, 1, 40, 50), dtype), metadata, codec)
    sharding = zarr.open_array(tmp_path / "a", mode="r").metadata.to_dict()["codecs"][0]["configuration"]
    inner = [one for one in sharding["codecs"] if one["name"] != "bytes"]
    size, asked = np.dtype(dtype).itemsize, 1 if level is None else level
    shuffle = "noshuffle" if name == "lz4" else "bitshuffle" if size == 1 else "shuffle"
    block = ZSTD_BLOCK if name == "blosc-zstd" else 0
    told = {"cname": name.removeprefix("blosc-"), "clevel": asked, "shuffle": shuffle, "typesize": size}
    expected = {
        "none": [],
        "gzip": [{"name": "gzip", "configuration": {"level": asked}}],
        "zstd": [{"name": "zstd", "configuration": {"level": asked, "checksum": False}}],
    }.get(name, [{"name": "blosc", "configuration": told | {"blocksize": block}}])
    assert inner == expected
    assert codec_words(metadata["codecs"]).startswith(name.partition("-")[0].replace("lz4", "blosc (lz4"))
    assert [one["name"] for one in sharding["index_codecs"]] == ["bytes", "crc32c"]


@pytest.mark.parametrize("name", ["blosc-zstd", "zstd", "gzip"])
def test_a_higher_level_packs_closer(tmp_path, name):
    ramp = np.random.default_rng(0).integers(0, 9, (1, 1, 256, 256)).cumsum(axis=3).astype("u2")
    sizes = []
    for level in (1, 9):
        metadata, codec = planned((1, 256, 256), "u2", name, level, shard_images=1)
        add(tmp_path / str(level), ramp, metadata, codec)
        sizes.append((tmp_path / str(level) / "a/c/0/0/0/0").stat().st_size)
    assert sizes[1] < sizes[0] < ramp.nbytes


@pytest.mark.parametrize(
    ("name", "level", "said"),
    [("zstd", 23, "1 to 22"), ("zstd", 0, "1 to 22"), ("blosc-lz4", 10, "0 to 9"), ("gzip", -1, "0 to 9")],
)
def test_a_level_that_a_compressor_lacks_is_refused(name, level, said):
    with pytest.raises(UsageError, match=f"{name} has no level {level}; give one of {said}"):
        codec_of(name, level, np.dtype("u1"))
    with pytest.raises(UnknownNameError, match="did you mean 'zstd'"):
        codec_of("zst", 1, np.dtype("u1"))


# runs that ended early


def test_a_shard_that_a_killed_run_left_is_replaced(tmp_path):
    metadata, codec = planned((1, 5, 6), "u2", shard_images=4)
    images = random_images((14, 1, 5, 6), "u2", 1)
    add(tmp_path, images[:6], metadata, codec)
    committed = json.loads(json.dumps(metadata))
    add(tmp_path, images[10:], metadata, codec)  # its metadata are lost with the run
    (tmp_path / "a/zarr.json").write_text(json.dumps(committed))
    assert_bits(zarr.open_array(tmp_path / "a", mode="r")[...], images[:6])
    add(tmp_path, images[6:9], committed, codec, steps=[1])
    assert_bits(zarr.open_array(tmp_path / "a", mode="r")[...], images[:9])
    assert_bits(by_tensorstore(tmp_path / "a"), images[:9])


def test_what_was_not_flushed_changes_nothing(tmp_path, prints):
    metadata, codec = planned((1, 5, 6), "u2", shard_images=4, chunk_shape=(3, 5, 6))
    add(tmp_path, random_images((4, 1, 5, 6), "u2", 1), metadata, codec)
    before = prints(tmp_path)
    with ThreadPoolExecutor(1) as pool:
        array = GrowingArray(LocalTarget(tmp_path), "a", grid_of(metadata), codec, 4, pool)
        array.add(np.ones((1, 5, 6), "u2"))
        array.close()
    assert {name: content for name, content in prints(tmp_path).items() if ".partial" not in name} == before


def test_letting_go_of_a_pool_that_is_shut_down_ends(tmp_path):
    metadata, codec = planned((1, 5, 6), "u2", shard_images=4)
    add(tmp_path, random_images((2, 1, 5, 6), "u2", 1), metadata, codec)
    target, pool = LocalTarget(tmp_path), ThreadPoolExecutor(1)
    busy = pool.submit(__import__("threading").Event().wait, 0.2)
    array = GrowingArray(target, "a", grid_of(metadata), codec, 2, pool)
    array.add(np.zeros((1, 5, 6), "u2"))  # the copy of what is there waits for the thread
    pool.shutdown(wait=False, cancel_futures=True)
    array.close()
    assert busy.result() is False


def cut(data: bytes) -> bytes:
    return data[:-5]


def cut_to_nothing(data: bytes) -> bytes:
    return b""


def flipped(data: bytes) -> bytes:
    return data[:-20] + bytes([data[-20] ^ 1]) + data[-19:]


def wrong_checksum(data: bytes) -> bytes:
    return data[:-1] + bytes([data[-1] ^ 128])


@pytest.mark.parametrize("spoil", [cut, cut_to_nothing, flipped, wrong_checksum])
@pytest.mark.parametrize("chunk", [(1, 5, 6), (2, 5, 6)])
def test_a_spoilt_index_is_said_and_the_store_stays_as_it_was(tmp_path, prints, spoil, chunk):
    metadata, codec = planned((1, 5, 6), "u2", shard_images=4, chunk_shape=chunk)
    add(tmp_path, random_images((7, 1, 5, 6), "u2", 1), metadata, codec)
    shard = tmp_path / "a/c/1/0/0/0"
    shard.write_bytes(spoil(shard.read_bytes()))
    before = prints(tmp_path)
    with pytest.raises(SmaltiError, match=r"c/1/0/0/0 cannot be appended to: it.* (cut|damaged)"):
        add(tmp_path, np.zeros((1, 1, 5, 6), "u2"), metadata, codec)
    assert {name: content for name, content in prints(tmp_path).items() if ".partial" not in name} == before


def test_a_shard_that_is_gone_is_said(tmp_path):
    metadata, codec = planned((1, 5, 6), "u2", shard_images=4)
    add(tmp_path, random_images((7, 1, 5, 6), "u2", 1), metadata, codec)
    (tmp_path / "a/c/1/0/0/0").unlink()
    with pytest.raises(SmaltiError, match=r"c/1/0/0/0 cannot be appended to: .*No such file"):
        add(tmp_path, np.zeros((1, 1, 5, 6), "u2"), metadata, codec)


def test_a_shard_shorter_than_its_index_says_is_said(tmp_path):
    metadata, codec = planned((1, 5, 6), "u2", "none", shard_images=4)
    add(tmp_path, random_images((3, 1, 5, 6), "u2", 1), metadata, codec)
    shard = tmp_path / "a/c/0/0/0/0"
    shard.write_bytes(shard.read_bytes()[-4 * 16 - 4 :])  # the index alone, which is whole
    with pytest.raises(SmaltiError, match="shorter than its index says"):
        add(tmp_path, np.zeros((1, 1, 5, 6), "u2"), metadata, codec)


# how it is cut


@dataclass
class Facts:
    """What a plan comes to for a set of a gigabyte."""

    files: int
    shard_mb: float


def facts_of(shape, dtype):
    grid = plan_grid(shape, np.dtype(dtype))
    n = 2**30 // grid.image_bytes
    return Facts(
        -(-n // grid.shard[0]) * prod(grid.shards_of_image), prod(grid.shard) * np.dtype(dtype).itemsize / 1e6
    )


@pytest.mark.parametrize("dtype", ["u1", "u2", "f4", "f8"])
@pytest.mark.parametrize("side", [64, 100, 256, 512, 1000, 1024, 2048, 3000, 4096, 6000])
@pytest.mark.parametrize("channels", [1, 3])
def test_shards_are_of_64_to_256_mb_and_a_gigabyte_takes_few(channels, side, dtype):
    facts = facts_of((channels, side, side), dtype)
    image_mb = channels * side * side * np.dtype(dtype).itemsize / 1e6
    assert 64 <= facts.shard_mb <= 256 * 1.05 or image_mb > 256
    assert facts.files <= 40


@pytest.mark.parametrize(
    ("side", "tile"), [(1999, 1999), (2000, 2000), (2001, 2001), (4096, 2048), (5000, 1667)]
)
def test_planes_above_four_megapixels_are_cut_into_tiles(side, tile):
    chunk = plan_grid((1, side, side), np.dtype("u1")).chunk
    assert chunk == (1, 1, tile, tile) if side != 2001 else chunk == (1, 1, 2001, 2001)


def test_a_chunk_of_three_numbers_is_images_height_width():
    assert plan_grid((3, 100, 90), np.dtype("u1"), (4, 50, 30)).chunk == (4, 3, 50, 30)
    assert plan_grid((3, 100, 90), np.dtype("u1"), (4, 1, 50, 30)).chunk == (4, 1, 50, 30)
    assert plan_grid((3, 100, 90), np.dtype("u1"), (2, 999, 999), shard_images=5).shard == (6, 3, 100, 90)


@pytest.mark.parametrize("chunk", [(1,), (1, 2), (0, 5, 5), (1, -1, 5), (1, 1, 1, 1, 1)])
def test_a_chunk_that_is_none_is_refused(chunk):
    with pytest.raises(UsageError, match=r"chunk shape .*: give N,H,W or N,C,H,W"):
        plan_grid((1, 9, 9), np.dtype("u1"), chunk)


@given(
    st.tuples(st.integers(1, 5), st.integers(1, 20_000), st.integers(1, 20_000)),
    st.sampled_from(DTYPES),
)
@settings(max_examples=200, deadline=None)
def test_a_shard_holds_whole_chunks_and_is_never_beyond_what_blosc_takes(shape, dtype):
    grid = plan_grid(shape, np.dtype(dtype))
    assert all(shard % chunk == 0 for shard, chunk in zip(grid.shard, grid.chunk, strict=True))
    assert prod(grid.chunk) * np.dtype(dtype).itemsize < 2**31 - 32
    assert prod(grid.chunks_in_shard) <= 65_536
    assert all(
        of * part >= whole
        for of, part, whole in zip(grid.shards_of_image, grid.shard[1:], shape, strict=True)
    )
