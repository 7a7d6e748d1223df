"""Readers that crash, hang or take all memory cost one row each, in every engine, and never this process."""

import subprocess
import sys

import polars as pl
import pytest

import smalti
from smalti.core.errors import UsageError
from smalti.processing.settings import Settings

TROUBLE = {
    "a.hang": ("timeout", "within 2 s"),
    "b.kill": ("crashed", "SIGABRT"),
    "c.grip": ("timeout", "within 2 s"),
    "d.leave": ("crashed", "enough"),
    "e.quit": ("crashed", "exit code 3"),
    "f.fault": ("crashed", "SIGSEGV"),
    "g.late": ("crashed", "exit code 4"),
    "h.hog": ("unreadable", "not enough memory"),
}

MORE_LOADERS = '''
import ctypes
import numpy as np
from smalti.core.image import Image

@loader("quitter", extensions=["quit"])
def quitter(ref, limit):
    """Ends its process without a word."""
    os._exit(3)
    yield

@loader("faulty", extensions=["fault"])
def faulty(ref, limit):
    """Touches memory that is not its own."""
    ctypes.string_at(0)
    yield

@loader("late", extensions=["late"])
def late(ref, limit):
    """Ends its process when the second plane is asked for."""
    def pixels(index, level):
        if index[0] == 1:
            os._exit(4)
        return np.zeros((3, 8, 8), "u1")[index]
    yield Image(ref, "ZYX", (3, 8, 8), np.dtype("u1"), pixels)

@loader("hog", extensions=["hog"])
def hog(ref, limit):
    """Takes 64 GiB."""
    held = [np.empty(2**30, "u1") for _ in range(64)]
    yield
'''


ENDS = ["f.fault", "h.hog"]
INLINE = """
import sys, smalti
from smalti.core.columns import Column

@smalti.metric(Column("own", "Float64", "", "Mean."))
def own(moments):
    return moments.mean

smalti.process(sys.argv[1], output=sys.argv[2], metrics=[own], timeout=2, memory="1GB")
"""
READ = """
import sys, smalti
project = smalti.open(sys.argv[1])
for path, image_id in project.images.select("path", "image_id").sort("path").collect().iter_rows():
    if path in sys.argv[2:]:
        try:
            project.image(image_id).read()
        except Exception as error:
            print(path, type(error).__name__)
print("alive")
"""


@pytest.fixture
def trouble(install, bad_source, tiffs):
    """Ten good images; loaders that misbehave on files of their own."""
    install(bad_source + MORE_LOADERS)
    return tiffs


def with_files(folder, names):
    for name in names:
        (folder / name).write_bytes(b"anything")
    return folder


def run(*arguments):
    done = subprocess.run(
        [sys.executable, *arguments], capture_output=True, encoding="utf-8", check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def assert_one_row_each(project, names):
    table = project.images.select("path", "status", "error").collect()
    found = {path: (status, error) for path, status, error in table.iter_rows()}
    for name in names:
        status, said = TROUBLE[name]
        assert (found[name][0], said in found[name][1]) == (status, True), (name, found[name])
    assert sum(status == "ok" for status, _ in found.values()) == 10
    assert len(found) == 10 + len(names)


@pytest.mark.slow
def test_what_ends_a_worker_costs_one_row(trouble, tmp_path):
    output = tmp_path / "x.smalti"
    run("-m", "smalti.cli", "process", with_files(trouble, ENDS), "-o", output, "--memory", "1GB")
    assert_one_row_each(smalti.open(output), ENDS)


@pytest.mark.slow
def test_isolated_readers_cost_one_row_and_leave_the_worker_alone(trouble, tmp_path):
    output = tmp_path / "x.smalti"
    asked = ["--isolate", "--timeout", "2", "--memory", "1GB", "--workers", "1"]
    run("-m", "smalti.cli", "process", with_files(trouble, TROUBLE), "-o", output, *asked)
    project = smalti.open(output)
    assert_one_row_each(project, TROUBLE)
    errors = project.images.filter(pl.col("status").is_in(["crashed", "timeout"])).collect()["error"]
    assert not [error for error in errors if "tried alone" in error]
    said = run("-c", READ, output, "b.kill", "c.grip", "h.hog").splitlines()
    assert said == ["b.kill CrashedError", "c.grip TimedOutError", "h.hog MemoryError", "alive"]


@pytest.mark.slow
def test_metrics_of_a_notebook_run_beside_readers_that_end_their_process(trouble, tmp_path):
    names = ["c.grip", "f.fault", "g.late"]
    run("-c", INLINE, with_files(trouble, names), tmp_path / "x.smalti")
    assert_one_row_each(smalti.open(tmp_path / "x.smalti"), names)


def test_a_table_is_the_same_isolated_or_not(data, tmp_path, told):
    frames = []
    for isolate in (False, True):
        project = smalti.process(
            data / "ometiff", output=tmp_path / f"{isolate}.smalti", isolate=isolate, progress=told
        )
        frames.append(project.images.sort("image_id").collect())
    assert frames[0].equals(frames[1])


def test_a_crash_at_a_plane_is_no_row_of_its_own_and_keeps_what_was_measured(trouble, tmp_path):
    output = tmp_path / "x.smalti"
    run("-m", "smalti.cli", "process", with_files(trouble, ["g.late"]), "-o", output, "--isolate")
    row = smalti.open(output).images.filter(path="g.late").collect().to_dicts()
    assert [(each["status"], each["n_planes"], each["n_planes_ok"]) for each in row] == [("crashed", 3, 1)]


@pytest.mark.parametrize("value", ["yes", 1, 0.0])
def test_isolation_is_asked_for_with_true_or_false(value):
    with pytest.raises(UsageError, match="give True or False"):
        Settings().set(isolate=value)
