"""A kill at any moment leaves whole shards only, and the same command goes on to the undisturbed result."""

import importlib.util
import random
import signal
import subprocess
import sys
import tarfile
import time
from pathlib import Path

import numpy as np
import psutil
import pytest
import tifffile

import smalti
from smalti.core.errors import UsageError
from smalti.core.progress import Silent

pytestmark = pytest.mark.slow

SCRIPT = Path(__file__).with_name("killed_at.py")
SPEC = importlib.util.spec_from_file_location("killed_at", SCRIPT)
killed_at = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(killed_at)


def run_script(folder, number=0, when="before"):
    command = [sys.executable, str(SCRIPT), str(folder), "shards", str(number), when]
    return subprocess.run(command, capture_output=True, encoding="utf-8", check=False)


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != ".lock"}


def assert_whole(folder):
    """What has the name of a shard can be read to its end."""
    for path in folder.glob("*.tar*"):
        with tarfile.open(path) as tar:
            assert len(tar.getmembers()) % 2 == 0


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole") / "t"
    done = run_script(folder)
    assert done.returncode == 0, done.stderr
    return folder, int(done.stdout)


def test_a_kill_at_each_file_put_in_place_is_made_good(undisturbed, tmp_path, repeats):
    whole, n_files = undisturbed
    places = [(number, when) for number in range(1, n_files + 1) for when in ("before", "after")]
    for number, when in random.Random(repeats).sample(places, min(len(places), 2 * repeats)):
        folder = tmp_path / f"{number}-{when}" / "t"
        assert run_script(folder, number, when).returncode == -signal.SIGKILL
        assert_whole(folder)
        killed_at.write(str(folder), "shards")
        assert contents(folder) == contents(whole)


def test_a_run_of_other_frames_does_not_go_on(tmp_path):
    assert run_script(tmp_path / "t", 4).returncode == -signal.SIGKILL
    with pytest.raises(UsageError, match="a run that was stopped, of other sources"):
        smalti.write_shards(
            images=np.ones((3, 4, 5)), output_dir=tmp_path / "t", shard_size="6kB", progress=Silent()
        )


@pytest.fixture(scope="module")
def recordings(tmp_path_factory):
    folder = tmp_path_factory.mktemp("files") / "in"
    folder.mkdir()
    for number in range(30):
        frames = np.random.default_rng(number).integers(-999, 999, (5, 64, 80)).astype(np.int16)
        tifffile.imwrite(folder / f"{number:02}.ome.tif", frames, ome=True, metadata={"axes": "TYX"})
    (folder / "11.ome.tif").write_bytes(b"II*\0 no image")
    (folder / "17.ome.tif").write_bytes((folder / "17.ome.tif").read_bytes()[:30_000])
    return folder


def export(recordings, out):
    options = ["--shard-size", "100kB", "--uint8", "--uint8-percent", "1", "--compressed"]
    command = [sys.executable, "-m", "smalti.cli", "shards", str(recordings), "--out", str(out), *options]
    return subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)


@pytest.fixture(scope="module")
def calm(recordings):
    started = time.monotonic()
    assert export(recordings, recordings.parent / "calm" / "t").wait() == 1  # two files are broken
    return recordings.parent / "calm" / "t", time.monotonic() - started


def test_a_kill_at_any_time_is_made_good_by_the_same_command(recordings, calm, tmp_path, repeats):
    whole, seconds = calm
    for number in range(repeats):
        folder = tmp_path / str(number) / "t"
        driver = export(recordings, folder)
        time.sleep(random.uniform(0.5, 1.0) * seconds)
        workers = psutil.Process(driver.pid).children() if driver.poll() is None else []
        driver.kill()
        driver.wait()
        assert not psutil.wait_procs(workers, timeout=10)[1]
        assert_whole(folder)
        if not (folder / "dataset.yaml").exists() or any(folder.glob(".*.run")):
            assert export(recordings, folder).wait() == 1
        assert contents(folder) == contents(whole)
