"""Disks that fill or cannot be written, and two runs at once."""

import subprocess
import sys

import numpy as np
import pytest
import tifffile
import zarr

import smalti
from smalti.core.errors import UsageError
from smalti.core.progress import Silent


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("places") / "images"
    folder.mkdir()
    for number in range(40):
        image = np.random.default_rng(number).integers(0, 60000, (96, 96)).astype(np.uint16)
        tifffile.imwrite(folder / f"{number:02}.tif", image)
    return folder


@pytest.mark.slow
def test_a_full_disk_stops_the_run_and_the_same_command_goes_on_when_there_is_room(
    small_disk, files, tmp_path
):
    disk = tmp_path / "disk"
    disk.mkdir()
    done = small_disk(FILL, disk, files, tmp_path / "kept", sys.executable)
    assert done.stdout.split() == ["2", "0", "0"], done.stderr
    assert "No space left on device" in done.stderr
    assert "make room there" in done.stderr
    assert "Traceback" not in done.stderr
    expected = np.stack([tifffile.imread(path) for path in sorted(files.iterdir())])
    assert np.array_equal(zarr.open_array(tmp_path / "kept" / "images", mode="r")[:, 0], expected)


FILL = """
convert() { "$4" -m smalti.cli convert "$2" -o "$1/x.zarr" --shard-images 4 >&2; echo $? >&3; }
exec 3>&1
convert "$@"
mount -o remount,size=64m "$1"
convert "$@"
"$4" -m smalti.cli verify "$1/x.zarr" >&2; echo $? >&3
cp -r "$1/x.zarr" "$3"
"""


def test_a_disk_that_cannot_be_written_is_named(small_disk, files, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    script = 'mount -o remount,ro "$1" && shift && exec "$@"'
    done = small_disk(
        script, disk, sys.executable, "-m", "smalti.cli", "convert", files, "-o", disk / "x.zarr"
    )
    assert done.returncode == 2
    assert "Read-only file system; nothing can be written there; give another path" in done.stderr


def test_of_two_writers_at_once_the_second_is_refused(files, tmp_path):
    class SecondWriter(Silent):
        said = ""

        def update(self, state):
            if state.message == "converting" and not self.said:
                command = [
                    sys.executable,
                    "-m",
                    "smalti.cli",
                    "convert",
                    str(files),
                    "--append",
                    "-o",
                    str(tmp_path),
                ]
                done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
                assert done.returncode == 2
                self.said = done.stderr

    second = SecondWriter()
    smalti.convert(files, tmp_path, progress=second)
    assert "another process is writing to" in second.said
    assert smalti.inspect(tmp_path)["total_images"] == 40
    assert smalti.verify(tmp_path)["n_faults"] == 0


def test_a_folder_that_is_no_store_is_neither_written_to_nor_replaced(files, tmp_path):
    (tmp_path / "x.zarr").mkdir()
    (tmp_path / "x.zarr" / "thesis.txt").write_text("all of it")
    for options in ({}, {"append": True}, {"overwrite": True}):
        with pytest.raises(UsageError, match="holds other things than a Zarr collection"):
            smalti.convert(files, tmp_path / "x.zarr", progress=Silent(), **options)
    assert [path.name for path in (tmp_path / "x.zarr").iterdir()] == ["thesis.txt"]
