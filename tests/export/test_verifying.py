"""Whatever is wrong with a store is found; of a whole one nothing is said."""

import json
import shutil

import numpy as np
import polars as pl
import pytest
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st

import smalti
from smalti.core.errors import UsageError


@pytest.fixture(scope="module")
def whole(tmp_path_factory, convert, noise):
    """Stores of one array (also without compression, and in chunks of two) and of several."""
    folder = tmp_path_factory.mktemp("whole")
    images = noise(11, (20, 30), np.uint16)
    for name, options in {
        "plain": {},
        "raw": {"compressor": "none"},
        "deep": {"chunk_shape": (2, 11, 30), "compressor": "gzip"},
    }.items():
        for part in (images[:6], images[6:]):
            convert(images=part, output_dir=folder / f"{name}.zarr", shard_images=4, append=True, **options)
    odd = [np.full((8 + n, 12 - n), 3 + n, np.uint8) for n in range(3)] + [images[0]] * 9
    convert(images=odd, output_dir=folder / "buckets.zarr", shapes="bucket", compressor="none")
    return folder


NAMES = ("plain", "raw", "deep", "buckets")


@pytest.fixture
def copied(whole, tmp_path):
    def copy(name):
        for path in (f"{name}.zarr", f"{name}_metadata.parquet"):
            source = whole / path
            (shutil.copytree if source.is_dir() else shutil.copy)(source, tmp_path / path)
        return tmp_path / f"{name}.zarr"

    return copy


def files_in(store):
    return sorted(path for path in store.rglob("*") if path.is_file() and path.name != ".lock")


@pytest.mark.parametrize("name", NAMES)
def test_a_whole_store_has_no_fault(whole, name):
    found = smalti.verify(whole / f"{name}.zarr")
    assert (found["faults"], found["n_faults"]) == ([], 0)
    assert (found["images"], found["shards"]) == {"buckets": (12, 2)}.get(name, (11, 3))


def faults_of(store):
    """What is said of a store; that it cannot be opened is said too."""
    try:
        return smalti.verify(store)["faults"]
    except UsageError as error:
        return [str(error)]


def contents(store):
    """All pixels and padding as zarr-python reads them; an error where it cannot."""
    try:
        nodes = dict(zarr.open_group(store, mode="r").members(max_depth=None))
        return {path: node[...].tobytes() for path, node in nodes.items() if hasattr(node, "shape")}
    except Exception as error:
        return error


