import numpy as np
import polars as pl
import pytest
import tifffile
from polars.testing import assert_frame_equal

import smalti
from smalti.core.errors import UnknownNameError, UsageError
from smalti.processing.run import locked


def test_a_folder_becomes_a_table_with_a_row_per_image_and_plane(tiffs, tmp_path, told):
    project = smalti.process(tiffs, output=tmp_path / "x.smalti", progress=told)
    images, planes = project.images.collect(), project.planes.collect()
    assert images.height == 10
    assert planes.height == 8 + 2 * 3
    assert images["status"].unique().to_list() == ["ok"]
    assert planes.columns[:4] == ["image_id", "t", "c", "z"]
    assert images["path"].is_sorted()


def test_the_table_holds_the_numbers_of_the_pixels(tiffs, tmp_path, told):
    project = smalti.process(tiffs, output=tmp_path / "x.smalti", progress=told)
    row = project.images.filter(pl.col("path") == "0004.ome.tif").collect().row(0, named=True)
    pixels = tifffile.imread(tiffs / "0004.ome.tif").astype(np.float64)
    assert row["min"] == pixels.min()
    assert row["max"] == pixels.max()
    assert row["mean"] == pytest.approx(pixels.mean(), rel=1e-6)
    assert row["std"] == pytest.approx(pixels.std(), rel=1e-6)


def test_an_opened_project_is_the_one_that_was_written(tiffs, tmp_path, told):
    written = smalti.process(tiffs, output=tmp_path / "x.smalti", progress=told)
    opened = smalti.open(tmp_path / "x.smalti")
    assert opened.summary() == written.summary()
    assert_frame_equal(opened.images.collect(), written.images.collect())
    assert "10 images in 10 files" in repr(opened)


def test_the_worker_process_gives_what_this_process_gives(tiffs, tmp_path, told):
    from smalti.core.plugin import plugins
    from smalti.processing.engine import run_inline, run_supervised
    from smalti.processing.metric_set import choose_metrics
    from smalti.processing.settings import Settings
    from smalti.sources.folder import discover

    refs, settings = discover(tiffs, known={"tif"}).refs, Settings(workers=2)
    metrics = choose_metrics(settings, tuple(plugins("metric").values()))
    inline, supervised = (list(engine(refs, settings, metrics)) for engine in (run_inline, run_supervised))
    for name in ("images", "planes", "histograms", "thumbnails"):
        keys = (
            ["image_id"]
            if name == "images"
            else [c for c in ("image_id", "t", "c", "z") if c in inline[0][name]]
        )
        one, other = (pl.concat(tables[name] for tables in run).sort(keys) for run in (inline, supervised))
        assert_frame_equal(one, other)


def test_conditions_group_the_images(write_tiffs, tmp_path, told):
    for name in ("control", "treated"):
        write_tiffs(tmp_path / "plates" / name, 2)
    project = smalti.process(
        tmp_path / "plates", output=tmp_path / "x.smalti", conditions=["control", "treated"], progress=told
    )
    assert project.summary()["conditions"] == {"control": 2, "treated": 2}
    rolled = project.rollup(by=["condition"]).collect()
    assert sorted(rolled["condition"]) == ["control", "treated"]


def test_rolling_up_by_an_unknown_column_names_the_nearest(tiffs, tmp_path, told):
    project = smalti.process(tiffs, output=tmp_path / "x.smalti", progress=told)
    with pytest.raises(UnknownNameError, match="did you mean 'condition'"):
        project.rollup(by=["conditon"])


def test_the_true_image_behind_a_row_can_be_read(tiffs, tmp_path, told):
    project = smalti.process(tiffs, output=tmp_path / "x.smalti", progress=told)
    row = project.images.filter(pl.col("size_z") == 3).select("image_id", "path").collect().row(0)
    image = project.image(row[0])
    assert np.array_equal(image.read(z=1), tifffile.imread(tiffs / row[1])[1])


def test_an_unknown_image_id_says_so(tiffs, tmp_path, told):
    project = smalti.process(tiffs, output=tmp_path / "x.smalti", progress=told)
    with pytest.raises(UnknownNameError, match="no image named 'nonsense'"):
        project.image("nonsense")


def test_files_can_be_listed_without_being_opened(tiffs, tmp_path, told):
    project = smalti.process(tiffs, output=tmp_path / "x.smalti", loader="none", progress=told)
    images = project.images.collect()
    assert images["status"].unique().to_list() == ["ok"]
    assert images["axes"].null_count() == 10
    assert project.planes.collect().height == 0


def test_metrics_can_be_chosen_and_left_out(tiffs, tmp_path, told):
    project = smalti.process(
        tiffs, output=tmp_path / "x.smalti", metrics=["intensity", "focus"], exclude=["focus"], progress=told
    )
    columns = project.images.collect_schema().names()
    assert "mean" in columns
    assert "laplacian_variance" not in columns


