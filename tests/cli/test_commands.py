import json
import os
import subprocess
import sys

import polars as pl
import pytest


def test_process_says_what_became_of_the_images_and_where_the_table_is(smalti, images, tmp_path):
    done = smalti("process", images, "-o", tmp_path / "y.smalti")
    assert done.returncode == 0
    assert "5 images in 5 files" in done.stdout
    assert "1 unreadable" in done.stdout
    assert str(tmp_path / "y.smalti") in done.stdout


def test_strict_ends_with_one_when_an_image_failed(smalti, images, tmp_path):
    assert smalti("process", images, "-o", tmp_path / "y.smalti", "--strict").returncode == 1
    assert smalti("process", images / "a", "-o", tmp_path / "z.smalti", "--strict").returncode == 0


def test_summary_as_json_counts_everything(smalti, project):
    facts = json.loads(smalti("summary", project, "--json").stdout)
    assert (facts["files"], facts["images"], facts["ok"], facts["failed"]) == (5, 5, 4, 1)
    assert facts["by_status"] == {"ok": 4, "unreadable": 1}
    assert facts["conditions"] == {"b": 3, "a": 2}
    assert facts["planes"] == 4
    assert {"clutter", "formats", "seconds", "version"} <= facts.keys()


def test_summary_for_people_is_short(smalti, project):
    said = smalti("summary", project).stdout
    assert "failed   1 (1 unreadable)" in said
    assert len(said.splitlines()) < 10


def test_table_prints_the_rows_for_which_a_condition_holds(smalti, project):
    done = smalti("table", project, "--where", "mean > 10 and status == 'ok'", "--columns", "path,mean")
    assert done.stdout.splitlines() == ["path,mean", "a/1.tif,15.0", "b/1.tif,15.0"]


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_table_writes_files(smalti, project, tmp_path, ending):
    target = tmp_path / f"planes.{ending}"
    assert smalti("table", project, "--level", "planes", "-o", target).returncode == 0
    read = pl.read_csv if ending == "csv" else pl.read_parquet
    assert read(target).height == 4


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--where", "maen > 1"], "did you mean 'mean'"),
        (["--where", "__import__('os')"], "smalti:"),
        (["--columns", "patth"], "did you mean 'path'"),
        (["-o", "table.xlsx"], "must end in .csv or .parquet"),
    ],
)
def test_a_wrong_table_request_ends_with_two_and_one_clear_sentence(smalti, project, arguments, said):
    done = smalti("table", project, *arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("kind", ["missing", "empty", "only text"])
def test_a_base_without_images_ends_with_two_and_says_what_is_there(smalti, tmp_path, kind):
    base = tmp_path / "base"
    if kind != "missing":
        base.mkdir()
    if kind == "only text":
        (base / "notes.txt").write_text("no image")
    done = smalti("process", base, "-o", tmp_path / "x.smalti")
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "x.smalti").exists()


def test_debug_shows_the_traceback(smalti, tmp_path):
    done = smalti("process", tmp_path / "missing", "--debug")
    assert "Traceback" in done.stderr


def test_metrics_lists_every_column_with_its_meaning(smalti):
    said = smalti("metrics").stdout
    assert "laplacian_variance" in said
    assert "blockiness" in said


def test_schema_prints_the_catalogue_as_json(smalti):
    found = json.loads(smalti("schema", "--metrics", "snr_db,blockiness", "--metrics", "focus").stdout)
    assert list(found["$defs"]) == ["images", "planes", "histograms", "thumbnails"]
    filled = {rule.get("x-metric") for rule in found["$defs"]["planes"]["properties"].values()}
    assert filled == {None, "counts", "noise", "blockiness", "focus"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--table", "plane"], "no table named 'plane'; did you mean 'planes'"),
        (["--exclude", "snr_bd"], "no metric named 'snr_bd'; did you mean 'snr_db'"),
    ],
)
def test_a_wrong_schema_request_ends_with_two_and_the_nearest_name(smalti, arguments, said):
    done = smalti("schema", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr


def test_process_takes_names_of_columns_for_their_metrics(smalti, images, tmp_path):
    done = smalti("process", images, "-o", tmp_path / "y.smalti", "--metrics", "snr_db", "--exclude", "mean")
    assert done.returncode == 0, done.stderr
    columns = pl.read_parquet_schema(tmp_path / "y.smalti" / "planes.parquet")
    assert {"n_finite", "noise_sigma", "snr_db"} <= columns.keys()
    assert "mean" not in columns


def test_version_is_the_packages(smalti, tmp_path):
    from smalti import __version__

    assert smalti("--version").stdout.strip() == f"smalti {__version__}"


def test_every_command_takes_verbose_and_debug(smalti):
    for command in ("process", "summary", "table", "explore", "demo", "metrics"):
        said = smalti(command, "--help", env=os.environ | {"COLUMNS": "100", "TERM": "dumb"}).stdout
        assert "--verbose" in said
        assert "--debug" in said


def test_starting_imports_nothing_heavy():
    code = (
        "import sys, smalti, smalti.cli.main\n"
        "heavy = {'polars', 'panel', 'numba', 'bioio', 'numpy', 'holoviews', 'zarr', 'tifffile'}\n"
        "print(sorted(heavy & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True)
    assert done.stdout.strip() == "[]"


def test_the_demo_finds_most_of_what_was_injected(smalti, tmp_path):
    done = smalti("demo", "--out", tmp_path / "demo", "--no-serve")
    assert done.returncode == 0, done.stderr
    rows = {
        line.split()[0]: line.split() for line in done.stdout.splitlines() if "_" in line or "blur" in line
    }
    assert "200 images in 200 files" in done.stdout
    assert int(rows["exact_duplicate"][2]) == int(rows["exact_duplicate"][1])
    assert int(rows["blur"][2]) >= int(rows["blur"][1]) - 2
