import json
import os

import numpy as np
import polars as pl
import pytest
import tifffile

from smalti.cli.table import _flat


@pytest.fixture(scope="module")
def greek(smalti, tmp_path_factory):
    """A project whose file names no Western code page has."""
    base = tmp_path_factory.mktemp("greek") / "εικόνες"
    base.mkdir()
    tifffile.imwrite(base / "κύτταρο.tif", np.full((20, 30), 7, np.uint8))
    assert smalti("process", base, "-o", base.parent / "g.smalti").returncode == 0
    return base.parent / "g.smalti"


def western():
    return os.environ | {"PYTHONIOENCODING": "cp1252", "PYTHONUTF8": "0"}


def test_the_table_on_stdout_is_utf8_whatever_the_terminal(smalti, greek):
    done = smalti("table", greek, "--columns", "path", env=western(), text=False)
    assert done.returncode == 0, done.stderr
    assert pl.read_csv(done.stdout)["path"].to_list() == ["κύτταρο.tif"]


def test_lists_are_written_to_csv_with_their_gaps():
    curve = pl.Series("focus_curve", [[0.5, None, 1.0], None, []], pl.List(pl.Float32))
    assert _flat(pl.DataFrame([curve]))["focus_curve"].to_list() == ["0.5;;1.0", None, ""]


def test_json_is_whole_whatever_the_terminal(smalti, greek):
    done = smalti("summary", greek, "--json", env=western(), text=False)
    assert done.returncode == 0, done.stderr
    assert list(json.loads(done.stdout)["conditions"]) == ["εικόνες"]


def test_what_the_terminal_lacks_is_replaced_in_text_for_people(smalti, greek):
    done = smalti("summary", greek, env=western(), text=False)
    assert done.returncode == 0, done.stderr
    assert b"???" in done.stdout


@pytest.mark.parametrize("command", ["summary", "table"])
def test_verbose_names_what_is_not_ok_beside_the_output(smalti, project, command):
    done = smalti(command, project, "-v")
    assert done.stdout == smalti(command, project).stdout
    assert done.stderr.startswith("unreadable b/cut.tif: ")
    assert len(done.stderr.splitlines()) == 1


def test_verbose_names_plugins_that_were_left_out(smalti, project, tmp_path):
    info = tmp_path / "lame-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: lame\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[smalti.plugins]\nlame = lame_that_is_not_there\n")
    done = smalti("summary", project, "-v", env=os.environ | {"PYTHONPATH": str(tmp_path)})
    assert "plugin lame (lame_that_is_not_there) was left out: ModuleNotFoundError" in done.stderr
