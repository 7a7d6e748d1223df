"""PixelPatrol's table beside our own of the same images."""

import numpy as np
import polars as pl
import pytest
from PIL import Image

import smalti
from smalti.core.progress import Silent

TABLE = "interop/pixelpatrol_0.8.0_plankton.parquet"


@pytest.fixture(scope="module")
def theirs(data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("shelf")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("platformdirs.user_cache_path", lambda *_: folder)
        return smalti.open(data / TABLE)


@pytest.fixture(scope="module")
def ours(data, tmp_path_factory):
    folders = ["condition1_org", "condition2_bl", "condition3_comp", "condition4_nois"]
    return smalti.process(
        data / "plankton_whoi",
        output=tmp_path_factory.mktemp("ours") / "x.smalti",
        conditions=folders,
        metrics=["intensity", "counts"],
        progress=Silent(),
    )


@pytest.mark.parametrize("table", ["images", "planes"])
def test_its_values_are_ours_where_they_have_our_names(theirs, ours, table):
    keys = ["image_id"] if table == "images" else ["image_id", "t", "c", "z"]
    both = getattr(ours, table).join(getattr(theirs, table), on=keys, suffix="_theirs").collect()
    assert both.height == 40
    for name in ("min", "max", "n_finite", "n_nan"):
        assert both[name].to_list() == both[f"{name}_theirs"].to_list()
    for name in ("mean", "std"):
        assert both[f"{name}_theirs"].to_list() == pytest.approx(both[name].to_list(), rel=2e-7)


def test_its_files_and_groups_are_ours(theirs, ours):
    same = ["image_id", "path", "name", "stem", "file_extension", "parent", "depth", "condition", "dtype"]
    same += [*(f"size_{axis}" for axis in "tczyxs"), "size_bytes", "size_readable", "n_planes", "n_planes_ok"]
    assert theirs.images.select(same).collect().equals(ours.images.select(same).collect())


def test_what_it_means_otherwise_keeps_another_name(theirs):
    images = theirs.images.collect()
    assert images["laplacian_variance"].null_count() == 40  # in colour, it is the mean of the samples'
    assert images["pixelpatrol_laplacian_variance"].null_count() == 0
    assert {"blocking_index", "ringing_index", "pixelpatrol_mscn_variance"} <= {*images.columns}
    said = theirs.view.table.columns
    assert "blocking" in said["blocking_index"].meaning


def test_its_histograms_count_the_pixels_of_the_files(theirs, data):
    rows = theirs.histograms.join(theirs.images.select("image_id", "path"), on="image_id").collect()
    row = rows.sort("path").row(0, named=True)
    pixels = np.asarray(Image.open(data / "plankton_whoi" / row["path"]))
    assert sum(row["counts"]) == pixels.size
    assert row["low"] == pixels.min()
    assert row["low"] + 256 * row["width"] == pixels.max()


def test_its_thumbnails_are_those_of_the_mosaic_without_their_border(theirs, ours):
    found = theirs.thumbnails.collect()
    assert found.height == 40
    shapes = theirs.images.select("image_id", "size_x", "size_y").collect().join(found, on="image_id")
    ratio = shapes["size_x"] / shapes["size_y"] / (shapes["width"] / shapes["height"])
    assert ratio.is_between(0.9, 1.12).all()
    assert found["jpeg"].bin.starts_with(b"\xff\xd8").all()


def test_its_title_is_the_project_s_and_images_are_found_by_a_base(theirs, data):
    assert theirs.summary()["name"] == "plankton_whoi"
    assert theirs.summary()["version"] == "PixelPatrol 0.8.0"
    opened = smalti.open(data / TABLE, base=data / "plankton_whoi")
    first = opened.images.select("image_id", "size_y", "size_x").collect().row(0)
    assert opened.image(first[0]).read().shape[:2] == first[1:]


def stack(**changes):
    """Rows of a film of two frames and one channel, as PixelPatrol writes them."""
    rows = [(0, None, 30, 3.0), (1, 0, 15, 2.0), (1, 1, 15, 4.0)]
    table = pl.DataFrame(rows, ["obs_level", "dim_t", "num_pixels", "mean_intensity"], orient="row")
    facts = {"path": "a\\b.tif", "dim_order": "TYX", "dtype": "uint16", "size_T": 2, "size_Y": 3, "size_X": 5}
    return table.with_columns(pl.lit(value).alias(name) for name, value in (facts | changes).items())


def test_planes_of_a_film_are_its_finest_rows(tmp_path, monkeypatch):
    monkeypatch.setattr("platformdirs.user_cache_path", lambda *_: tmp_path / "cache")
    stack(laplacian_variance=7.0).write_parquet(tmp_path / "x.parquet")
    opened = smalti.open(tmp_path / "x.parquet")
    assert opened.planes.select("t", "mean").collect().rows() == [(0, 2.0), (1, 4.0)]
    image = opened.images.collect().row(0, named=True)
    assert (image["path"], image["size_t"], image["n_planes"], image["mean"]) == ("a/b.tif", 2, 2, 3.0)
    assert image["laplacian_variance"] == 7.0  # grey: of one meaning


def test_images_inside_one_file_are_its_series(tmp_path, monkeypatch):
    monkeypatch.setattr("platformdirs.user_cache_path", lambda *_: tmp_path / "cache")
    both = pl.concat([stack(child_id="x"), stack(child_id="y")])
    both.write_parquet(tmp_path / "x.parquet")
    opened = smalti.open(tmp_path / "x.parquet")
    assert opened.images.select("series", "series_name").collect().rows() == [(0, "x"), (1, "y")]
    assert opened.planes.collect().height == 4
