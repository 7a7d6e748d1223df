"""Images of a QC project: what its filter leaves is written, and what was measured rides along."""

import numpy as np
import polars as pl
import pytest
import tifffile
import zarr

import smalti
from smalti.core.errors import NothingFoundError, UnknownNameError, UsageError
from smalti.core.progress import Silent


@pytest.fixture(scope="module")
def folder(tmp_path_factory, noise):
    """Ten images, dark and bright by turns, one of two series, one bad."""
    base = tmp_path_factory.mktemp("project") / "in"
    (base / "b").mkdir(parents=True)
    for number, image in enumerate(noise(10, (30, 40), np.uint16)):
        tifffile.imwrite(base / ("b" if number > 6 else "") / f"{number}.tif", image + 1000 * (number % 2))
    with tifffile.TiffWriter(base / "two.tif") as tiff:
        for height, value in ((30, 50), (31, 5000)):
            tiff.write(np.full((height, 40), value, np.uint16), photometric="minisblack", metadata=None)
    (base / "bad.tif").write_bytes(b"II*\0")
    return base


@pytest.fixture(scope="module")
def project(folder):
    return smalti.process(folder, output=folder.parent / "x.smalti", progress=Silent(), workers=1)


@pytest.fixture
def view(project):
    """The project's view, without a filter when the test ends."""
    yield project.view
    project.view.clear_filters()


def test_only_images_that_the_filter_leaves_are_written(
    tmp_path, convert, project, view, table, images_of, folder
):
    view.add_filter("mean", ">", 1000)
    store = convert(project, tmp_path / "x.zarr", shapes="bucket")
    rows = table(store)
    assert rows["path"].to_list() == [
        *(f"{n}.tif" for n in (1, 3, 5)),
        *(f"b/{n}.tif" for n in (7, 9)),
        "two.tif",
    ]
    for path in ("1.tif", "b/9.tif"):
        np.testing.assert_array_equal(
            images_of(store)[path][0][0], tifffile.imread(folder / path), strict=True
        )


def test_what_was_measured_rides_along(tmp_path, convert, project, view, table):
    view.add_filter("path", "contains", "b/")
    rows = table(convert(project, tmp_path / "x.zarr"))
    measured = project.images.filter(pl.col("path").is_in(rows["path"].implode())).sort("path").collect()
    assert rows["std"].to_list() == measured["std"].to_list()
    assert rows["image_id"].to_list() == measured["image_id"].to_list()
    assert rows["min"].to_list() == rows["qc_min"].to_list() == measured["min"].to_list()
    assert [name for name in rows.columns if name.endswith("_right")] == []


def test_of_several_series_only_those_that_are_left_are_written(
    tmp_path, convert, project, view, table, images_of
):
    view.add_filter("path", "==", "two.tif")
    view.add_filter("size_y", "==", 31)
    store = convert(project, tmp_path / "x.zarr")
    (row,) = table(store).iter_rows(named=True)
    assert (row["series"], row["shape"]) == (1, [1, 31, 40])
    assert (images_of(store)["two.tif"][0] == 5000).all()


def test_images_that_could_not_be_read_are_left_out_and_counted(project):
    from smalti.export.images import of_project

    chosen = of_project(project)
    assert "1 images that could not be read were left out" in chosen.problems
    assert "bad.tif" not in {ref.path for ref in chosen.refs}


def test_a_filter_that_leaves_nothing_to_read_is_said(tmp_path, convert, project, view):
    view.add_filter("path", "==", "bad.tif")
    with pytest.raises(NothingFoundError, match="none of the 1 images chosen of in can be read"):
        convert(project, tmp_path / "x.zarr")


