"""The commands convert, inspect, samples and verify: exit codes, JSON, and errors in one sentence."""

import json

import numpy as np
import polars as pl
import pytest
import tifffile
import zarr

from smalti.core.options import options_of
from smalti.export.settings import ConvertOptions


@pytest.fixture(scope="module")
def store(smalti, images, tmp_path_factory):
    """Two images of a folder, converted by the command."""
    store = tmp_path_factory.mktemp("store") / "x.zarr"
    done = smalti("convert", images / "a", "-o", store, "--workers", 1)
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"2 images written; 2 in {store}\n"
    return store


def test_a_folder_is_converted(store, images):
    found = zarr.open_array(store / "images", mode="r")[:, 0]
    assert np.array_equal(found, [tifffile.imread(images / "a" / f"{number}.tif") for number in range(2)])


def test_an_image_that_failed_makes_the_exit_code_1(smalti, images, tmp_path):
    done = smalti("convert", images, "--recursive", "-o", tmp_path / "x.zarr", "--json", "--workers", 1)
    assert done.returncode == 1
    report = json.loads(done.stdout)
    assert (report["written"], report["failed"], report["total"]) == (4, 1, 4)
    assert [path for path, reason in report["errors"] if reason] == ["b/cut.tif"]
    assert "Traceback" not in done.stderr


def test_options_reach_the_store(smalti, images, tmp_path):
    (tmp_path / "t.csv").write_text("filename,dose\n1.tif,5\n")
    options = [
        "--resize",
        "10,15",
        "--dtype",
        "float32",
        "--compressor",
        "gzip",
        "--clevel",
        4,
        "--workers",
        1,
    ]
    options += ["--chunk-shape", "2,5,5", "--shard-images", 2, "--metadata", tmp_path / "t.csv"]
    done = smalti("convert", images / "a", "-o", tmp_path / "x.zarr", *options, "--interpolation-order", 3)
    assert done.returncode == 0, done.stderr
    found = json.loads(smalti("inspect", tmp_path / "x.zarr", "--json").stdout)
    assert (found["shape"], found["dtype"], found["codec"]) == ([2, 1, 10, 15], "float32", "gzip (level 4)")
    assert (found["chunk_shape"], found["shard_shape"]) == ([2, 1, 5, 5], [2, 1, 10, 15])
    assert pl.read_parquet(tmp_path / "x_metadata.parquet")["dose"].to_list() == [None, 5]
    assert "note: 1 of 2 images have no row in t.csv" in done.stdout


