import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import polars as pl
import pytest
import typer

from smalti.cli.errors import FAULT, WRONG, explain
from smalti.cli.options import stoppable
from smalti.core.errors import UsageError

HAS_FULL_DISK = pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full to write to")
POSIX = pytest.mark.skipif(os.name != "posix", reason="pipes and signals of POSIX")


def says_one_sentence(done, *parts):
    assert done.returncode == 2, done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert "Traceback" not in done.stderr
    assert all(part in done.stderr for part in ("smalti:", ";", *parts)), done.stderr


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UsageError("give one"), WRONG),
        (PermissionError(errno.EACCES, "Permission denied", "x.smalti"), WRONG),
        (OSError(errno.EROFS, "Read-only file system", "x.smalti"), WRONG),
        (pl.exceptions.SchemaError("no such type\nand much more"), WRONG),
        (MemoryError(), WRONG),
        (TypeError("no len()"), FAULT),
        (AssertionError(), FAULT),
    ],
)
def test_every_error_is_one_sentence_and_never_exit_code_one(error, code):
    sentence, given = explain(error)
    assert given == code
    assert "\n" not in sentence
    assert ("--debug" in sentence) == (code == FAULT)


def test_an_output_below_a_file_is_one_sentence(smalti, images, tmp_path):
    (tmp_path / "file").write_text("no folder")
    done = smalti("process", images, "-o", tmp_path / "file" / "x.smalti")
    says_one_sentence(done, "file")


@POSIX
def test_an_output_that_is_a_link_to_nothing_is_one_sentence(smalti, images, tmp_path):
    (tmp_path / "x.smalti").symlink_to(tmp_path / "nowhere" / "x")
    says_one_sentence(smalti("process", images, "-o", tmp_path / "x.smalti"), "x.smalti")


@pytest.mark.parametrize("name", ["nowhere/x.csv", "nowhere/x.parquet", "folder.csv"])
def test_a_table_that_cannot_be_written_is_one_sentence(smalti, project, tmp_path, name):
    (tmp_path / "folder.csv").mkdir()
    says_one_sentence(smalti("table", project, "-o", tmp_path / name), Path(name).name)


@HAS_FULL_DISK
@pytest.mark.parametrize("name", ["full.csv", "full.parquet"])
def test_a_full_disk_is_one_sentence(smalti, project, tmp_path, name):
    (tmp_path / name).symlink_to("/dev/full")
    says_one_sentence(smalti("table", project, "-o", tmp_path / name), "make room")


@HAS_FULL_DISK
def test_a_full_disk_behind_stdout_is_one_sentence(smalti, project):
    with Path("/dev/full").open("w") as full:
        done = smalti("table", project, capture_output=False, stdout=full, stderr=subprocess.PIPE)
    says_one_sentence(done, "make room")


def test_a_column_named_twice_is_one_sentence(smalti, project):
    says_one_sentence(smalti("table", project, "--columns", "path,path"), "'path' 2 times")


def test_a_port_that_cannot_be_is_refused_as_an_option(smalti, project):
    done = smalti("explore", project, "--port", "99999", "--no-browser")
    assert done.returncode == 2
    assert "65535" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_demo_into_a_file_is_one_sentence(smalti, tmp_path):
    (tmp_path / "file").write_text("no folder")
    says_one_sentence(smalti("demo", "--out", tmp_path / "file", "--no-serve"), "give another path")


def test_debug_adds_the_traceback_and_keeps_the_code(smalti, tmp_path):
    done = smalti("summary", tmp_path / "missing", "--debug")
    assert done.returncode == 2
    assert "Traceback" in done.stderr
    assert done.stderr.splitlines()[-1].startswith("smalti: there is no ")


def test_a_fault_of_our_own_ends_with_seventy(tmp_path):
    broken = "import smalti.processing.project as p\np.open = None\nfrom smalti.cli.main import main\nmain()"
    done = subprocess.run(
        [sys.executable, "-c", broken, "summary", str(tmp_path)],
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 70
    assert done.stderr.startswith("smalti: a fault of smalti's own: TypeError")
    assert len(done.stderr.splitlines()) == 1


@POSIX
@pytest.mark.parametrize("arguments", [["table"], ["summary"], None])
def test_a_reader_that_goes_away_ends_the_command_quietly(smalti, project, arguments):
    read, write = os.pipe()
    os.close(read)
    words = [*arguments, project] if arguments else ["--version"]
    done = smalti(*words, capture_output=False, stdout=write, stderr=subprocess.PIPE)
    os.close(write)
    assert (done.returncode, done.stderr) == (0, "")


def test_stopping_says_what_can_be_done_then(capsys):
    with pytest.raises(typer.Exit) as end, stoppable("go on"):
        raise KeyboardInterrupt
    assert end.value.exit_code == 130
    assert capsys.readouterr().err == "smalti: stopped; go on\n"


@POSIX
def test_a_fresh_run_that_is_stopped_goes_on_without_fresh(images, tmp_path):
    output = tmp_path / "x.smalti"
    command = [sys.executable, "-m", "smalti.cli", "process", images, "-o", output, "--fresh"]
    with subprocess.Popen(
        command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, encoding="utf-8"
    ) as run:
        while not output.exists() and run.poll() is None:
            time.sleep(0.01)
        run.send_signal(signal.SIGINT)
        said = run.communicate(timeout=60)[1]
    assert run.returncode == 130
    assert "stopped; without --fresh the same command goes on" in said
