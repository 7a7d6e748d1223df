"""Images of every type as grey bytes, against NumPy in float64."""

import json
import os
from types import SimpleNamespace

import imagecodecs
import numpy as np
import polars as pl
import pytest
import tifffile
import zarr
from PIL import Image
from typer.testing import CliRunner

from smalti.cli.main import app
from smalti.core.errors import UsageError
from smalti.core.progress import Silent
from smalti.curation import standardize

RNG = np.random.default_rng(0)

IMAGES = {
    "int8": (RNG.integers(-128, 128, (40, 50)).astype(np.int8), (-128, 127)),
    "uint8": (RNG.integers(0, 200, (40, 50)).astype(np.uint8), (0, 255)),
    "12 bit in uint16": (RNG.integers(0, 4096, (40, 50)).astype(np.uint16), (0, 4095)),
    "uint16": (RNG.integers(0, 65536, (40, 50)).astype(np.uint16), (0, 65535)),
    "int16 with negatives": (np.arange(-1000, 1000, dtype=np.int16).reshape(40, 50), (-1000, 999)),
    "uint32": (np.arange(2000, dtype=np.uint32).reshape(40, 50) * 1_000_003, (0, 1999 * 1_000_003)),
    "float32": (np.linspace(-3, 5, 2000, dtype=np.float32).reshape(40, 50), (-3, 5)),
    "float64": (np.linspace(1e9, 1e9 + 1, 2000).reshape(40, 50), (1e9, 1e9 + 1)),
    "bool": (RNG.random((40, 50)) > 0.5, (0, 1)),
}


def reference(pixels, window):
    low, high = window
    scaled = (pixels.astype(np.float64) - low) * 255 / (high - low)
    return np.clip(np.rint(scaled), 0, 255)


def run(sources, out="", **options):
    return standardize(sources, out, progress=Silent(), **options)


def made(tmp_path, name="a.tiff"):
    return tifffile.imread(tmp_path / "grey" / name)


@pytest.mark.parametrize("kind", IMAGES)
def test_every_type_becomes_the_bytes_that_float64_gives(kind, write_tiff, tmp_path):
    pixels, window = IMAGES[kind]
    write_tiff("a.tif", pixels)
    assert run(tmp_path / "images", tmp_path / "grey").items[0].status == "ok"
    assert (made(tmp_path).dtype, made(tmp_path).shape) == (np.uint8, (40, 50))
    assert np.abs(made(tmp_path) - reference(pixels, window)).max() <= (kind == "float32")


def test_folders_and_names_stay_and_a_name_that_two_files_share_keeps_its_ending(write_tiff, tmp_path):
    pixels = IMAGES["uint8"][0]
    write_tiff("one/a.tif", pixels)
    write_tiff("two/b.tif", pixels)
    Image.fromarray(pixels).save(tmp_path / "images" / "two" / "b.png")
    run(tmp_path / "images", tmp_path / "grey")
    names = {path.relative_to(tmp_path / "grey").as_posix() for path in (tmp_path / "grey").rglob("*.tiff")}
    assert names == {"one/a.tiff", "two/b.tif.tiff", "two/b.png.tiff"}


@pytest.mark.parametrize("samples", [3, 4])
def test_colours_become_luma_without_alpha_or_the_channel_that_is_named(samples, tmp_path):
    pixels = RNG.integers(0, 256, (30, 40, samples)).astype(np.uint8)
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "a.png").write_bytes(imagecodecs.png_encode(pixels))
    run(tmp_path / "images", tmp_path / "grey")
    luma = np.rint(pixels[..., :3].astype(np.float64) @ [0.299, 0.587, 0.114])
    assert np.abs(made(tmp_path) - luma).max() <= 1
    run(tmp_path / "images", tmp_path / "green", channel="1")
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "green" / "a.tiff"), pixels[..., 1])


@pytest.mark.parametrize("name", ["a.png", "a.gif", "a.tif"])
def test_numbers_of_a_palette_become_the_grey_of_their_colours(name, tmp_path):
    (tmp_path / "images").mkdir()
    colours = Image.fromarray(RNG.integers(0, 256, (30, 40, 3)).astype(np.uint8)).quantize(16)
    colours.save(tmp_path / "images" / name)
    item = run(tmp_path / "images", tmp_path / "grey").items[0]
    luma = np.rint(np.asarray(colours.convert("RGB")).astype(np.float64) @ [0.299, 0.587, 0.114])
    assert item.why == "its pixels are numbers of a palette; their colours were taken"
    assert np.abs(made(tmp_path) - luma).max() <= 1


