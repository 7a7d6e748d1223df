"""A kill at any moment, of driver or worker, loses nothing that a second run does not bring back."""

import os
import random
import signal
import subprocess
import sys
import time

import psutil
import pytest
from polars.testing import assert_frame_equal

import smalti
from smalti.core.progress import Silent
from smalti.processing.machine import usable_cores

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def many(tmp_path_factory, write_tiffs):
    """400 images: enough to be killed in the middle of."""
    return write_tiffs(tmp_path_factory.mktemp("many") / "images", 400, shape=(256, 256))


@pytest.fixture(scope="module")
def undisturbed(many):
    started = time.monotonic()
    project = smalti.process(many, output=many.parent / "calm.smalti", progress=Silent())
    return project, time.monotonic() - started


def start(base, output):
    command = [sys.executable, "-m", "smalti.cli", "process", str(base), "-o", str(output)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def workers_of(driver):
    """All that the driver will start, once they are there."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        found = [
            p for p in psutil.Process(driver.pid).children() if "smalti.processing.worker" in p.cmdline()
        ]
        if len(found) == usable_cores():
            return found
        time.sleep(0.01)
    raise AssertionError("the workers were not started")


def assert_all_ended(workers):
    _, alive = psutil.wait_procs(workers, timeout=10)
    assert not alive


def assert_same_tables(project, calm):
    for name in ("images", "planes", "histograms", "thumbnails"):
        assert_frame_equal(getattr(project, name).collect(), getattr(calm, name).collect())


def test_a_killed_driver_can_be_resumed_and_leaves_no_orphan(many, undisturbed, tmp_path, repeats):
    calm, seconds = undisturbed
    chance = random.Random(1)
    for turn in range(repeats):
        output = tmp_path / f"{turn}.smalti"
        driver = start(many, output)
        workers = workers_of(driver)
        time.sleep(chance.uniform(0, seconds))
        driver.kill()
        driver.communicate()
        assert_all_ended(workers)
        project = smalti.process(many, output=output, progress=Silent())
        assert_same_tables(project, calm)


def test_a_killed_worker_is_replaced(many, undisturbed, tmp_path, repeats):
    calm, seconds = undisturbed
    chance = random.Random(2)
    for turn in range(repeats):
        output = tmp_path / f"{turn}.smalti"
        driver = start(many, output)
        worker = chance.choice(workers_of(driver))
        time.sleep(chance.uniform(0, seconds * 0.7))
        if driver.poll() is None and worker.is_running():
            worker.kill()
        _, complaint = driver.communicate(timeout=120)
        assert driver.returncode == 0, complaint
        assert_same_tables(smalti.open(output), calm)


@pytest.mark.skipif(os.name == "nt", reason="signals are sent differently on Windows")
def test_ctrl_c_stops_cleanly_and_the_run_goes_on_later(many, undisturbed, tmp_path):
    calm, seconds = undisturbed
    driver = start(many, tmp_path / "x.smalti")
    workers = workers_of(driver)
    time.sleep(seconds / 2)
    driver.send_signal(signal.SIGINT)
    _, complaint = driver.communicate(timeout=30)
    assert driver.returncode == 130
    assert "goes on where it was" in complaint
    assert "Traceback" not in complaint
    assert_all_ended(workers)
    assert_same_tables(smalti.process(many, output=tmp_path / "x.smalti", progress=Silent()), calm)
