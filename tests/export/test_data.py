"""Real images, odd and bad ones: each file is a row, each stored pixel is that of an independent reader."""

import json
import subprocess
import sys
from math import prod

import numpy as np
import polars as pl
import pytest
import tifffile
import zarr
from astropy.io import fits
from PIL import Image

import smalti

ANY = {"shapes": "bucket", "planes": "each", "recursive": True, "num_parallel_workers": 2}

RGB_THROUGHOUT = ("animated_var.gif", "frame0 mode=P")
"""The list has palette indices for the first frame of an animated GIF, of which all others are RGB."""


@pytest.fixture(scope="module")
def converted(data, tmp_path_factory, convert):
    """``converted(folder)``: a store of one folder of the data set; made once."""
    made = {}

    def once(name):
        if name not in made:
            memory = {"memory": "1GB"} if name == "bad" else {}
            made[name] = convert(data / name, tmp_path_factory.mktemp(name) / "x.zarr", **ANY, **memory)
        return made[name]

    return once


def pixels_of(root, row):
    c, h, w = row["stored_shape"]
    return root[row["bucket"]][row["row"], :c, :h, :w]


def summary(rows):
    """Of pictures that are planes of one listed image."""
    weights = [np.prod(shape) - n for shape, n in rows.select("stored_shape", "n_nan").iter_rows()]
    known = rows["mean"].is_not_null().to_list()
    mean = (
        np.average(rows["mean"].to_numpy()[known], weights=np.array(weights)[known]) if any(known) else None
    )
    return rows["min"].min(), rows["max"].max(), mean, rows["n_nan"].sum()


def stated(row):
    values = [float(row[name]) if row[name] else None for name in ("min", "max", "mean")]
    return (*values, int(row["n_nan"]))


def rows_for(item, own):
    """The rows of a file that a line of EXPECTED.csv tells of."""
    kind = item["item"].split()[0]
    if kind.startswith("frame"):
        return own.slice(int(kind[5:]), 1)
    if kind.startswith("series"):
        return own.filter(pl.col("series") == int(kind[6:]))
    return own


@pytest.mark.parametrize("folder", ["fits", "odd_valid", "nuclei_dsb2018"])
def test_every_listed_image_is_stored_with_its_type_and_its_statistics(folder, converted, expected, table):
    files = table(converted(folder)).filter(pl.col("error").is_null()).partition_by("path", as_dict=True)
    compared, firsts = 0, {}
    for item in (item for item in expected if item["path"].startswith(f"{folder}/")):
        path = item["path"].partition("/")[2]
        skipped = firsts.setdefault(path, item) is not item and folder == "fits"
        if skipped or (path,) not in files or (path, item["item"]) == RGB_THROUGHOUT:
            continue
        own = rows_for(item, files[path,])
        assert set(own["dtype"]) == {item["dtype"]}, path
        assert {bucket.split("/")[1].split("_")[0] for bucket in own["bucket"]} == {item["dtype"]}
        for one, other in zip(summary(own), stated(item), strict=True):
            assert (one is None) == (other is None), path
            assert one is None or one == pytest.approx(other, rel=1e-6, abs=1e-9), path
        compared += 1
    assert compared >= {"fits": 22, "odd_valid": 56, "nuclei_dsb2018": 308}[folder]


@pytest.mark.parametrize("folder", ["fits", "odd_valid", "nuclei_dsb2018"])
def test_every_file_is_a_row_and_only_those_without_an_image_fail(folder, data, converted, table):
    found = table(converted(folder))
    assert set(found["path"]) == {
        path.relative_to(data / folder).as_posix() for path in (data / folder).rglob("*") if path.is_file()
    }
    failed = {
        "fits": {
            "table.fits",
            "tb.fits",
            "zerowidth.fits",
            "random_groups.fits",
            "compressed_float_bzero.fits",
        }
    }
    failed["odd_valid"] = {"complex64.tif"}
    assert set(found.filter(pl.col("error").is_not_null())["path"]) == failed.get(folder, set())
    assert found["row"].is_null().sum() == found["error"].is_not_null().sum()


def by_pillow(path):
    with Image.open(path) as image:
        pixels = np.asarray(image)
    return pixels[np.newaxis] if pixels.ndim == 2 else pixels.transpose(2, 0, 1)


def test_nuclei_are_what_pillow_reads(data, converted, table):
    store = converted("nuclei_dsb2018")
    root = zarr.open_group(store, mode="r")
    stored = {path: array[...] for path, array in root.members(max_depth=None) if hasattr(array, "shape")}
    rows = table(store).select("path", "bucket", "row", "stored_shape").iter_rows(named=True)
    for row in rows:
        original = by_pillow(data / "nuclei_dsb2018" / row["path"])
        np.testing.assert_array_equal(pixels_of(stored, row), original, strict=True)


