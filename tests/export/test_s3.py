"""Stores on an S3 server of this machine: written, added to, inspected, verified, read by zarr-python."""

import json

import numpy as np
import polars as pl
import pytest
import zarr

import smalti
from smalti.core.errors import SmaltiError, UsageError


@pytest.fixture
def place(bucket, tmp_path):
    """The URL of an empty folder on the server."""
    (tmp_path / "empty").mkdir()
    return bucket(tmp_path / "empty")


def read(url):
    """The array ``images`` of a store, by zarr-python."""
    return zarr.open_group(url, mode="r", storage_options={"use_listings_cache": False})["images"][...]


def test_a_store_is_written_added_to_and_read_there(place, tmp_path, convert, write, noise):
    images = noise(9, dtype=np.uint16)
    folders = [
        write(tmp_path / name, {f"{name}{n}.tif": image for n, image in enumerate(part)})
        for name, part in (("a", images[:5]), ("b", images[5:]))
    ]
    store = convert(folders[0], f"{place}/x.zarr", shard_images=4)
    assert store == f"{place}/x.zarr"
    assert convert(folders[1], store, append=True) == store
    np.testing.assert_array_equal(read(store)[:, 0], images, strict=True)
    found = smalti.inspect(store)
    assert (found["total_images"], found["append_history"][0]["start_index"]) == (9, 5)
    assert smalti.verify(store) == {"path": store, "images": 9, "shards": 3, "n_faults": 0, "faults": []}


def test_the_store_there_is_the_one_that_is_written_here(place, tmp_path, convert, noise, bucket):
    images = noise(5, dtype=np.float32)
    told = {"images": images, "shard_images": 2, "chunk_shape": (2, 6, 7)}
    convert(output_dir=tmp_path / "x.zarr", **told)
    convert(output_dir=f"{place}/x.zarr", **told)
    from smalti.writers.target import target_at

    target, _ = target_at(f"{place}/x.zarr")
    there = {name: target.read(name) for name in target.files()}
    here = {
        path.relative_to(tmp_path).as_posix(): path.read_bytes()
        for path in tmp_path.rglob("*")
        if path.is_file() and path.name != ".lock"
    }
    target.close()
    assert there.keys() == here.keys()
    assert {name for name in here if here[name] != there[name]} == set()


def test_a_folder_there_is_read_and_a_store_in_it_is_left_out(place, tmp_path, convert, write, noise, bucket):
    url = bucket(write(tmp_path / "in", dict(zip(("a.tif", "b/c ä#.tif"), noise(2), strict=True))))
    store = convert(url, f"{url}/images.zarr", recursive=True)
    assert convert(url, url, recursive=True, append=True) == store
    np.testing.assert_array_equal(read(store)[:, 0], np.concatenate([noise(2)] * 2), strict=True)
    assert smalti.inspect(url)["formats"] == {"TIFF": 4}


def test_a_store_that_is_there_is_refused_and_can_be_replaced(place, convert, noise):
    store = f"{place}/x.zarr"
    convert(images=noise(3), output_dir=store)
    with pytest.raises(UsageError, match="it is there already; --append adds to it, --overwrite replaces it"):
        convert(images=noise(2), output_dir=store)
    convert(images=noise(2), output_dir=store, overwrite=True)
    np.testing.assert_array_equal(read(store)[:, 0], noise(2), strict=True)
    assert smalti.inspect(store)["total_images"] == 2


def test_a_stopped_run_goes_on_there(place, convert, noise, stops):
    told = {"images": noise(9), "output_dir": f"{place}/x.zarr", "shard_images": 2}
    with pytest.raises(stops.error):
        convert(progress=stops(5), **told)
    assert smalti.inspect(f"{place}/x.zarr")["total_images"] == 4
    convert(**told)
    np.testing.assert_array_equal(read(f"{place}/x.zarr")[:, 0], noise(9), strict=True)
    assert smalti.verify(f"{place}/x.zarr")["n_faults"] == 0


def test_things_that_lie_there_are_not_replaced(place, convert, noise, tmp_path, bucket):
    (tmp_path / "mine" / "x.zarr").mkdir(parents=True)
    (tmp_path / "mine" / "x.zarr" / "thesis.txt").write_text("all of it")
    url = bucket(tmp_path / "mine")
    for way in ({}, {"append": True}, {"overwrite": True}):
        with pytest.raises(UsageError, match="holds other things than a Zarr collection"):
            convert(images=noise(1), output_dir=f"{url}/x.zarr", **way)


def test_a_file_in_the_place_of_a_store_is_said(convert, noise, tmp_path, bucket):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "x.zarr").write_text("a file")
    url = bucket(tmp_path / "mine")
    with pytest.raises(UsageError, match=r"x\.zarr"):
        convert(images=noise(1), output_dir=f"{url}/x.zarr")


def test_a_bucket_that_is_none_is_said(convert, noise, bucket, tmp_path):
    (tmp_path / "empty").mkdir()
    bucket(tmp_path / "empty")
    with pytest.raises((SmaltiError, OSError), match="bucket"):
        convert(images=noise(1), output_dir="s3://no-such-bucket/x.zarr")
    with pytest.raises(UsageError, match="cannot be opened as a Zarr group"):
        smalti.inspect("s3://no-such-bucket/x.zarr")


def test_a_flipped_bit_there_is_found(place, convert, noise):
    import boto3

    store = convert(images=noise(3), output_dir=f"{place}/x.zarr", compressor="none")
    client, prefix = boto3.client("s3"), place.removeprefix("s3://images/")
    key = {"Bucket": "images", "Key": f"{prefix}/x.zarr/images/c/0/0/0/0"}
    data = bytearray(client.get_object(**key)["Body"].read())
    data[5] ^= 1
    client.put_object(**key, Body=bytes(data))
    assert smalti.verify(store)["faults"] == [
        "images row 0 (image_000000): its pixels are not those that were stored"
    ]


def test_the_table_beside_lies_there_too(place, convert, noise):
    import io

    from smalti.writers.target import target_at

    convert(images=noise(3), output_dir=place)
    target, name = target_at(f"{place}/images_metadata.parquet")
    rows = pl.read_parquet(io.BytesIO(target.read(name)))
    root = json.loads(target.read("images.zarr/zarr.json"))
    target.close()
    assert rows["row"].to_list() == [0, 1, 2]
    assert root["attributes"]["total_images"] == 3
