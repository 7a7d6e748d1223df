"""Parts on another disk, full disks, places that cannot be written, and two runs at once."""

import getpass
import json
import os
import platform
import sys
from pathlib import Path

import pytest

import smalti
from smalti.core.errors import SmaltiError, UsageError
from smalti.core.progress import Silent
from smalti.processing.folder import locked


class Stopper(Silent):
    """Stops a run as Ctrl-C does, once some files are done."""

    def update(self, state):
        if state.done:
            raise KeyboardInterrupt


@pytest.fixture
def stopped(tiffs, tmp_path):
    """A run with its parts on another disk that was stopped after a few files."""
    with pytest.raises(KeyboardInterrupt):
        process(tiffs, tmp_path, parts_dir=tmp_path / "disk", batch_size=2, progress=Stopper())
    return tmp_path / "x.smalti"


def process(base, folder, **options):
    return smalti.process(base, output=folder / "x.smalti", **({"progress": Silent()} | options))


def test_parts_on_another_disk_are_found_again_and_gone_at_the_end(stopped, tiffs, tmp_path, told):
    assert list((tmp_path / "disk").glob("part-*.images.parquet"))
    project = smalti.open(stopped)
    done = project.images.collect().height
    assert 0 < done < 10
    process(tiffs, tmp_path, progress=told)
    assert told.total == 10 - done
    assert project.images.collect().height == 10
    assert not (tmp_path / "disk").exists()
    assert sorted(path.name for path in stopped.glob("parts*")) == []


def test_parts_that_are_not_there_are_asked_for(stopped, tiffs, tmp_path, told):
    (tmp_path / "disk").rename(tmp_path / "unplugged")
    with pytest.raises(SmaltiError, match=r"lie in .*disk, which is not there"):
        process(tiffs, tmp_path)
    process(tiffs, tmp_path, progress=told, fresh=True)
    assert told.total == 10


def test_a_folder_of_parts_belongs_to_one_project(stopped, tiffs, tmp_path):
    with pytest.raises(UsageError, match=r"holds the parts of .*x\.smalti"):
        process(tiffs, tmp_path / "other", parts_dir=tmp_path / "disk")
    with pytest.raises(UsageError, match="go on without --parts-dir"):
        process(tiffs, tmp_path, parts_dir=tmp_path / "second")
    moved = stopped.rename(tmp_path / "moved.smalti")
    project = smalti.process(tiffs, output=moved, parts_dir=tmp_path / "disk", progress=Silent())
    assert project.summary()["ok"] == 10


@pytest.mark.parametrize(
    ("where", "words"),
    [("x.smalti/inside", "lies inside the project"), ("foreign", "holds other files named part-")],
)
def test_folders_that_cannot_hold_parts_are_refused(where, words, tiffs, tmp_path):
    (tmp_path / "foreign").mkdir()
    (tmp_path / "foreign" / "part-00000.parquet").write_bytes(b"of somebody else")
    with pytest.raises(UsageError, match=words):
        process(tiffs, tmp_path, parts_dir=tmp_path / where)
    assert (tmp_path / "foreign" / "part-00000.parquet").exists()


def test_a_part_is_written_after_so_many_images(tiffs, tmp_path):
    numbers = []

    class Counter(Silent):
        def update(self, state):
            numbers.append(len(list((tmp_path / "x.smalti" / "parts").glob("part-*.images.parquet"))))

    process(tiffs, tmp_path, flush_every=3, batch_size=1, workers=1, progress=Counter())
    assert numbers == [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3]


@pytest.mark.parametrize("option", [{"flush_every": 0}, {"batch_size": "many"}, {"parts_dire": "x"}])
def test_run_options_that_make_no_sense_are_refused(option, tiffs, tmp_path):
    project = smalti.Project("x", tiffs, output=tmp_path / "x.smalti")
    with pytest.raises(UsageError, match=r"whole number from 1|did you mean 'parts_dir'"):
        project.process(progress=Silent(), **option)


def test_the_second_of_two_runs_is_told_whose_the_first_is(tmp_path):
    folder = tmp_path / "x.smalti"
    me = f"{getpass.getuser()} on {platform.node()}, process {os.getpid()}, since "
    with locked(folder), pytest.raises(UsageError, match=me), locked(folder):
        pass
    (folder / ".lock-owner").write_text("somebody who was killed")
    with locked(folder):
        assert (folder / ".lock-owner").read_text().startswith(me)


@pytest.mark.slow
def test_a_full_disk_stops_the_run_which_goes_on_after_room_is_made(
    small_disk, write_tiffs, tmp_path, assert_same_tables
):
    base, disk = write_tiffs(tmp_path / "images", 60, shape=(128, 128)), tmp_path / "disk"
    disk.mkdir()
    done = small_disk(FILL, disk, base, tmp_path / "kept", sys.executable)
    assert done.stdout.split() == ["2", "0"], done.stderr
    assert "No space left on device" in done.stderr
    assert "make room there" in done.stderr
    assert "Traceback" not in done.stderr
    assert 0 < json.loads((tmp_path / "kept" / "count").read_text()) < 60
    assert_same_tables(
        smalti.open(tmp_path / "kept" / "x.smalti"), smalti.process(base, output=tmp_path / "calm.smalti")
    )


FILL = """
run() { "$4" -m smalti.cli process "$2" -o "$1/x.smalti" --batch-size 1 --flush-every 4; echo $? >&3; }
run "$@" 3>&1 >/dev/null
mkdir "$3"
"$4" -c "
import sys, smalti
print(smalti.open(sys.argv[1]).images.collect().height)" "$1/x.smalti" >"$3/count"
mount -o remount,size=64m "$1"
run "$@" 3>&1 >/dev/null
cp -r "$1/x.smalti" "$3"
"""


@pytest.mark.parametrize("option", ["-o", "--parts-dir", "--log-file"])
def test_a_place_that_cannot_be_written_is_named(small_disk, option, tiffs, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    others = [] if option == "-o" else ["-o", tmp_path / "x.smalti"]
    script = 'mount -o remount,ro "$1" && shift && exec "$@"'
    command = [sys.executable, "-m", "smalti.cli", "process", tiffs, *others, option, disk / "new"]
    done = small_disk(script, disk, *command)
    assert done.returncode == 2
    assert f"{disk / 'new'}: Read-only file system" in done.stderr
    assert "give another path" in done.stderr


def test_the_log_tells_what_happened_line_by_line(tiffs, tmp_path):
    (tiffs / "two\nlines.tif").write_bytes(b"II*\0 not a tiff at all")
    log = tmp_path / "run.log"
    process(tiffs, tmp_path, log_file=log)
    process(tiffs, tmp_path, log_file=log)
    lines = log.read_text().splitlines()
    assert [line.split()[2] for line in lines].count("WARNING") == 2
    assert "unreadable: two\\nlines.tif: tiff: " in next(line for line in lines if "WARNING" in line)
    assert "measures 11 of 11 files" in lines[0]
    assert "in all: 11 of 11 files, 1 images failed, " in lines[3]


def test_the_log_tells_why_a_run_stopped(tiffs, tmp_path):
    with pytest.raises(UsageError):
        process(tiffs, tmp_path, client="127.0.0.1:1", log_file=tmp_path / "run.log")
    assert "ERROR stopped: no dask scheduler answers at" in Path(tmp_path / "run.log").read_text()
