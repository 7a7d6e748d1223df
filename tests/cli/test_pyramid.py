"""``smalti pyramid`` from the command line."""

import json

import numpy as np
import pytest
import tifffile
import zarr


@pytest.fixture
def image(tmp_path):
    path = tmp_path / "in" / "a.tif"
    path.parent.mkdir()
    tifffile.imwrite(path, np.arange(40 * 50, dtype=np.uint16).reshape(40, 50))
    return path


def test_a_file_becomes_a_pyramid(smalti, image, tmp_path):
    done = smalti(
        "pyramid", image, "--out", tmp_path / "a.ome.zarr", "--scale-factors", "2,y1x5", "--method", "max"
    )
    assert (done.returncode, done.stderr.strip()) == (0, "")
    assert done.stdout.startswith("1 image written")
    assert done.stdout.strip().endswith(f"1 in {tmp_path / 'a.ome.zarr'}")
    levels = sorted(zarr.open_group(tmp_path / "a.ome.zarr", mode="r").groups())
    assert [level["image"].shape for _, level in levels] == [(40, 50), (20, 25), (20, 5)]


@pytest.mark.parametrize("factors", [["2 y1x5"], ["2", "y1x5"], ["2, y1x5"]])
def test_scale_factors_may_have_spaces_between_them(smalti, image, tmp_path, factors):
    done = smalti("pyramid", image, "-o", tmp_path / "a.zarr", "--dry-run", "--scale-factors", *factors)
    assert done.stdout.strip() == "a.tif: uint16 yx 40×50 → 20×25 → 20×5"


def test_version_and_labels_are_options(smalti, image, tmp_path):
    done = smalti(
        "pyramid", image, "-o", tmp_path / "a.zarr", "--ngff", "0.4", "--labels", f"cells={image}", "--json"
    )
    assert json.loads(done.stdout)["written"] == 1
    assert (tmp_path / "a.zarr" / "labels" / "cells" / ".zattrs").exists()


def test_a_dry_run_says_the_levels_and_writes_nothing(smalti, image, tmp_path):
    done = smalti("pyramid", image, "-o", tmp_path / "a.zarr", "--scale-factors", "2", "--dry-run")
    assert done.stdout.strip() == "a.tif: uint16 yx 40×50 → 20×25"
    assert not (tmp_path / "a.zarr").exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [(["--method", "men"], "did you mean 'mean'?"), (["--where", "mean > 3"], "choose rows of a project")],
)
def test_a_wrong_option_ends_with_2_and_one_sentence(smalti, image, tmp_path, options, said):
    done = smalti("pyramid", image, "-o", tmp_path / "a.zarr", *options)
    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_project_that_is_not_there_is_named_whatever_is_asked_of_it(smalti, tmp_path):
    for more in ([], ["--where", "mean > 3"]):
        done = smalti("pyramid", tmp_path / "x.smalti", "-o", tmp_path / "a.zarr", *more)
        assert f"there is no {tmp_path / 'x.smalti'}" in done.stderr


def test_an_image_that_fails_ends_with_1(smalti, image, tmp_path):
    (image.parent / "b.tif").write_bytes(b"II*\0 no image")
    done = smalti("pyramid", image.parent, "-o", tmp_path / "a.zarr")
    assert done.returncode == 1
    assert "1 image written" in done.stdout
    assert "  b.tif: " in done.stdout


def test_a_projects_rows_are_chosen_by_where(smalti, image, tmp_path):
    tifffile.imwrite(image.parent / "b.tif", np.zeros((10, 10), np.uint8))
    assert smalti("process", image.parent, "-o", tmp_path / "x.smalti").returncode == 0
    done = smalti("pyramid", tmp_path / "x.smalti", "-o", tmp_path / "a.zarr", "--where", "max == 0")
    assert done.returncode == 0, done.stderr
    assert zarr.open_group(tmp_path / "a.zarr", mode="r")["scale0/image"].shape == (10, 10)