WRONG = {
    "both": (["--append", "--overwrite"], "opposites"),
    "there": ([], "it is there already; --append adds to it, --overwrite replaces it"),
    "resize": (["--overwrite", "--resize", "10"], "give height and width"),
    "order": (
        ["--overwrite", "--interpolation-order", "9"],
        "--interpolation-order is '9'; give a whole number",
    ),
    "level": (["--overwrite", "--clevel", "15"], "blosc-zstd has no level 15"),
    "compressor": (["--overwrite", "--compressor", "zst"], "did you mean 'zstd'"),
    "dtype": (["--append", "--dtype", "uint12"], "no dtype named 'uint12'"),
    "other dtype": (["--append", "--dtype", "int16"], "the store holds uint8, these are int16"),
    "table": (["--append", "--metadata", "no.csv"], "no.csv cannot be read"),
    "filter": (["--append", "--where", "mean > 5"], "choose rows of a project"),
    "axes": (["--append", "--axes", "ABC"], "axes are 'ABC'"),
    "web": (["-o", "https://x.org/a.zarr"], "a web server takes no files"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_done_is_one_sentence_on_stderr(smalti, images, store, name):
    options, said = WRONG[name]
    before = {path: path.read_bytes() for path in store.rglob("*") if path.is_file()}
    done = smalti("convert", images / "a", "-o", store, "--workers", 1, *options)
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stdout == ""
    assert len(done.stderr.strip().splitlines()) == 1
    assert {path: path.read_bytes() for path in store.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(
    ("folder", "said"), [("empty", "is empty"), ("none", "none"), ("", "add --recursive")]
)
def test_a_folder_without_images_is_said(smalti, images, tmp_path, folder, said):
    (tmp_path / "empty").mkdir()
    done = smalti("convert", tmp_path / folder if folder else images, "-o", tmp_path / "x.zarr")
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "x.zarr").exists()


def test_a_file_in_the_place_of_the_store_is_said(smalti, images, tmp_path):
    (tmp_path / "x.zarr").write_text("mine")
    done = smalti("convert", images / "a", "-o", tmp_path / "x.zarr", "--workers", 1)
    assert done.returncode == 2
    assert "x.zarr" in done.stderr
    assert "Traceback" not in done.stderr
    assert (tmp_path / "x.zarr").read_text() == "mine"


def test_a_dry_run_is_told_in_words_and_in_json(smalti, images, tmp_path):
    command = ["convert", images, "--recursive", "-o", tmp_path / "x.zarr", "--dry-run", "--workers", 1]
    words, parsed = smalti(*command), smalti(*command, "--json")
    assert words.returncode == parsed.returncode == 0
    assert "images" in words.stdout
    assert "4×1×20×30 uint8, 2.4 kB before compression, 1 file" in words.stdout
    assert json.loads(parsed.stdout)["plan"] == words.stdout.splitlines()
    assert list(tmp_path.iterdir()) == []


def test_help_has_every_option(smalti):
    told = smalti("convert", "--help", env={"COLUMNS": "200", "TERM": "dumb", "PATH": ""}).stdout
    assert [one.flag for one in options_of(ConvertOptions) if one.flag not in told] == []
    assert [
        one.meaning.split()[0] for one in options_of(ConvertOptions) if one.meaning.split()[0] not in told
    ] == []


def test_a_project_with_a_filter_is_converted(smalti, project, tmp_path):
    command = [
        "convert",
        project,
        "-o",
        tmp_path / "x.zarr",
        "--where",
        "mean > 10",
        "--json",
        "--workers",
        1,
    ]
    done = smalti(*command)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["written"] == 2
    rows = pl.read_parquet(tmp_path / "x_metadata.parquet")
    assert rows["path"].to_list() == ["a/1.tif", "b/1.tif"]
    assert (rows["mean"] > 10).all()


def test_inspect_is_told_in_words_and_in_json(smalti, store):
    words, parsed = smalti("inspect", store), smalti("inspect", store, "--json")
    assert words.returncode == parsed.returncode == 0
    assert f"2 images in {store}, 0 failed" in words.stdout
    assert json.loads(parsed.stdout)["shape"] == [2, 1, 20, 30]


def test_samples_are_listed_and_drawn(smalti, store, tmp_path):
    listed = smalti("samples", store, "-n", 5)
    assert listed.stdout.splitlines() == [
        "images 0  1×20×30 uint8, all 5  0.tif",
        "images 1  1×20×30 uint8, all 15  1.tif",
    ]
    drawn = smalti("samples", store, "-n", 1, "--seed", 3, "--save", tmp_path / "s.png")
    assert (drawn.returncode, drawn.stdout) == (0, f"{tmp_path / 's.png'}\n")
    assert (tmp_path / "s.png").read_bytes().startswith(b"\x89PNG")


def test_a_picture_of_no_known_format_is_said(smalti, store, tmp_path):
    done = smalti("samples", store, "--save", tmp_path / "s.what")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_verify_ends_with_1_for_a_fault(smalti, images, tmp_path):
    command = ["convert", images / "a", "-o", tmp_path / "x.zarr", "--compressor", "none", "--workers", 1]
    assert smalti(*command).returncode == 0
    whole = smalti("verify", tmp_path / "x.zarr")
    assert whole.returncode == 0
    assert whole.stdout == f"2 images in 1 shards of {tmp_path / 'x.zarr'}: no fault\n"
    shard = tmp_path / "x.zarr" / "images/c/0/0/0/0"
    shard.write_bytes(b"x" + shard.read_bytes()[1:])
    words, parsed = smalti("verify", tmp_path / "x.zarr"), smalti("verify", tmp_path / "x.zarr", "--json")
    assert words.returncode == parsed.returncode == 1
    assert "images row 0 (0.tif): its pixels are not those that were stored" in words.stdout
    assert json.loads(parsed.stdout)["n_faults"] == 1


@pytest.mark.parametrize("command", ["inspect", "samples", "verify"])
def test_what_is_no_store_is_one_sentence(smalti, images, command):
    done = smalti(command, images)
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.strip().splitlines()) == 1
    assert "Zarr" in done.stderr