def test_inks_and_a_white_zero_look_as_they_are_meant(write_tiff, tmp_path):
    inks = RNG.integers(0, 256, (30, 40, 4)).astype(np.uint8)
    write_tiff("inks.tif", inks, photometric="separated")
    write_tiff("white.tif", inks[..., 0], photometric="miniswhite")
    run(tmp_path / "images", tmp_path / "grey")
    paper = 255 - inks.astype(np.float64)
    luma = (paper[..., :3] * paper[..., 3:] / 255) @ [0.299, 0.587, 0.114]
    assert np.abs(made(tmp_path, "inks.tiff") - luma).max() <= 1.5
    np.testing.assert_array_equal(made(tmp_path, "white.tiff"), 255 - inks[..., 0])


def test_nan_and_infinite_pixels_are_said(write_tiff, tmp_path):
    pixels = np.linspace(-3, 5, 2000, dtype=np.float32).reshape(40, 50)
    pixels[0, :3], pixels[1, 0], pixels[1, 1] = np.nan, np.inf, -np.inf
    write_tiff("a.tif", pixels)
    item = run(tmp_path / "images", tmp_path / "grey").items[0]
    assert (item.status, item.why) == ("ok", "3 NaN became 0; 2 infinite pixels became 0 or 255")
    assert made(tmp_path)[0, :3].tolist() == [0, 0, 0]
    assert made(tmp_path)[1, :2].tolist() == [255, 0]


def test_one_value_everywhere_is_said(write_tiff, tmp_path):
    write_tiff("a.tif", np.full((9, 9), 7.5, np.float32))
    item = run(tmp_path / "images", tmp_path / "grey").items[0]
    assert (item.status, item.why) == ("ok", "all its pixels are 7.5; they became 0")


@pytest.mark.parametrize("dtype", [np.uint16, np.float32])
def test_percentiles_of_a_group_are_those_of_all_its_pixels(dtype, write_tiff, tmp_path):
    images = {
        f"{group}/{i}.tif": RNG.gamma(2, 50 * (i + 1), (64, 64)).astype(dtype)
        for i in range(3)
        for group in "ab"
    }
    images["a/0.tif"][0, 0] = 60_000
    for name, pixels in images.items():
        write_tiff(name, pixels)
    run(tmp_path / "images", tmp_path / "grey", intensity="percentile", per="group")
    for name, pixels in images.items():
        whole = np.concatenate([other.ravel() for key, other in images.items() if key[0] == name[0]])
        window = np.percentile(whole, [0.1, 99.9], method="inverted_cdf").astype(np.float64)
        assert np.abs(made(tmp_path, f"{name}f") - reference(pixels, window)).max() <= 1


def test_a_group_with_two_types_has_a_window_for_each(write_tiff, tmp_path):
    write_tiff("a.tif", np.arange(100, dtype=np.uint8).reshape(10, 10))
    write_tiff("b.tif", np.linspace(0, 1, 100, dtype=np.float32).reshape(10, 10))
    run(tmp_path / "images", tmp_path / "grey", intensity="data", per="group")
    assert made(tmp_path).max() == made(tmp_path, "b.tiff").max() == 255


def test_images_without_a_finite_pixel_fail_and_say_so(write_tiff, tmp_path):
    write_tiff("a.tif", np.full((9, 9), np.nan, np.float32))
    write_tiff("b.tif", IMAGES["uint16"][0])
    for name, per in (("one", "image"), ("two", "group")):
        items = run(tmp_path / "images", tmp_path / name, per=per).items
        assert [item.status for item in items] == ["failed", "ok"]
        assert "finite; there is nothing to show" in items[0].why


def test_a_name_that_is_no_text_is_written_under_one_that_is(write_tiff, tmp_path):
    path = write_tiff("a.tif", IMAGES["uint8"][0])
    path.rename(os.fsdecode(os.fsencode(path.parent) + b"/caf\xe9.tif"))
    assert run(tmp_path / "images", tmp_path / "grey").ok == 1
    assert run(tmp_path / "images", tmp_path / "grey").ok == 1
    assert [path.name for path in (tmp_path / "grey").glob("*.tiff")] == ["caf%E9.tiff"]


