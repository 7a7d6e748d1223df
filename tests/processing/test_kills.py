"""A kill at any moment, of driver or worker, loses nothing that a second run does not bring back."""

import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from typing import Any

import psutil
import pytest

import smalti
from smalti.core.progress import Silent

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def many(tmp_path_factory, write_tiffs):
    """160 images: enough to be killed in the middle of."""
    return write_tiffs(tmp_path_factory.mktemp("many") / "images", 160, shape=(256, 256))


@pytest.fixture(scope="module")
def undisturbed(many):
    started = time.monotonic()
    project = smalti.process(many, output=many.parent / "calm.smalti", progress=Silent())
    return project, time.monotonic() - started


@dataclass
class Engine:
    """Options that choose what measures, and who does it then."""

    options: list[str] = field(default_factory=list)
    cluster: Any = None

    def start(self, base, output):
        """A driver, and all that measure for it, once they are there and the run has begun."""
        command = [sys.executable, "-m", "smalti.cli", "process", str(base), "-o", str(output)]
        small = ["--batch-size", "4", "--flush-every", "12"]  # else most kills would find nothing written
        driver = subprocess.Popen(
            [*command, *small, *self.options],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            found = self._of_dask() if self.cluster else self._own(driver)
            if len(found) == 2 and (output / "project.json").exists():
                return driver, found
            time.sleep(0.01)
        raise AssertionError("the workers were not started")

    def _own(self, driver):
        children = psutil.Process(driver.pid).children()
        return [p for p in children if "smalti.processing.worker" in p.cmdline()]

    def _of_dask(self):
        if len(self.cluster.scheduler.workers) < len(self.cluster.workers):
            return []  # one that is killed before it has reported is not started again: dask's way
        pids = [nanny.pid for nanny in self.cluster.workers.values()]
        return [psutil.Process(pid) for pid in pids if pid and psutil.pid_exists(pid)]


@pytest.fixture(scope="module", params=["embedded", "isolate", "dask"])
def engine(request, dask_cluster):
    if request.param != "dask":
        yield Engine(["--workers", "2", *(["--isolate"] if request.param == "isolate" else [])])
    else:
        with dask_cluster() as cluster:
            yield Engine(["--scheduler", cluster.scheduler_address], cluster)


def assert_all_ended(workers):
    _, alive = psutil.wait_procs(workers, timeout=10)
    assert not alive


def test_a_killed_driver_can_be_resumed_and_leaves_no_orphan(
    engine, many, undisturbed, tmp_path, repeats, assert_same_tables
):
    calm, seconds = undisturbed
    chance = random.Random(1)
    for turn in range(repeats):
        output = tmp_path / f"{turn}.smalti"
        driver, workers = engine.start(many, output)
        time.sleep(chance.uniform(0, seconds))
        driver.kill()
        driver.communicate()
        if not engine.cluster:
            assert_all_ended(workers)
        project = smalti.process(many, output=output, workers=1, progress=Silent())
        assert_same_tables(project, calm)


def test_a_killed_worker_is_replaced(engine, many, undisturbed, tmp_path, repeats, assert_same_tables):
    calm, seconds = undisturbed
    chance = random.Random(2)
    for turn in range(repeats):
        output = tmp_path / f"{turn}.smalti"
        driver, workers = engine.start(many, output)
        worker = chance.choice(workers)
        time.sleep(chance.uniform(0, seconds * 0.7))
        if driver.poll() is None and worker.is_running():
            worker.kill()
        _, complaint = driver.communicate(timeout=120)
        assert driver.returncode == 0, complaint
        assert_same_tables(smalti.open(output), calm)


@pytest.mark.skipif(os.name == "nt", reason="signals are sent differently on Windows")
def test_ctrl_c_stops_cleanly_and_the_run_goes_on_later(
    engine, many, undisturbed, tmp_path, assert_same_tables
):
    calm, seconds = undisturbed
    driver, workers = engine.start(many, tmp_path / "x.smalti")
    time.sleep(seconds / 2)
    driver.send_signal(signal.SIGINT)
    _, complaint = driver.communicate(timeout=30)
    assert driver.returncode == 130
    assert "goes on where it was" in complaint
    assert "Traceback" not in complaint
    if not engine.cluster:
        assert_all_ended(workers)
    assert_same_tables(smalti.process(many, output=tmp_path / "x.smalti", progress=Silent()), calm)
