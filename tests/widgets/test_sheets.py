"""Tiles look as the images do."""

import os
from collections.abc import Callable
from pathlib import Path

import imagecodecs
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from smalti.processing.project import Project
from smalti.table.view import ViewState
from smalti.widgets.sheets import GROUND, Sheets, columns_of

TILE = 64
Tile = Callable[..., np.ndarray]
Flat = Callable[..., tuple[ViewState, Sheets]]


def fitted(image: Image.Image) -> tuple[np.ndarray, tuple[slice, slice]]:
    """An image as Pillow fits it into a tile, and where it lies in the middle of it."""
    stored = [max(1, round(side * min(1, 128 / max(image.size)))) for side in image.size]
    width, height = (max(1, round(side * TILE / max(stored))) for side in stored)
    how = Image.Resampling.BOX if max(image.size) > TILE else Image.Resampling.BILINEAR
    top, left = (TILE - height) // 2, (TILE - width) // 2
    place = slice(top, top + height), slice(left, left + width)
    return np.asarray(image.resize((width, height), how)).astype(float), place


def test_colour_images_look_as_pillow_shows_them(plankton: Project) -> None:
    images = plankton.images.collect()
    sheet = imagecodecs.jpeg8_decode(
        Sheets(plankton.thumbnails, images).sheet(np.arange(images.height), TILE)
    )
    columns = columns_of(images.height)
    for row, path in enumerate(images["uri"]):
        wanted, place = fitted(Image.open(path).convert("RGB"))
        y, x = row // columns * TILE, row % columns * TILE
        found = sheet[y : y + TILE, x : x + TILE][place].astype(float)
        assert np.abs(found.mean((0, 1)) - wanted.mean((0, 1))).max() < 4, path  # no tint
        assert np.abs(found - wanted).mean() < 12, path


@pytest.mark.parametrize("name", ["corner16.tif", "corner_float.tif", "corner_rgb.tif"])
def test_the_bright_corner_stays_where_it_is(odd: Project, tile_of: Tile, name: str) -> None:
    tile = tile_of(odd, name)
    grey = tile.mean(-1) if tile.ndim == 3 else tile
    shown = grey[11:53]  # 96 × 64 in a square
    assert shown[0, 0] > 230
    assert max(shown[-1, 0], shown[0, -1], shown[-1, -1]) < 40
    assert abs(grey[0].mean() - GROUND) < 6


@pytest.mark.parametrize("name", ["1-162hrh2ax2.tif", "float64.tif", "png_16bit.png"])
def test_wide_types_use_the_whole_range_and_keep_their_shapes(odd: Project, tile_of: Tile, name: str) -> None:
    import tifffile

    path = odd.images.filter(pl.col("name") == name).collect()["uri"].item()
    stored = tifffile.imread(path) if name.endswith("tif") else np.asarray(Image.open(path))
    window = np.percentile(stored, [0.1, 99.9])
    shown = ((stored - window[0]) / (window[1] - window[0])).clip(0, 1) * 255
    wanted, place = fitted(Image.fromarray(shown.astype(np.uint8)))
    found = tile_of(odd, name)[place]
    assert np.abs(found - wanted).mean() < 6
    assert np.ptp(found) > 100


def test_missing_pixels_do_not_spoil_the_contrast(odd: Project, tile_of: Tile) -> None:
    assert tile_of(odd, "float32_nan25.tif").std() > 20


def test_each_channel_has_its_own_picture(odd: Project, tile_of: Tile) -> None:
    first, second = (tile_of(odd, "channels.ome.tif", channel=channel) for channel in (0, 1))
    assert first[11, 0] > 230 > 40 > first[52, 0]
    assert second[52, 0] > 230 > 40 > second[11, 0]


def test_an_image_that_lacks_the_channel_shows_its_first(odd: Project, tile_of: Tile) -> None:
    assert (tile_of(odd, "corner16.tif", channel=1) == tile_of(odd, "corner16.tif")).all()


def test_under_shared_contrast_half_the_signal_is_half_as_bright(odd: Project, tile_of: Tile) -> None:
    sheets = Sheets(odd.thumbnails, odd.images.filter(pl.col("name").str.contains("corner16")).collect())
    alone = [sheet_of(sheets, row, None) for row in (0, 1)]
    windows = sheets.windows("all", 0, np.zeros(2, np.int64))
    whole, half = (sheet_of(sheets, row, windows) for row in (0, 1))
    assert np.abs(alone[0] - alone[1]).mean() < 3
    assert half[12, 1] == pytest.approx(whole[12, 1] / 2, abs=8)
    apart = sheets.windows("group", 0, np.array([0, 1]))
    assert np.abs(sheet_of(sheets, 1, apart) - alone[1]).mean() < 1


def sheet_of(sheets: Sheets, row: int, windows: np.ndarray | None) -> np.ndarray:
    return imagecodecs.jpeg8_decode(sheets.sheet(np.array([row]), TILE, 0, windows)).astype(float)


def test_shared_contrast_leaves_colours_alone(plankton: Project) -> None:
    sheets = Sheets(plankton.thumbnails, plankton.images.collect())
    assert np.isnan(sheets.windows("all", 0, np.zeros(40, np.int64))).all()


def test_an_unreadable_image_leaves_the_ground(odd: Project, tile_of: Tile) -> None:
    assert np.abs(tile_of(odd, "broken.png") - GROUND).max() < 2


@settings(max_examples=20, deadline=None)
@given(greys=st.lists(st.integers(-1, 255), min_size=1, max_size=40), seed=st.integers(0, 9))
def test_every_tile_lies_where_it_was_asked_for(flat: Flat, greys: list[int], seed: int) -> None:
    _, sheets = flat({f"{k:016x}": grey for k, grey in enumerate(greys)})
    rows = np.random.default_rng(seed).permutation(len(greys)).astype(np.int32)
    sheet = imagecodecs.jpeg8_decode(sheets.sheet(rows, 16)).astype(int)
    columns = columns_of(len(rows))
    for place, row in enumerate(rows):
        y, x = place // columns * 16, place % columns * 16
        wanted = GROUND if greys[row] < 0 else greys[row]
        assert np.abs(sheet[y : y + 16, x : x + 16] - wanted).max() <= 3


def test_thumbnails_laid_out_are_the_same_and_leave_no_file(
    plankton: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    sheets = Sheets(plankton.thumbnails, plankton.images.collect())
    rows = np.arange(40)[::-1]
    before = sheets.sheet(rows, 32)
    assert sheets._jpegs._laid is not None
    sheets._jpegs._laid.result(20)
    assert sheets.sheet(rows, 32) == before
    assert os.name != "posix" or not list(tmp_path.iterdir())


def test_a_project_without_thumbnails_gives_ground_only(flat: Flat) -> None:
    _, sheets = flat({"a": -1, "b": -1})
    assert sheets.n_channels == 0
    assert (imagecodecs.jpeg8_decode(sheets.sheet(np.array([1, 0]), 16)) == GROUND).all()
    assert sheets.sizes(0).max() == 0


def test_sheets_need_no_numba(tmp_path: Path) -> None:
    import subprocess
    import sys

    code = "import smalti.widgets.sheets, sys; sys.exit('numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