def test_a_bad_file_costs_only_itself_and_the_command_ends_with_1(write_tiff, tmp_path):
    for name in ("a.tif", "c.tif"):
        write_tiff(name, IMAGES["uint8"][0])
    (tmp_path / "images" / "b.tif").write_bytes(b"II*\0 no image")
    write_tiff("d.tif", np.zeros((5, 9, 9), np.uint8), metadata={"axes": "ZYX"})
    call = ["curate", "standardize", str(tmp_path / "images"), "-o", str(tmp_path / "grey"), "--json"]
    result = CliRunner().invoke(app, call)
    items = {item["path"]: item for item in json.loads(result.stdout)["items"]}
    assert result.exit_code == 1
    assert {path: item["status"] for path, item in items.items()} == {
        "a.tif": "ok", "b.tif": "failed", "c.tif": "ok", "d.tif": "skipped",
    }  # fmt: skip
    assert items["d.tif"]["why"] == "it is a stack of 5 planes; patch3d takes volumes, video takes films"


def test_of_a_store_whose_second_image_is_broken_nothing_is_left_and_once_mended_all_is(tmp_path):
    pixels = RNG.integers(0, 9, (30, 40)).astype(np.uint8)
    for name in ("one", "two"):
        zarr.create_array(tmp_path / "images" / "a.zarr", name=name, data=pixels, chunks=(30, 40))
    chunk = tmp_path / "images" / "a.zarr" / "two" / "c" / "0" / "0"
    whole = chunk.read_bytes()
    chunk.write_bytes(b"broken")
    assert run(tmp_path / "images", tmp_path / "grey").failed == 1
    assert list((tmp_path / "grey").glob("*.tiff")) == []
    chunk.write_bytes(whole)
    assert run(tmp_path / "images", tmp_path / "grey").total == 2
    np.testing.assert_array_equal(made(tmp_path, "a_1.tiff"), pixels)


def test_only_what_is_new_or_changed_is_read_again(write_tiff, tmp_path):
    write_tiff("a.tif", IMAGES["uint8"][0])
    run(tmp_path / "images", tmp_path / "grey")
    before = (tmp_path / "grey" / "a.tiff").stat().st_mtime_ns
    write_tiff("b.tif", IMAGES["uint8"][0])
    assert run(tmp_path / "images", tmp_path / "grey").ok == 2
    assert (tmp_path / "grey" / "a.tiff").stat().st_mtime_ns == before
    write_tiff("a.tif", 255 - IMAGES["uint8"][0])
    run(tmp_path / "images", tmp_path / "grey")
    np.testing.assert_array_equal(made(tmp_path), 255 - IMAGES["uint8"][0])


def test_other_options_need_another_folder_or_fresh(write_tiff, tmp_path):
    write_tiff("a.tif", IMAGES["float32"][0])
    run(tmp_path / "images", tmp_path / "grey")
    with pytest.raises(UsageError, match="was filled with intensity='range', now 'percentile' is asked for"):
        run(tmp_path / "images", tmp_path / "grey", intensity="percentile")
    assert run(tmp_path / "images", tmp_path / "grey", intensity="percentile", fresh=True).ok == 1


def test_a_file_that_others_made_is_left_alone(write_tiff, tmp_path):
    write_tiff("a.tif", IMAGES["uint8"][0])
    (tmp_path / "grey").mkdir()
    (tmp_path / "grey" / "a.tiff").write_text("mine")
    item = run(tmp_path / "images", tmp_path / "grey").items[0]
    assert item.status == "failed"
    assert "was not made by this step" in item.why
    assert (tmp_path / "grey" / "a.tiff").read_text() == "mine"


def test_two_folders_do_not_write_over_each_other(write_tiff, tmp_path):
    pixels = IMAGES["uint8"][0]
    one, two = write_tiff("one/a.tif", pixels), write_tiff("two/a.tif", 255 - pixels)
    run(one, tmp_path / "grey")
    item = run(two, tmp_path / "grey").items[0]
    assert item.status == "failed"
    np.testing.assert_array_equal(made(tmp_path), pixels)


