import numpy as np
import polars as pl
import pytest
from made import made, tissue

import smalti
from smalti.core.errors import UsageError
from smalti.core.progress import Silent


@pytest.fixture
def patches(write_tiff, tmp_path):
    volume = np.concatenate([tissue((4, 40, 36))] * 2)
    path = write_tiff("v.tif", volume, imagej=True, metadata={"axes": "ZYX"})
    return made("patch3d", path, tmp_path / "p", crop_size=16, min_size=2)[1]


def test_a_set_opens_as_a_project_with_what_its_manifest_says(patches):
    project = patches.project(metrics=["mean"])
    images = project.images.collect()
    assert images["patch_id"].sort().equals(patches.kept()["patch_id"].sort())
    at = {name: i for i, name in enumerate(patches.frame["patch_id"])}
    for row in images.iter_rows(named=True):
        pixels = patches.read(at[row["patch_id"]])
        assert np.array_equal(np.squeeze(project.image(row["image_id"]).read()), np.squeeze(pixels))
        assert row["mean"] == pytest.approx(pixels.mean())
    assert smalti.open(patches.folder / "patches.smalti").images.collect().equals(images)


def test_members_of_clusters_are_shown_where_every_patch_is_asked_for(patches):
    images = patches.project(every=True, metrics=["mean"]).images.collect()
    assert images.height == len(patches)
    largest = patches.clusters().row(0, named=True)
    members = images.filter(cluster=largest["cluster"])
    assert members.height == largest["cluster_size"] >= 2
    assert members.filter("is_exemplar")["patch_id"].to_list() == [largest["patch_id"]]


def test_a_project_is_made_anew_when_the_set_has_changed(patches):
    first = patches.project(metrics=["mean"]).images.collect()
    smalti.dedupe(patches.folder, distance=40, progress=Silent())
    again = smalti.open_patches(patches.folder).project().images.collect()
    assert again.height == first.height
    assert (again["decision"] == "keep").sum() < (first["decision"] == "keep").sum()


def test_boxes_without_pixels_say_how_to_get_a_project(write_tiff, tmp_path):
    path = write_tiff("v.tif", tissue((4, 32, 32)), imagej=True, metadata={"axes": "ZYX"})
    _, virtual = made("patch3d", path, tmp_path / "p", crop_size=16, write="none")
    with pytest.raises(UsageError, match="project\\(every=True\\)"):
        virtual.project()
    assert virtual.project(every=True, metrics=["mean"]).images.select(pl.len()).collect().item() == len(
        virtual
    )


def test_files_of_patches_are_a_project_too(write_tiff, tmp_path):
    path = write_tiff("v.tif", tissue((4, 32, 32)), imagej=True, metadata={"axes": "ZYX"})
    _, patches = made("patch3d", path, tmp_path / "p", crop_size=16, write="tiff")
    images = patches.project(metrics=["mean"]).images.collect()
    assert images["path"].sort().to_list() == patches.frame["file"].drop_nulls().sort().to_list()
    assert images["patch"].null_count() == 0


def test_the_mosaic_is_that_of_the_project(patches):
    mosaic = patches.mosaic()
    assert type(mosaic).__name__ == "Mosaic"
