"""Some images of a store as a picture: the same for a seed, and of whatever a store holds."""

import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

import smalti
from smalti.core.errors import UsageError
from smalti.export.samples import list_samples
from smalti.export.tiles import ABSENT, tile


def picture_of(images, folder, convert, **options):
    store = convert(images=images, output_dir=folder / "x.zarr", **options)
    return np.asarray(smalti.display_sample_images(store, len(images)))


@pytest.fixture
def store(tmp_path, convert, noise):
    return convert(images=noise(40, (20, 30), np.uint16), output_dir=tmp_path / "x.zarr")


def test_a_seed_draws_the_same_images(store):
    pictures = [np.asarray(smalti.display_sample_images(store, 5, seed=seed)) for seed in (1, 1, 2)]
    assert np.array_equal(pictures[0], pictures[1])
    assert not np.array_equal(pictures[0], pictures[2])
    lines = [list_samples(str(store), 5, seed) for seed in (1, 1, 2)]
    assert lines[0] == lines[1] != lines[2]


def test_samples_are_different_images_of_the_whole_store(store):
    drawn = {
        line.split("  ")[0] for seed in range(30) for line in list_samples(str(store), 6, seed).splitlines()
    }
    assert drawn == {f"images {row}" for row in range(40)}
    assert len(set(list_samples(str(store), 40, 0).splitlines())) == 40


def test_more_than_there_are_are_all(store):
    assert len(list_samples(str(store), 1000, 0).splitlines()) == 40


def test_a_line_says_what_an_image_is(tmp_path, convert):
    image = np.array([[1.5, np.nan], [2, 4]], np.float32)
    store = convert(images=[image], output_dir=tmp_path / "x.zarr")
    assert list_samples(str(store), 1, 0) == "images 0  1×2×2 float32, 1.5 to 4  image_000000"


@pytest.mark.parametrize("n", [0, -1])
def test_no_sample_is_refused(store, n):
    with pytest.raises(UsageError, match=f"{n} samples; give 1 or more"):
        smalti.display_sample_images(store, n)


ODD = {
    "all NaN": np.full((9, 9), np.nan, np.float32),
    "some NaN": np.where(np.eye(9, dtype=bool), np.nan, np.arange(81.0).reshape(9, 9)),
    "infinite": np.where(np.eye(9, dtype=bool), np.inf, np.arange(81.0).reshape(9, 9)),
    "largest": np.array([[1.7e308, -1.7e308], [0, 1]]),
    "constant": np.full((9, 9), 7, np.uint16),
    "one pixel": np.array([[5]], np.int64),
    "bool": np.eye(9, dtype=bool),
    "two channels": np.arange(2 * 81, dtype=np.uint16).reshape(2, 9, 9),
    "five channels": np.arange(5 * 81, dtype=np.int32).reshape(5, 9, 9),
    "a row": np.arange(5000, dtype=np.uint16)[np.newaxis],
    "a column": np.arange(5000, dtype=np.uint16)[:, np.newaxis, np.newaxis].transpose(2, 0, 1),
    "large": np.arange(700 * 900, dtype=np.float32).reshape(700, 900),
    "half": np.arange(81, dtype=np.float16).reshape(9, 9),
    "int64 ends": np.array([[np.iinfo(np.int64).min, np.iinfo(np.int64).max]]),
}


@pytest.mark.parametrize("name", ODD)
def test_any_image_is_shown(tmp_path, convert, name):
    sheet = picture_of([ODD[name]], tmp_path, convert, axes="CYX" if ODD[name].ndim == 3 else None)
    assert sheet.shape[2] == 3
    assert sheet.shape[0] < 400
    assert "images 0" in list_samples(str(tmp_path / "x.zarr"), 1, 0)


def test_odd_images_are_shown_together(tmp_path, convert):
    sheet = picture_of(list(ODD.values()), tmp_path, convert, shapes="bucket", axes="CYX")
    assert sheet.shape[0] > 700


def test_padding_is_not_shown(tmp_path, convert):
    images = [np.arange(100, 200, dtype=np.uint8).reshape(10, 10), np.full((7, 13), 9, np.uint8)]
    store = convert(images=images, output_dir=tmp_path / "x.zarr", shapes="bucket")
    lines = list_samples(str(store), 2, 0).splitlines()
    assert "1×10×10 uint8, 100 to 199" in lines[0]
    assert "1×7×13 uint8, all 9" in lines[1]


def test_a_tile_is_stretched_from_black_to_white():
    ramp = np.linspace(1000, 1100, 100 * 100).reshape(1, 100, 100)
    shown = tile(ramp)[..., 0].astype(int)
    assert (shown.min(), shown.max()) == (0, 255)
    assert (np.diff(shown[::20, 0]) > 0).all()


def test_what_is_not_finite_is_marked_and_does_not_spoil_the_rest():
    pixels = np.linspace(0, 1, 2500).reshape(1, 50, 50)
    plain, spoilt = tile(pixels), pixels.copy()
    spoilt[0, :5, :5] = [np.nan, np.inf, -np.inf, np.nan, np.inf]
    shown = tile(spoilt)
    amber = (shown == ABSENT).all(axis=-1)
    assert amber.mean() == pytest.approx(25 / 2500)
    assert np.abs(shown.astype(int) - plain)[~amber].max() <= 3


def test_colours_of_eight_bits_are_shown_as_they_are():
    colours = np.random.default_rng(0).integers(0, 256, (3, 20, 30), np.uint8)
    shown = tile(colours)
    times = shown.shape[0] // 20
    assert np.array_equal(shown[::times, ::times], colours.transpose(1, 2, 0))


def test_a_long_or_odd_name_fits(tmp_path, convert, noise):
    names = ["x" * 300, "two\nlines", "日本 ü", "", "…", "a/b/c"]
    metadata = [{"filename": name or "."} for name in names]
    store = convert(images=noise(6), image_metadata=metadata, output_dir=tmp_path / "x.zarr")
    assert smalti.display_sample_images(store, 6).size[0] > 256
    assert len(list_samples(str(store), 6, 0).splitlines()) == 6


def test_a_picture_is_written_without_a_screen(store, tmp_path):
    command = [sys.executable, "-m", "smalti.cli", "samples", store, "-n", "2", "--save", tmp_path / "s.png"]
    done = subprocess.run(
        list(map(str, command)), capture_output=True, encoding="utf-8", check=False, env={"PATH": ""}
    )
    assert (done.returncode, done.stdout.strip()) == (0, str(tmp_path / "s.png"))
    with Image.open(tmp_path / "s.png") as saved:
        assert np.array_equal(np.asarray(saved), np.asarray(smalti.display_sample_images(store, 2)))
