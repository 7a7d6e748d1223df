"""`webdataset` reads the tar files, `datasets` of Hugging Face opens their folder, whatever samples state."""

import json
import subprocess
import sys

import numpy as np
import pytest
import tifffile

import smalti
from smalti.core.progress import Silent
from smalti.export.shards import ShardSet

READ = """
import io, json, sys
import datasets, imagecodecs, numpy, tifffile
decode = {"tiff": lambda data: tifffile.imread(io.BytesIO(data)), "png": imagecodecs.png_decode}
found = datasets.load_dataset(sys.argv[1], split="train", cache_dir=sys.argv[2])
[kind] = set(found.column_names) - {"json", "__key__", "__url__"}
for row in found:
    pixels = decode[kind](row[kind]) if isinstance(row[kind], bytes) else numpy.asarray(row[kind])
    print(json.dumps([row["__key__"], pixels.tolist(), row["json"]]))
"""
"""In a process of its own: it imports whatever frameworks are installed, some of which warn."""


def write(sources, out, **options):
    return smalti.write_shards(sources, out, progress=Silent(), workers=1, **options)


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")  # webdataset leaves closing to Python
def test_webdataset_reads_every_frame_of_real_files(data, tmp_path, compressed, read_tars):
    import webdataset

    folder = write(data / "ometiff", tmp_path / "t", compressed=compressed, shard_size="500kB")
    urls = [str(path) for path in sorted(folder.glob("t-*.tar*"))]
    found = {one["__key__"]: one for one in webdataset.WebDataset(urls, shardshuffle=False).decode()}
    expected = read_tars(folder)
    assert found.keys() == expected.keys()
    for key, (pixels, told) in expected.items():
        np.testing.assert_array_equal(found[key]["npy"], pixels)
        assert found[key]["json"] == told


def assert_read(folder, cache):
    command = [sys.executable, "-c", READ, str(folder), str(cache)]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
    samples = ShardSet(folder)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [key for key, *_ in rows] == samples.index["key"].to_list()
    for key, pixels, told in rows:
        np.testing.assert_array_equal(pixels, samples[key].pixels)
        assert told == samples[key].metadata


STREAM = """
import sys, datasets
files = {"train": sys.argv[1]}
found = datasets.load_dataset("webdataset", data_files=files, split="train", streaming=True)
print(*(one["__key__"] for one in found), sep=",", end="")
"""


@pytest.mark.parametrize("compressed", [False, True])
def test_datasets_streams_the_tar_files_alone(tmp_path, compressed):
    options = {"output_dir": tmp_path / "t", "compressed": compressed, "progress": Silent()}
    folder = smalti.write_shards(synthetic=True, **options)
    command = [sys.executable, "-c", STREAM, str(folder / "t-*.tar*")]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    assert done.stdout.split(",") == ShardSet(folder).index["key"].to_list(), done.stderr


@pytest.mark.parametrize("options", [{"uint8": True}, {"image_format": "tiff"}], ids=["uint8", "tiff"])
def test_datasets_reads_every_frame_of_real_files(data, tmp_path, options):
    assert_read(write(data / "ometiff", tmp_path / "train", **options), tmp_path / "cache")


@pytest.mark.parametrize(
    ("dtype", "colours", "kind"),
    [
        *(("bool", "", "npy"), ("float16", "", "npy"), ("uint16", "RGB", "npy"), ("uint16", "", "png")),
        *(("uint16", "RGB", "png"), ("int8", "", "tiff"), ("float32", "", "tiff"), ("float64", "", "tiff")),
    ],
)
def test_frames_and_pictures_of_every_type_are_read(tmp_path, dtype, colours, kind):
    frames = (np.arange(120).reshape(2, 4, 5, 3) % 7 * 40).astype(dtype)
    images = frames if colours else frames[..., 0]
    folder = smalti.write_shards(
        images=images, output_dir=tmp_path / "t", image_format=kind, progress=Silent()
    )
    assert_read(folder, tmp_path / "cache")


def test_samples_that_state_more_than_the_first_are_read(tmp_path):
    (tmp_path / "in").mkdir()
    for number in range(8):
        facts = {"axes": "TYX"} | ({"Channel": {"Name": ["GFP"]}, "PhysicalSizeX": 2.0} if number > 6 else {})
        pixels = np.full((1, 4, 5), number, np.uint8)
        tifffile.imwrite(tmp_path / "in" / f"{number}.ome.tif", pixels, ome=True, metadata=facts)
    assert_read(write(tmp_path / "in", tmp_path / "train", compressed=True), tmp_path / "cache")


def test_of_frames_of_several_types_the_card_says_what_to_do(tmp_path):
    frames = [np.ones((4, 5), np.uint8), np.ones((4, 5), np.float32)]
    folder = smalti.write_shards(images=frames, output_dir=tmp_path / "t", progress=Silent())
    text = (folder / "README.md").read_text()
    assert "(float32, uint8)" in text
    assert "--image-format tiff" in text
    assert "features" not in text


def test_a_card_of_somebody_else_stays(tmp_path):
    (tmp_path / "t").mkdir()
    (tmp_path / "t" / "README.md").write_text("mine")
    smalti.write_shards(synthetic=True, output_dir=tmp_path / "t", progress=Silent())
    assert (tmp_path / "t" / "README.md").read_text() == "mine"
