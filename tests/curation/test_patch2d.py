import numpy as np
import pytest
import tifffile
from made import made, tissue

from smalti.core.errors import SmaltiError
from smalti.core.progress import Silent
from smalti.curation.api import patch2d
from smalti.curation.names import parse


def test_tiles_of_images_keep_folder_and_file_in_their_names(write_tiff, tmp_path):
    pictures = {name: tissue((50, 40), i) for i, name in enumerate(["a/one.tif", "a/two.tif", "b/one.tif"])}
    for name, pixels in pictures.items():
        write_tiff(name, pixels)
    outcome, patches = made("patch2d", tmp_path / "images", tmp_path / "p", crop_size=16, min_size=1)
    assert [(item.path, item.made) for item in outcome.items] == [(name, 12) for name in pictures]
    for i, row in enumerate(patches.frame.iter_rows(named=True)):
        place = parse(row["name"])
        assert f"{row['dataset']}/{place.dataset}.tif" == row["source_path"]
        box = pictures[row["source_path"]][slice(*place.rows), slice(*place.columns)]
        assert np.array_equal(patches.read(i), box)
    assert patches.frame["decision"].null_count() == patches.frame.height == 36


def test_near_duplicates_are_left_out_where_that_is_asked_for(write_tiff, tmp_path):
    pixels = tissue((64, 64))
    for name in ("a/one.tif", "a/two.tif", "b/one.tif"):
        write_tiff(name, pixels)
    outcome, patches = made(
        "patch2d", tmp_path / "images", tmp_path / "p", crop_size=32, dedupe=True, write="tiff"
    )
    assert patches.frame["decision"].to_list() == ["keep"] * 4 + ["drop"] * 4 + ["keep"] * 4
    assert outcome.total == len(list((tmp_path / "p").rglob("*.tiff"))) == 8
    _, across = made(
        "patch2d", tmp_path / "images", tmp_path / "p", crop_size=32, dedupe=True, write="tiff", scope="all"
    )
    assert across.kept()["source_path"].unique().to_list() == ["a/one.tif"]


def test_overlapping_tiles_of_a_large_image_are_read_in_bands(write_tiff, tmp_path, monkeypatch):
    from smalti.curation import cut_images

    monkeypatch.setattr(cut_images, "BAND_BYTES", 1000)
    pixels = tissue((70, 60))
    path = write_tiff("v.tif", pixels)
    _, patches = made("patch2d", path, tmp_path / "p", crop_size=20, overlap=5, edge="drop")
    assert patches.frame.select("y0").unique(maintain_order=True)["y0"].to_list() == [0, 15, 30, 45]
    for i, row in enumerate(patches.frame.iter_rows(named=True)):
        assert np.array_equal(patches.read(i), pixels[row["y0"] : row["y1"], row["x0"] : row["x1"]])


def test_every_plane_of_a_stack_is_cut_and_numbered(write_tiff, tmp_path):
    pixels = np.stack([tissue((3, 16, 16), seed) for seed in range(2)])
    path = write_tiff("v.tif", pixels, imagej=True, metadata={"axes": "TZYX"})
    _, patches = made("patch2d", path, tmp_path / "p", crop_size=16)
    assert [parse(name).frame for name in patches.frame["name"]] == list(range(6))
    assert np.array_equal(np.stack([patches.read(i) for i in range(6)]), pixels.reshape(6, 16, 16))
    assert patches.frame.select("time", "slice").rows() == [(t, z) for t in range(2) for z in range(3)]


def test_colours_become_luma_or_the_sample_that_is_asked_for(write_tiff, tmp_path):
    pixels = np.stack([tissue((16, 16), seed) for seed in range(3)], axis=-1)
    path = write_tiff("c.tif", pixels, photometric="rgb")
    _, mixed = made("patch2d", path, tmp_path / "p", crop_size=16)
    wanted = pixels @ [0.299, 0.587, 0.114]
    assert np.abs(mixed.read(0) - wanted).max() <= 0.51
    _, green = made("patch2d", path, tmp_path / "q", crop_size=16, channel="1", write="none")
    assert np.array_equal(green.read(0), pixels[..., 1])
    with pytest.raises(SmaltiError, match="channel 3 is asked of an image with 3"):
        patch2d(path, tmp_path / "r", crop_size=16, channel="3", progress=Silent())


def test_a_crop_larger_than_the_image_takes_it_whole_or_says_why_not(write_tiff, tmp_path):
    write_tiff("large.tif", tissue((40, 30)))
    write_tiff("small.tif", tissue((9, 30)))
    outcome, patches = made("patch2d", tmp_path / "images", tmp_path / "p", crop_size=50, min_size=10)
    assert [(item.status, item.made) for item in outcome.items] == [("ok", 1), ("skipped", 0)]
    assert patches.read(0).shape == (40, 30)
    assert "it is 9 × 30, and the least patch 10 × 10" in outcome.items[1].why


def test_tiffs_are_bytes_with_one_channel(write_tiff, tmp_path):
    path = write_tiff("deep.tif", tissue((16, 16)).astype(np.uint16) * 257)
    _, patches = made("patch2d", path, tmp_path / "p", crop_size=16, write="tiff")
    with tifffile.TiffFile(patches.folder / patches.frame["file"][0]) as file:
        assert (file.pages[0].dtype, file.pages[0].samplesperpixel) == (np.uint8, 1)
        assert np.array_equal(file.asarray(), tissue((16, 16)))