def test_tiffs_are_what_tifffile_reads(data, converted, table):
    store, compared = converted("odd_valid"), 0
    root = zarr.open_group(store, mode="r")
    rows = table(store).filter(pl.col("format").str.contains("TIFF") & pl.col("error").is_null())
    for row in rows.iter_rows(named=True):
        with tifffile.TiffFile(data / "odd_valid" / row["path"]) as tiff:
            series = tiff.series[row["series"]]
            original = series.asarray()
        original = original.transpose(2, 0, 1) if series.axes == "YXS" else original[np.newaxis]
        original = original.astype(original.dtype.newbyteorder("="))
        np.testing.assert_array_equal(pixels_of(root, row), original, strict=True)
        compared += 1
    assert compared >= 39


@pytest.mark.filterwarnings("ignore::astropy.utils.exceptions.AstropyUserWarning")
def test_fits_are_what_astropy_reads(data, converted, table):
    store, compared = converted("fits"), 0
    root = zarr.open_group(store, mode="r")
    for row in table(store).filter(pl.col("error").is_null()).iter_rows(named=True):
        with fits.open(data / "fits" / row["path"]) as hdus:
            first = next(hdu for hdu in hdus if hdu.is_image and hdu.data is not None and hdu.data.ndim > 1)
            original = np.array(first.data)
        original = original[np.newaxis] if original.ndim == 2 else original
        original = original.astype(original.dtype.newbyteorder("="))
        np.testing.assert_array_equal(pixels_of(root, row), original, strict=True)
        compared += 1
    assert compared == 23


def test_what_is_stored_of_real_images_is_verified(converted):
    for folder in ("fits", "odd_valid", "nuclei_dsb2018"):
        found = smalti.verify(converted(folder))
        assert (found["n_faults"], found["faults"]) == (0, [])
        assert found["images"] == smalti.inspect(converted(folder))["total_images"] > 20


@pytest.mark.slow
def test_bad_files_fail_alone_and_bombs_are_never_stored(data, converted, table):
    store = converted("bad")
    rows = table(store)
    assert set(rows["path"]) >= {
        path.relative_to(data / "bad").as_posix()
        for kind in ("bombs", "corrupt", "crashers", "truncated", "zero_byte", "not_image", "wrong_ext")
        for path in (data / "bad" / kind).iterdir()
        if path.is_file()
        and path.name[0] != "."
        and path.suffix.lower() in (".tif", ".png", ".fits", ".jpg", ".gif")
    }
    assert rows["row"].is_null().equals(rows["error"].is_not_null())
    assert (rows.filter(pl.col("error").is_not_null())["error"].str.len_chars() > 10).all()
    bombs = rows.filter(pl.col("path").str.starts_with("bombs/"))
    assert bombs["error"].is_not_null().sum() >= 10
    assert max(prod(shape) for shape in bombs["stored_shape"].drop_nulls().to_list()) <= 3 * 100 * 100
    assert rows.filter(pl.col("path").str.starts_with("zero_byte/"))["error"].str.contains("empty").all()
    assert smalti.verify(store)["n_faults"] == 0


# a store that images_to_zarr wrote


@pytest.fixture
def foreign(data):
    return data / "interop" / "images_to_zarr_0.3.5.zarr"


def test_a_store_of_images_to_zarr_is_inspected(foreign):
    found = smalti.inspect(foreign)
    array = zarr.open_group(foreign, mode="r")["images"]
    assert (found["total_images"], found["shape"], found["dtype"]) == (5, list(array.shape), str(array.dtype))
    assert found["formats"]
    assert found["files"] == sum(path.is_file() for path in foreign.rglob("*"))
    json.dumps(found, allow_nan=False)


def test_a_store_of_images_to_zarr_is_shown(foreign, tmp_path):
    picture = smalti.display_sample_images(foreign, 3, save_path=tmp_path / "s.png")
    with Image.open(tmp_path / "s.png") as saved:
        assert np.array_equal(np.asarray(saved), np.asarray(picture))
    assert np.unique(np.asarray(picture)).size > 20


def test_the_commands_read_a_store_of_images_to_zarr_and_say_what_they_cannot_do(foreign):
    def run(*arguments):
        command = [sys.executable, "-m", "smalti.cli", *arguments, str(foreign)]
        return subprocess.run(command, capture_output=True, encoding="utf-8", check=False)

    assert json.loads(run("inspect", "--json").stdout)["total_images"] == 5
    assert len(run("samples", "-n", "4").stdout.splitlines()) == 4
    verified = run("verify")
    assert verified.returncode == 2
    assert "was not written by smalti" in verified.stderr
    assert "Traceback" not in verified.stderr
