"""The demo's dataset holds what its truth says."""

from collections import Counter
from itertools import pairwise

import numpy as np
import polars as pl
import pytest
import tifffile
import zarr
from PIL import Image

from smalti.core.errors import UsageError
from smalti.testing._plan import RARE, USUAL, plan
from smalti.testing.dataset import CLUTTER, write_dataset
from smalti.testing.defects import DEFECTS


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("dataset")


@pytest.fixture(scope="module")
def truth(folder):
    return write_dataset(folder, n=100, seed=1)


def read(folder, path):
    if path.endswith(".tif"):
        return tifffile.imread(folder / path)
    with Image.open(folder / path) as picture:
        return np.asarray(picture)


def test_there_is_a_file_for_each_row_and_a_row_for_each_file(folder, truth):
    zarr_name = "volume.ome.zarr"
    found = {
        p.relative_to(folder).as_posix()
        for p in folder.rglob("*")
        if p.is_file() and zarr_name not in p.parts
    }
    stores = {p.relative_to(folder).as_posix() for p in folder.rglob(zarr_name)}
    assert found | stores == {*truth["path"], *CLUTTER, "truth.csv"}
    assert truth["path"].n_unique() == truth.height == 100
    assert pl.read_csv(folder / "truth.csv")["path"].to_list() == truth["path"].to_list()


def test_every_usual_defect_comes_at_three_levels_and_most_images_are_clean(truth):
    levels = truth.group_by("defect").agg(pl.col("level").n_unique())
    found = dict(levels.iter_rows())
    assert all(found[defect] >= 3 or defect in ("noise", "stripes", "empty") for defect in USUAL)
    assert truth.filter(pl.col("defect").is_in(DEFECTS)).height == 3 * len(USUAL)
    assert truth.filter(defect="none").height > 50


def test_shapes_and_types_are_those_of_the_truth(folder, truth):
    readable = truth.filter(
        ~pl.col("defect").is_in(["truncated", "unreadable"]) & ~pl.col("path").str.ends_with(".zarr")
    )
    for row in readable.iter_rows(named=True):
        image = read(folder, row["path"])
        size = image.shape[-2:] if row["scene"] in ("z_stack", "time_series") else image.shape[:2]
        assert (size, image.dtype.name) == ((row["height"], row["width"]), row["dtype"]), row["path"]


def test_exact_duplicates_are_the_same_bytes_and_near_ones_are_not(folder, truth):
    for row in truth.filter(pl.col("of").is_not_null()).iter_rows(named=True):
        same = (folder / row["path"]).read_bytes() == (folder / row["of"]).read_bytes()
        assert same == (row["defect"] == "exact_duplicate"), row["path"]
        assert truth.row(by_predicate=pl.col("path") == row["of"], named=True)["defect"] == "none"


def test_one_exact_duplicate_stands_in_another_condition(truth):
    copies = truth.filter(defect="exact_duplicate")
    assert (copies["condition"] != copies["of"].str.split("/").list.first()).sum() == 1


def test_broken_files_do_not_read(folder, truth):
    for path in truth.filter(pl.col("defect").is_in(["truncated", "unreadable"]))["path"]:
        with pytest.raises((OSError, ValueError, tifffile.TiffFileError)):
            read(folder, path)


def test_the_focus_of_a_stack_is_where_the_truth_says(folder, truth):
    for row in truth.filter(pl.col("sharpest_z").is_not_null()).iter_rows(named=True):
        path = folder / row["path"]
        stack = (
            zarr.open_array(path / "0", mode="r")[...] if path.suffix == ".zarr" else tifffile.imread(path)
        )
        roughness = np.abs(np.diff(stack[1].astype(float), axis=-1)).mean(axis=(1, 2))
        assert int(roughness.argmax()) == row["sharpest_z"], row["path"]


def test_ome_metadata_states_pixels_channels_and_time(folder):
    with tifffile.TiffFile(folder / "control/stack_1.ome.tif") as tif:
        assert tif.series[0].axes == "CZYX"
        assert 'PhysicalSizeZ="0.5"' in tif.ome_metadata
        assert 'Name="DAPI"' in tif.ome_metadata
    with tifffile.TiffFile(folder / "treated/film_4.ome.tif") as tif:
        assert tif.series[0].axes == "TYX"
        assert 'TimeIncrement="30.0"' in tif.ome_metadata


def test_the_ome_zarr_is_a_pyramid_of_halves(folder):
    group = zarr.open_group(folder / "treated/volume.ome.zarr", mode="r")
    scales = [
        d["coordinateTransformations"][0]["scale"][-1]
        for d in group.attrs["ome"]["multiscales"][0]["datasets"]
    ]
    assert [group[str(level)].shape[-1] for level in (0, 1)] == [256, 128]
    assert all(b == 2 * a for a, b in pairwise(scales))


def test_the_same_seed_writes_the_same_bytes(folder, truth, tmp_path):
    again = write_dataset(tmp_path, n=100, seed=1)
    assert again.equals(truth)
    assert all(
        path.read_bytes() == (folder / path.relative_to(tmp_path)).read_bytes()
        for path in tmp_path.rglob("*.*")
        if path.is_file()
    )


def test_two_hundred_images_hold_each_level_twice_and_the_rare_defects_once():
    items = plan(200, seed=0)
    conditions = Counter(item.condition for item in items)
    assert len(items) == 200
    assert set(conditions) == {"control", "treated", "em", "histology", "sky"}
    found = Counter(item.defect for item in items)
    assert {found[defect] for defect in USUAL} == {6}
    assert {found[defect] for defect in RARE} == {1}
    assert {*USUAL, *RARE} == DEFECTS.keys()


def test_too_few_images_are_refused_with_the_number_needed(tmp_path):
    with pytest.raises(UsageError, match="100"):
        write_dataset(tmp_path, n=20)