def test_in_place_the_copy_takes_the_place_of_the_original(write_tiff, tmp_path):
    colours = RNG.integers(0, 256, (30, 40, 3)).astype(np.uint8)
    grey = IMAGES["uint8"][0]
    write_tiff("g/grey.tif", grey)
    write_tiff("g/colours.tif", colours, photometric="rgb")
    Image.fromarray(colours).save(tmp_path / "images" / "g" / "b.png")
    outcome = run(tmp_path / "images", in_place=True)
    assert {item.path: item.status for item in outcome.items} == {
        "g/b.png": "ok", "g/colours.tif": "ok", "g/grey.tif": "skipped",
    }  # fmt: skip
    files = sorted(path.name for path in (tmp_path / "images" / "g").iterdir())
    assert files == ["b.tiff", "colours.tif", "grey.tif"]
    luma = np.rint(colours.astype(np.float64) @ [0.299, 0.587, 0.114])
    for name in ("b.tiff", "colours.tif"):
        assert np.abs(tifffile.imread(tmp_path / "images" / "g" / name) - luma).max() <= 1
    assert run(tmp_path / "images", in_place=True).items == outcome.items


def test_in_place_an_original_stays_whose_copy_is_not_read_back_the_same(write_tiff, tmp_path, monkeypatch):
    path = write_tiff("a.tif", IMAGES["float32"][0])
    before = path.read_bytes()

    def cut_short(number):
        os.ftruncate(number, os.fstat(number).st_size - 900)

    monkeypatch.setattr("smalti.writers.aside.os", SimpleNamespace(fsync=cut_short))
    item = run(tmp_path / "images", in_place=True).items[0]
    assert item.status == "failed"
    assert path.read_bytes() == before


def test_in_place_a_file_of_two_images_is_left(tmp_path):
    (tmp_path / "images").mkdir()
    with tifffile.TiffWriter(tmp_path / "images" / "a.tif") as file:
        file.write(np.zeros((9, 9), np.float32), metadata=None)
        file.write(np.zeros((7, 8), np.float32), metadata=None)
    item = run(tmp_path / "images", in_place=True).items[0]
    assert (item.status, item.why[:18]) == ("skipped", "it holds 2 images,")
    with tifffile.TiffFile(tmp_path / "images" / "a.tif") as file:
        assert len(file.pages) == 2


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({}, "give a folder to write to with -o, or --in-place"),
        ({"out": "x", "in_place": True}, "both -o and --in-place"),
        ({"in_place": True, "fresh": True}, "--fresh would need the originals"),
        ({"out": "x", "low": 60, "high": 40}, "--low 60 is not below --high 40"),
    ],
)  # fmt: skip
def test_options_that_do_not_fit_are_usage_errors(options, match, write_tiff, tmp_path):
    write_tiff("a.tif", IMAGES["uint8"][0])
    with pytest.raises(UsageError, match=match):
        run(tmp_path / "images", **options)


def test_a_large_image_is_written_in_bands_with_the_size_of_its_pixels(write_tiff, tmp_path):
    pixels = RNG.integers(0, 4096, (9000, 3000)).astype(np.uint16)
    resolution = (1e4 / 0.5, 1e4 / 0.5)
    write_tiff("a.tif", pixels, tile=(256, 256), resolution=resolution, resolutionunit="CENTIMETER")
    run(tmp_path / "images", tmp_path / "grey")
    assert np.abs(made(tmp_path) - reference(pixels, (0, 4095))).max() <= 1
    with tifffile.TiffFile(tmp_path / "grey" / "a.tiff") as file:
        assert file.pages[0].resolution == pytest.approx(resolution)


def test_png_is_written_too_and_the_table_tells_of_each_file(write_tiff, tmp_path):
    write_tiff("a.tif", IMAGES["int8"][0])
    run(tmp_path / "images", tmp_path / "grey", write="png")
    assert imagecodecs.imread(tmp_path / "grey" / "a.png").shape == (40, 50)
    row = pl.read_parquet(tmp_path / "grey" / "standardize.parquet").row(0, named=True)
    assert (row["file"], row["low"], row["high"]) == ("a.png", -128, 127)


def test_real_images_of_electron_microscopes_become_grey(data, tmp_path):
    outcome = run(data / "em" / "celegans_tiff_series", tmp_path / "grey", intensity="data", per="group")
    assert (outcome.ok, outcome.failed) == (21, 0)
    pixels = np.stack([tifffile.imread(p) for p in sorted((data / "em" / "celegans_tiff_series").iterdir())])
    found = np.stack([tifffile.imread(p) for p in sorted((tmp_path / "grey").glob("*.tiff"))])
    assert np.abs(found - reference(pixels, (pixels.min(), pixels.max()))).max() <= 1
