"""The plugin template is installed as a user would, and its columns appear in the table."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
import tifffile

import smalti
from smalti.testing.synthetic import synthetic

TEMPLATE = Path(__file__).resolve().parents[2] / "templates" / "plugin"

pytestmark = pytest.mark.slow


def run(*arguments: str, plugins: Path | None = None) -> str:
    """Run Python with the installed plugin on its path; its output, or a failure that shows it."""
    found = [] if plugins is None else [str(plugins)]
    paths = os.pathsep.join([*found, *filter(None, [os.environ.get("PYTHONPATH")])])
    done = subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        encoding="utf-8",  # the locale is not asked: ITK, imported for other tests, sets it to C
        env=os.environ | {"PYTHONPATH": paths},
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def copied(tmp_path_factory) -> Path:
    """A copy of the template, as its first README line makes one."""
    return Path(shutil.copytree(TEMPLATE, tmp_path_factory.mktemp("user") / "my-plugin"))


@pytest.fixture(scope="module")
def installed(copied, tmp_path_factory) -> Path:
    """Where the copy is installed: a folder of its own, built without the network."""
    pytest.importorskip("hatchling", reason="hatchling builds the template; it is in the group `test`")
    pytest.importorskip("pip", reason="pip installs the template; it is in the group `test`")
    target = tmp_path_factory.mktemp("site")
    offline = ("--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check", "--quiet")
    run("-m", "pip", "install", *offline, "--target", str(target), str(copied))
    return target


def test_the_templates_own_tests_pass(copied, installed):
    report = run("-m", "pytest", "-q", "-p", "no:cacheprovider", str(copied), plugins=installed)
    assert "passed" in report
    assert "failed" not in report


def test_the_metric_is_listed(installed):
    assert "edge_darkness" in run("-m", "smalti.cli", "metrics", plugins=installed)


def test_its_columns_appear_in_the_table(installed, tmp_path):
    base = tmp_path / "images"
    base.mkdir()
    tifffile.imwrite(base / "nuclei.tif", synthetic("nuclei", shape=(64, 64)))
    (base / "nuclei.acq").write_text("detector_gain=640\nscan_mode=resonant\nend\n", encoding="utf-8")
    run("-m", "smalti.cli", "process", str(base), "-o", str(tmp_path / "qc.smalti"), plugins=installed)
    table = smalti.open(tmp_path / "qc.smalti").images.collect()
    settings = table.row(by_predicate=pl.col("name") == "nuclei.acq", named=True)
    picture = table.row(by_predicate=pl.col("name") == "nuclei.tif", named=True)
    assert (settings["status"], settings["detector_gain"], settings["scan_mode"]) == ("ok", 640.0, "resonant")
    assert (settings["reader"], settings["n_planes"], settings["edge_darkness"]) == ("acq", 0, None)
    assert -1 < picture["edge_darkness"] < 1
