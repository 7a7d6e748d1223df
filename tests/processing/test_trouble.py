import subprocess
import sys
from pathlib import Path

import pytest

import smalti

FAILED = {"unreadable", "partial", "timeout", "crashed"}


def statuses(project):
    table = project.images.select("path", "status", "error").collect()
    return {path: (status, error) for path, status, error in table.iter_rows()}


def test_loaders_that_hang_or_end_their_process_cost_one_row_each(bad_loaders, tiffs, tmp_path):
    for name in ("a.hang", "b.kill", "c.grip", "d.leave"):
        (tiffs / name).write_bytes(b"anything")
    command = [
        sys.executable,
        "-m",
        "smalti.cli",
        "process",
        tiffs,
        "-o",
        tmp_path / "x.smalti",
        "--timeout",
        "2",
    ]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    found = statuses(smalti.open(tmp_path / "x.smalti"))
    assert found["a.hang"][0] == "timeout"
    assert "within 2 s" in found["a.hang"][1]
    assert found["b.kill"][0] == "crashed"
    assert "SIGABRT" in found["b.kill"][1]
    assert found["c.grip"][0] == "timeout"
    assert found["d.leave"][0] == "crashed"
    assert "enough" in found["d.leave"][1]
    assert sum(status == "ok" for status, _ in found.values()) == 10


@pytest.mark.slow
@pytest.mark.parametrize("folder", ["bad", "odd_valid", "format_zoo"])
def test_every_strange_file_is_a_row_with_a_reason_or_counted_as_clutter(folder, data, tmp_path, told):
    project = smalti.process(
        data / folder, output=tmp_path / "x.smalti", memory="1GB", timeout=60, progress=told
    )
    found, facts = statuses(project), project.summary()
    in_stores = {path for path in found if ".zarr" in path}
    files = [p for p in (data / folder).rglob("*") if p.is_file() and ".zarr" not in str(p)]
    assert len(found.keys() - in_stores) + sum(facts["clutter"].values()) >= len(files)
    assert not [path for path, (status, error) in found.items() if status != "ok" and not error]
    assert not [path for path, (status, _) in found.items() if status in ("crashed", "timeout")]


def test_one_bad_file_does_not_cost_its_neighbours(tiffs, tmp_path, told):
    (tiffs / "0000a.tif").write_bytes(b"")
    (tiffs / "0000b.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    (tiffs / "Thumbs.db").write_bytes(b"x")
    project = smalti.process(tiffs, output=tmp_path / "x.smalti", progress=told)
    facts = project.summary()
    assert (facts["ok"], facts["failed"], facts["clutter"]) == (10, 2, {"Thumbs.db": 1})
    assert "empty" in statuses(project)["0000a.tif"][1]


def test_an_image_that_declares_too_much_is_refused_before_it_is_read(tiffs, tmp_path, told):
    project = smalti.process(tiffs, output=tmp_path / "x.smalti", memory=4000, progress=told)
    status, error = next(iter(statuses(project).values()))
    assert status == "skipped"
    assert "--memory" in error


def test_a_module_that_lies_among_the_images_is_not_imported(tiffs, tmp_path):
    (tiffs / "polars.py").write_text("raise SystemExit('imported from the data folder')")
    command = Path(sys.executable).with_name("smalti")
    done = subprocess.run([command, "process", ".", "-o", tmp_path / "x.smalti"], cwd=tiffs, check=False)
    assert done.returncode == 0
    assert smalti.open(tmp_path / "x.smalti").summary()["ok"] == 10


def test_a_colon_in_the_name_of_a_folder_on_the_search_path_does_no_harm(tiffs, tmp_path, monkeypatch, told):
    (tmp_path / "a:b").mkdir()
    monkeypatch.syspath_prepend(tmp_path / "a:b")
    project = smalti.process(tiffs, output=tmp_path / "x.smalti", progress=told)
    assert project.summary()["ok"] == 10
