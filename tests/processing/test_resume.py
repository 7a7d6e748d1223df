import os

import numpy as np
import polars as pl
import pytest
import tifffile
from polars.testing import assert_frame_equal

import smalti
from smalti.core.errors import UsageError


@pytest.fixture
def run(tiffs, tmp_path, told):
    """Processes the ten TIFFs again, and gives the project and how many files were measured."""

    def run(**options):
        told.states.clear()
        project = smalti.process(tiffs, output=tmp_path / "x.smalti", progress=told, **options)
        return project, told.total

    return run


def test_a_second_run_measures_nothing_and_changes_nothing(run):
    before = run()[0].images.collect()
    project, measured = run()
    assert measured == 0
    assert_frame_equal(project.images.collect(), before)


def test_a_changed_file_is_measured_again(run, tiffs):
    run()
    tifffile.imwrite(tiffs / "0000.ome.tif", np.full((9, 9), 7, np.uint8))
    project, measured = run()
    assert measured == 1
    row = project.images.filter(pl.col("path") == "0000.ome.tif").collect()
    assert row["max"].to_list() == [7]


def test_a_vanished_file_leaves_every_table(run, tiffs):
    run()
    (tiffs / "0004.ome.tif").unlink()
    project, measured = run()
    assert measured == 0
    assert project.images.collect().height == 9
    assert project.planes.collect()["image_id"].n_unique() == 9
    assert project.thumbnails.collect()["image_id"].n_unique() == 9


def test_a_file_that_was_not_ok_is_tried_again(run, tiffs):
    (tiffs / "broken.tif").write_bytes(b"II*\0 not a tiff at all")
    assert run()[0].summary()["failed"] == 1
    assert run()[1] == 1


def test_other_metrics_are_measured_on_every_file(run):
    run(metrics=["intensity"])
    project, measured = run(metrics=["intensity", "focus"])
    assert measured == 10
    assert project.images.collect()["laplacian_variance"].null_count() == 0


def test_another_loader_needs_a_fresh_start(run):
    run()
    with pytest.raises(UsageError, match="--fresh"):
        run(loader="bioio")
    assert run(loader="tiff", fresh=True)[1] == 10


def test_a_file_that_is_gone_is_said_once(run, tiffs):
    run()
    (tiffs / "0000.ome.tif").unlink()
    assert any("no longer found" in problem for problem in run()[0].summary()["problems"])
    assert not run()[0].summary()["problems"]


def test_a_run_under_way_is_not_said_to_be_finished(run, tiffs, monkeypatch):
    from smalti.processing import run as module

    project, _ = run()
    tifffile.imwrite(tiffs / "new.tif", np.zeros((9, 9), np.uint8))
    monkeypatch.setattr(module, "run_supervised", lambda *arguments: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        run()
    assert not smalti.open(project.path).summary()["finished"]


def test_fresh_measures_everything_anew(run):
    run()
    assert run(fresh=True)[1] == 10


def test_a_touched_file_is_measured_again(run, tiffs):
    run()
    os.utime(tiffs / "0003.ome.tif", (1, 1))
    assert run()[1] == 1