def test_a_file_that_is_gone_is_a_row_with_its_reason(tmp_path, convert, table, noise):
    (tmp_path / "in").mkdir()
    for number, image in enumerate(noise(3, (30, 40))):
        tifffile.imwrite(tmp_path / "in" / f"{number}.tif", image)
    told = {"output": tmp_path / "p.smalti", "progress": Silent(), "workers": 1}
    project = smalti.process(tmp_path / "in", **told)
    (tmp_path / "in" / "1.tif").unlink()
    rows = table(convert(project, tmp_path / "x.zarr"))
    assert rows.select("path", "row").rows() == [("0.tif", 0), ("1.tif", None), ("2.tif", 1)]
    assert "No such file" in rows["error"][1]


def test_a_project_in_a_zip_is_converted_too(tmp_path, convert, project, table, images_of):
    project.export(tmp_path / "p.zip")
    zipped = smalti.open(tmp_path / "p.zip")
    zipped.view.add_filter("mean", ">", 1000)
    zipped.view.add_filter("size_y", "==", 30)
    store = convert(zipped, tmp_path / "zip.zarr")
    assert table(store)["path"].to_list() == ["1.tif", "3.tif", "5.tif", "b/7.tif", "b/9.tif"]
    assert images_of(store)["1.tif"][0].mean() > 1000


def test_rows_that_are_chosen_are_exported(tmp_path, project):
    rows = project.images.filter(pl.col("path").is_in(["3.tif", "b/8.tif"])).collect()
    done = project.export_images("convert", tmp_path / "x.zarr", rows, progress=Silent(), workers=1)
    assert (done.written, done.failed, done.total) == (2, 0, 2)
    assert zarr.open_array(tmp_path / "x.zarr" / "images", mode="r").shape == (2, 1, 30, 40)


def test_the_view_is_exported_when_no_rows_are_given(tmp_path, project, view):
    view.add_filter("path", "==", "3.tif")
    done = project.export_images("convert", tmp_path / "x.zarr", progress=Silent(), workers=1, dry_run=True)
    assert "1 image of TIFF (1)" in done.plan
    assert list(tmp_path.iterdir()) == []


def test_an_exporter_or_option_that_is_none_is_answered_with_the_nearest(tmp_path, project):
    with pytest.raises(UnknownNameError, match="no exporter named 'convrt'; did you mean 'convert'"):
        project.export_images("convrt", tmp_path / "x.zarr")
    with pytest.raises(UnknownNameError, match="no option named 'chunk_shap'; did you mean 'chunk_shape'"):
        project.export_images("convert", tmp_path / "x.zarr", chunk_shap=(1, 2, 3))
    with pytest.raises(UsageError, match="fits_ext"):
        project.export_images("convert", tmp_path / "x.zarr", fits_ext=("SCI",), progress=Silent())


def test_a_table_is_joined_to_what_was_measured(tmp_path, convert, project, view, table):
    view.add_filter("path", "contains", "b/")
    beside = tmp_path / "t.csv"
    beside.write_text("dose,filename,series\n1,7.tif,x\n2,b/9.tif,y\n3,b/8.tif,z\n")
    rows = table(convert(project, tmp_path / "x.zarr", metadata=beside))
    assert rows.select("path", "dose", "metadata_series").rows() == [
        ("b/7.tif", 1, "x"),
        ("b/8.tif", 3, "z"),
        ("b/9.tif", 2, "y"),
    ]
    assert rows["std"].null_count() == 0


def test_a_stopped_run_of_a_project_goes_on_with_the_same_filter_only(
    tmp_path, convert, project, view, table, stops
):
    view.add_filter("size_y", "==", 30)
    with pytest.raises(stops.error):
        convert(project, tmp_path / "x.zarr", shard_images=3, progress=stops(8))
    view.add_filter("mean", "<", 1000)
    with pytest.raises(UsageError, match=r"a run that was stopped, and .* are not asked for now"):
        convert(project, tmp_path / "x.zarr", shard_images=3)
    view.clear_filters()
    view.add_filter("size_y", "==", 30)
    assert table(convert(project, tmp_path / "x.zarr", shard_images=3))["row"].to_list() == list(range(11))