@given(st.sampled_from(NAMES), st.data())
@settings(max_examples=80, deadline=None)
def test_any_flipped_bit_of_a_shard_is_found(whole, tmp_path_factory, name, data):
    store = tmp_path_factory.mktemp("flipped") / "x.zarr"
    shutil.copytree(whole / f"{name}.zarr", store)
    shard = data.draw(st.sampled_from([path for path in files_in(store) if "/c/" in path.as_posix()]))
    content = bytearray(shard.read_bytes())
    at = data.draw(
        st.integers(0, len(content) - 1) | st.integers(max(0, len(content) - 60), len(content) - 1)
    )
    content[at] ^= 1 << data.draw(st.integers(0, 7))
    shard.write_bytes(content)
    before, after = (contents(place) for place in (whole / f"{name}.zarr", store))
    assert faults_of(store) or before == after, f"bit in byte {at} of {len(content)} of {shard}"


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("how", ["gone", "empty", "cut", "longer"])
def test_any_file_that_is_gone_or_cut_is_found(whole, tmp_path, name, how):
    for number, victim in enumerate(files_in(whole / f"{name}.zarr")):
        store = tmp_path / f"{number}.zarr"
        shutil.copytree(whole / f"{name}.zarr", store)
        spoilt = store / victim.relative_to(whole / f"{name}.zarr")
        content = victim.read_bytes()
        spoilt.write_bytes(
            {"empty": b"", "cut": content[: len(content) // 2], "longer": content + b"x"}.get(how, b"")
        )
        if how == "gone":
            spoilt.unlink()
        assert faults_of(store), spoilt


def test_a_bit_in_the_padding_is_found(copied):
    store = copied("buckets")
    (shard,) = (path for path in files_in(store) if "padded/c/" in path.as_posix())
    content = bytearray(shard.read_bytes())
    assert content[11 * 12 - 1] == 0
    content[9 * 12] = 1  # the first image is of 8 rows, and padded to 10
    shard.write_bytes(content)
    (fault,) = faults_of(store)
    assert fault.endswith("row 0 (image_000000): its padding is not empty")


def test_a_fault_names_the_image(copied):
    store = copied("raw")
    shard = store / "images/c/1/0/0/0"
    content = bytearray(shard.read_bytes())
    content[20 * 30 * 2 + 5] ^= 1
    shard.write_bytes(content)
    found = smalti.verify(store)
    assert found["n_faults"] == 1
    assert found["faults"] == ["images row 5 (image_000005): its pixels are not those that were stored"]


def test_images_that_were_exchanged_are_found(copied):
    store = copied("plain")
    shards = [store / f"images/c/{number}/0/0/0" for number in (0, 1)]
    first, second = (shard.read_bytes() for shard in shards)
    shards[0].write_bytes(second)
    shards[1].write_bytes(first)
    assert smalti.verify(store)["n_faults"] == 8


def changed(store, change):
    root = json.loads((store / "zarr.json").read_text())
    change(root)
    (store / "zarr.json").write_text(json.dumps(root))


CHANGES = {
    "total": lambda root: root["attributes"].update(total_images=12),
    "failed": lambda root: root["attributes"].update(failed=1),
    "rows": lambda root: root["attributes"].update(rows=3),
    "a part less": lambda root: root["attributes"]["parts"].pop(),
    "a part twice": lambda root: root["attributes"]["parts"].append(root["attributes"]["parts"][0]),
    "an image less": lambda root: root["consolidated_metadata"]["metadata"]["images"].update(
        shape=[10, 1, 20, 30]
    ),
    "an image more": lambda root: root["consolidated_metadata"]["metadata"]["images"].update(
        shape=[12, 1, 20, 30]
    ),
    "another type": lambda root: root["consolidated_metadata"]["metadata"]["images"].update(
        data_type="int16"
    ),
    "no array": lambda root: root["consolidated_metadata"]["metadata"].pop("images"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_root_that_says_something_else_is_found(copied, change):
    store = copied("plain")
    changed(store, CHANGES[change])
    assert faults_of(store)


@pytest.mark.parametrize(
    "change",
    [
        lambda table: table.reverse().with_columns(row=table["row"]),
        lambda table: table.with_columns(row=pl.lit(0, pl.Int64)),
        lambda table: table.with_columns(pixel_hash=pl.lit("0" * 32)),
        lambda table: table.with_columns(error=pl.lit("why")),
        lambda table: table.drop("min"),
        lambda table: table.head(2),
        lambda table: table.with_columns(bucket=pl.lit("images/other")),
    ],
    ids=["order", "rows", "hashes", "errors", "column", "fewer", "bucket"],
)
def test_a_table_that_says_something_else_is_found(copied, change):
    store = copied("plain")
    part = store / "table/part-000000.parquet"
    change(pl.read_parquet(part)).write_parquet(part)
    assert faults_of(store)


def test_a_table_beside_that_is_another_is_found(copied):
    store = copied("plain")
    beside = store.parent / "plain_metadata.parquet"
    pl.read_parquet(beside).with_columns(min=0.0).write_parquet(beside)
    assert smalti.verify(store)["faults"] == ["plain_metadata.parquet beside the store is not its table"]


def test_at_most_a_hundred_faults_are_listed_and_all_are_counted(tmp_path, convert):
    images = np.arange(150 * 12, dtype=np.uint16).reshape(150, 3, 4)
    store = convert(images=images, output_dir=tmp_path / "x.zarr", compressor="none")
    shard = store / "images/c/0/0/0/0"
    content = bytearray(shard.read_bytes())
    content[: images.nbytes] = bytes(images.nbytes)
    shard.write_bytes(content)
    found = smalti.verify(store)
    assert found["n_faults"] == 150
    assert len(found["faults"]) == 100


def test_a_stopped_run_is_a_whole_store(tmp_path, convert, stops):
    told = {"images": np.ones((9, 3, 4)), "output_dir": tmp_path / "x.zarr", "shard_images": 2}
    with pytest.raises(stops.error):
        convert(progress=stops(5), **told)
    assert (smalti.verify(tmp_path / "x.zarr")["n_faults"], smalti.verify(tmp_path / "x.zarr")["images"]) == (
        0,
        4,
    )


def test_what_is_no_store_of_ours_is_said(tmp_path):
    with pytest.raises(UsageError, match="cannot be opened as a Zarr group"):
        smalti.verify(tmp_path / "x.zarr")