def test_a_metric_function_of_this_program_is_used(tiffs, tmp_path, told):
    @smalti.metric(smalti.Column("mean_plus_one", "Float64", "intensity", "The mean and one more."))
    def mean_plus_one(moments):
        return moments.mean + 1

    mean_plus_one.__module__ = "__main__"  # as in a notebook
    project = smalti.process(
        tiffs, output=tmp_path / "x.smalti", metrics=["intensity", mean_plus_one], progress=told
    )
    assert "in one thread, for metrics of __main__: mean_plus_one" in repr(project)
    planes = project.planes.collect()
    assert (planes["mean_plus_one"] - planes["mean"]).to_list() == pytest.approx(
        [1.0] * planes.height, abs=0.01
    )


def test_a_metric_that_fails_costs_only_its_own_values(tiffs, tmp_path, told):
    @smalti.metric(smalti.Column("broken", "Float64", "", "Never there."))
    def broken(moments):
        raise RuntimeError("no such luck")

    broken.__module__ = "__main__"
    project = smalti.process(
        tiffs, output=tmp_path / "x.smalti", metrics=["intensity", broken], progress=told
    )
    row = project.images.collect().row(0, named=True)
    assert row["status"] == "ok"
    assert row["broken"] is None
    assert "metric broken: RuntimeError: no such luck" in row["error"]
    assert "ok with a remark: 10 images" in repr(project)


def test_opening_what_is_no_project_says_how_to_make_one(tmp_path):
    with pytest.raises(UsageError, match="smalti process BASE"):
        smalti.open(tmp_path)


def test_two_runs_on_one_project_do_not_mix(tiffs, tmp_path, told):
    with locked(tmp_path / "x.smalti"), pytest.raises(UsageError, match="another run"):
        smalti.process(tiffs, output=tmp_path / "x.smalti", progress=told)


@pytest.mark.parametrize("fresh", [False, True])
def test_a_folder_with_other_things_in_it_is_left_alone(tiffs, tmp_path, told, fresh):
    (tmp_path / "thesis" / "parts").mkdir(parents=True)
    (tmp_path / "thesis" / "parts" / "part-1.txt").write_text("years of work")
    with pytest.raises(UsageError, match="holds other things"):
        smalti.process(tiffs, output=tmp_path / "thesis", fresh=fresh, progress=told)
    assert [p.name for p in (tmp_path / "thesis").rglob("*")] == ["parts", "part-1.txt"]


def test_a_base_that_moved_is_followed_without_measuring_again(tiffs, tmp_path, told):
    smalti.process(tiffs, output=tmp_path / "x.smalti", progress=told)
    moved = tiffs.rename(tmp_path / "moved")
    told.states.clear()
    project = smalti.process(moved, output=tmp_path / "x.smalti", progress=told)
    assert told.total == 0
    row = project.images.select("image_id", "uri").collect().row(0)
    assert row[1].startswith(str(moved))
    assert project.image(row[0]).read().size


def test_another_base_does_not_silently_replace_the_table(tiffs, write_tiffs, tmp_path, told):
    smalti.process(tiffs, output=tmp_path / "x.smalti", progress=told)
    write_tiffs(tmp_path / "other" / "deeper", 2)
    with pytest.raises(UsageError, match="none is in"):
        smalti.process(tmp_path / "other", output=tmp_path / "x.smalti", progress=told)


def test_conditions_given_later_stand_in_the_table(write_tiffs, tmp_path, told):
    for name in ("control", "treated"):
        write_tiffs(tmp_path / "plates" / name, 1)
    smalti.process(tmp_path / "plates", output=tmp_path / "x.smalti", progress=told)
    again = smalti.process(
        tmp_path / "plates", output=tmp_path / "x.smalti", conditions=["control", "treated"], progress=told
    )
    assert again.images.collect()["condition"].to_list() == ["control", "treated"]


def test_an_unknown_loader_is_said_before_anything_is_read(tiffs, tmp_path, told):
    with pytest.raises(UnknownNameError, match="did you mean 'tiff'"):
        smalti.process(tiffs, output=tmp_path / "x.smalti", loader="tif", progress=told)
    assert not (tmp_path / "x.smalti").exists()


def test_one_name_is_one_name_and_not_its_letters(tiffs, tmp_path, told):
    project = smalti.process(
        tiffs, output=tmp_path / "x.smalti", extensions="tif", metrics="intensity", progress=told
    )
    assert project.images.collect().height == 10
    assert project.rollup(by="dtype").collect()["dtype"].to_list() == ["uint16"]


def test_nothing_found_writes_nothing(tmp_path, told):
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError):
        smalti.process(tmp_path / "empty", output=tmp_path / "x.smalti", progress=told)
    assert not (tmp_path / "x.smalti").exists()
