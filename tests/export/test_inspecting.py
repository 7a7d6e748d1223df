"""A store in numbers: totals, shares, failures and appends, as they are."""

import json

import numpy as np
import pytest
import zarr

import smalti
from smalti.core.errors import UsageError
from smalti.export.inspecting import tell


@pytest.fixture
def store(tmp_path, convert, write, noise):
    """Nine images of two formats, one bad; three more were appended."""
    pixels = {f"{n}.tif": image for n, image in enumerate(noise(5))} | {"n.npy": noise(1)[0]}
    folder = write(tmp_path / "in", pixels)
    (folder / "bad.png").write_bytes(b"no")
    convert(folder, tmp_path / "x.zarr", compressor="zstd", clevel=3, shard_images=4)
    more = write(tmp_path / "more", {f"m{n}.tif": image for n, image in enumerate(noise(3))})
    return convert(more, tmp_path / "x.zarr", append=True)


def test_a_store_is_told_in_numbers(store):
    found = smalti.inspect(store)
    array = zarr.open_array(store / "images", mode="r")
    assert (found["total_images"], found["failed"]) == (9, 1)
    assert found["shape"] == list(array.shape) == [9, 1, 6, 7]
    assert (found["dtype"], found["codec"]) == ("uint8", "zstd (level 3)")
    assert (found["chunk_shape"], found["shard_shape"]) == ([1, 1, 6, 7], [4, 1, 6, 7])
    assert found["formats"]["TIFF"] == 8
    assert found["dtypes"] == {"uint8": 9}
    assert found["append_history"] == [{"appended_count": 3, "start_index": 6, "end_index": 9}]
    assert found["finished"] is True


def test_size_and_files_are_those_on_the_disk(store):
    found = smalti.inspect(store)
    files = [path for path in store.rglob("*") if path.is_file() and path.name != ".lock"]
    assert found["files"] == len(files)
    assert found["bytes"] == sum(path.stat().st_size for path in files)


def test_the_numbers_are_json_and_words(store):
    found = smalti.inspect(store)
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    words = tell(found)
    for said in ("9 images in", "1 failed", "9×1×6×7 uint8, zstd (level 3)", "appended 3: images 6 to 9"):
        assert said in words


def test_several_arrays_are_told_each(tmp_path, convert):
    images = [np.zeros((2, 3), np.uint8), np.zeros((40, 50), np.float32)]
    found = smalti.inspect(convert(images=images, output_dir=tmp_path / "x.zarr", shapes="bucket"))
    assert (found["shape"], found["dtype"]) == (None, None)
    shapes = {path: (array["shape"], array["dtype"]) for path, array in found["arrays"].items()}
    assert shapes == {
        "images/uint8_1x2x3": ([1, 1, 2, 3], "uint8"),
        "images/float32_1x40x50": ([1, 1, 40, 50], "float32"),
    }
    assert "images/float32_1x40x50" in tell(found)


def test_a_run_that_was_stopped_is_told(tmp_path, convert, stops):
    with pytest.raises(stops.error):
        convert(images=np.zeros((5, 2, 3)), output_dir=tmp_path / "x.zarr", shard_images=2, progress=stops(3))
    found = smalti.inspect(tmp_path / "x.zarr")
    assert (found["finished"], found["total_images"]) == (False, 2)
    assert "a run was stopped" in tell(found)


def test_a_store_without_an_image_is_told_too(tmp_path, convert, write):
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "bad.tif").write_bytes(b"no")
    found = smalti.inspect(convert(folder, tmp_path / "x.zarr"))
    assert (found["total_images"], found["failed"], found["shape"], found["arrays"]) == (0, 1, None, {})
    assert "0 images in" in tell(found)


def test_the_folder_of_a_store_stands_for_it(tmp_path, convert):
    convert(images=np.zeros((2, 3, 4)), output_dir=tmp_path / "out")
    assert smalti.inspect(tmp_path / "out") == smalti.inspect(tmp_path / "out" / "images.zarr")
    assert smalti.inspect(f"{tmp_path}/out/")["total_images"] == 2
    assert smalti.inspect(f"file://{tmp_path}/out/images.zarr")["total_images"] == 2


@pytest.mark.parametrize("what", ["nothing", "empty", "file", "others", "array"])
def test_what_is_no_store_is_said(tmp_path, what):
    path = tmp_path / "x.zarr"
    if what == "empty":
        path.mkdir()
    elif what == "file":
        path.write_text("x")
    elif what == "others":
        zarr.create_group(path).create_array("else", shape=(2, 2), dtype="u1")
    elif what == "array":
        zarr.create_array(path, shape=(2, 2, 2), dtype="u1")
    with pytest.raises(
        UsageError, match=r"x\.zarr.* (cannot be opened as a Zarr group|has no array 'images')"
    ):
        smalti.inspect(path)


def test_other_arrays_of_images_are_told_of_any_zarr(tmp_path):
    for version in (2, 3):
        root = zarr.create_group(tmp_path / f"{version}.zarr", zarr_format=version)
        root.create_array("images", data=np.zeros((3, 4, 5), np.uint16), chunks=(1, 4, 5))
        found = smalti.inspect(tmp_path / f"{version}.zarr")
        assert (found["total_images"], found["shape"], found["dtype"]) == (3, [3, 4, 5], "uint16")
        assert found["codec"]
