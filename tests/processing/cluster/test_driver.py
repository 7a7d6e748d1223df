"""A real dask scheduler and real workers measure as the processes of this machine do."""

import json
import os
import shutil
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager

import polars as pl
import pytest

import smalti
from smalti.core.errors import SmaltiError, UsageError
from smalti.core.image import ImageRef
from smalti.core.progress import Silent
from smalti.processing.cluster.driver import run_on_client
from smalti.processing.metric_set import choose_metrics
from smalti.processing.settings import Settings


@pytest.fixture(scope="module")
def cluster(dask_cluster):
    with dask_cluster() as cluster:
        yield cluster


@pytest.fixture
def mixed(tiffs):
    """Ten good images, three of which are stacks, a file that is none, and one with nothing in it."""
    (tiffs / "broken.tif").write_bytes(b"II*\0 not a tiff at all")
    (tiffs / "empty.png").write_bytes(b"")
    return tiffs


def run(base, output, **options):
    return smalti.process(base, output=output, progress=Silent(), **options)


def test_dask_workers_give_the_table_of_this_machine_to_the_last_bit(
    cluster, client_to, mixed, tmp_path, assert_same_tables
):
    calm = run(mixed, tmp_path / "calm.smalti")
    project = run(mixed, tmp_path / "x.smalti", client=client_to(cluster), batch_size=3)
    assert project.summary()["by_status"] == {"ok": 10, "unreadable": 2}
    assert_same_tables(project, calm)


def test_an_address_does_as_well_as_a_client_and_nothing_is_left_running(cluster, tiffs, tmp_path):
    assert run(tiffs, tmp_path / "x.smalti", client=cluster.scheduler_address).summary()["ok"] == 10
    pids = [worker.process.pid for worker in cluster.workers.values()]
    deadline = time.monotonic() + 10
    while any(map(children, pids)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(map(children, pids))


def children(pid):
    import psutil

    nanny = psutil.Process(pid)
    return [p for p in nanny.children(recursive=True) if "smalti.processing.worker" in p.cmdline()]


def test_a_second_run_has_nothing_to_do_for_the_workers(cluster, client_to, tiffs, tmp_path, told):
    client = client_to(cluster)
    run(tiffs, tmp_path / "x.smalti", client=client)
    smalti.process(tiffs, output=tmp_path / "x.smalti", client=client, progress=told)
    assert told.total == 0


def test_metrics_of_main_and_numbers_of_workers_do_not_go_with_a_scheduler(cluster, tiffs, tmp_path):
    with pytest.raises(UsageError, match="leave the number away"):
        run(tiffs, tmp_path / "x.smalti", client=cluster.scheduler_address, workers=2)
    assert not (tmp_path / "x.smalti").exists()


@pytest.mark.parametrize("client", [7, object()], ids=["number", "object"])
def test_what_is_no_client_is_refused(client, tiffs, tmp_path):
    with pytest.raises(UsageError, match=r"give a distributed\.Client"):
        run(tiffs, tmp_path / "x.smalti", client=client)


def test_a_scheduler_with_another_smalti_is_named_before_the_run(tiffs, tmp_path, monkeypatch):
    facts = tmp_path / "site" / "smalti-9.9.dist-info"
    facts.mkdir(parents=True)
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: smalti\nVersion: 9.9\n")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(facts.parent), os.environ.get("PYTHONPATH", "")]))
    words = r"scheduler at tcp://\S+ has smalti 9\.9, this is"
    with scheduler_and_worker(tmp_path) as (address, _), pytest.raises(UsageError, match=words):
        run(tiffs, tmp_path / "x.smalti", client=address)


def test_workers_that_do_not_see_the_folder_are_named_before_the_run(tiffs, tmp_path):
    if shutil.which("unshare") is None or subprocess.run(["unshare", "-Urm", "true"], check=False).returncode:
        pytest.skip("this system lets nobody mount a disk that only a test sees (unshare -Urm)")
    (tmp_path / "disk").mkdir()
    script = 'mount -t tmpfs none "$1" && cp -r "$2" "$1" && shift 2 && exec "$@"'
    base = tmp_path / "disk" / tiffs.name
    command = [sys.executable, "-m", "smalti.cli", "process", base, "-o", tmp_path / "x.smalti"]
    with scheduler_and_worker(tmp_path) as (address, _):
        hidden = ["unshare", "-Urm", "sh", "-c", script, "sh", tmp_path / "disk", tiffs, *command]
        done = subprocess.run(
            [*hidden, "--scheduler", address], capture_output=True, encoding="utf-8", check=False
        )
    assert done.returncode == 2
    assert f"1 of 1 dask workers do not see {base}, the first is tcp://127.0.0.1:" in done.stderr


def test_a_scheduler_without_workers_is_given_up(tiffs, client_to):
    from distributed import LocalCluster

    refs = [ImageRef(str(tiffs / "0000.ome.tif"), "0000.ome.tif")]
    options = {
        "host": "127.0.0.1",
        "dashboard_address": "127.0.0.1:0",
        "scheduler_kwargs": {"dashboard": False},
    }
    with LocalCluster(n_workers=0, silence_logs=50, **options) as empty:
        batches = run_on_client(refs, Settings(), choose_metrics(Settings()), client_to(empty), patience=0.5)
        with pytest.raises(SmaltiError, match=r"has had no workers for 0\.5 s; start some"):
            next(batches)


@pytest.mark.slow
def test_a_reader_that_crashes_or_hangs_costs_a_row_and_no_dask_worker(cluster, tiffs, tmp_path, bad_loaders):
    for name in ("a.hang", "b.kill", "c.leave"):
        (tiffs / name).write_bytes(b"x")
    pids = [worker.process.pid for worker in cluster.workers.values()]
    assert process(tiffs, tmp_path / "x.smalti", cluster, "--timeout", "1").returncode == 0
    rows = smalti.open(tmp_path / "x.smalti").images.filter(pl.col("status") != "ok").collect()
    assert dict(rows.select("path", "status").iter_rows()) == {
        "a.hang": "timeout",
        "b.kill": "crashed",
        "c.leave": "crashed",
    }
    assert [worker.process.pid for worker in cluster.workers.values()] == pids


def process(base, output, cluster, *options):
    """As a process of its own, which sees installed plugins."""
    command = [sys.executable, "-m", "smalti.cli", "process", base, "-o", output]
    told = ["--scheduler", cluster.scheduler_address, *options]
    whole = [*map(str, command), *told]
    return subprocess.run(whole, capture_output=True, encoding="utf-8", check=False, timeout=120)


@pytest.mark.slow
def test_a_file_that_kills_dask_workers_becomes_a_row_and_costs_no_other(
    dask_cluster, tiffs, tmp_path, install
):
    install(PARRICIDE)
    (tiffs / "0005.parricide").write_bytes(b"x")
    with dask_cluster(scheduler__allowed_failures=0) as cluster:
        done = process(tiffs, tmp_path / "x.smalti", cluster, "--batch-size", "4")
    assert done.returncode == 0, done.stderr
    images = smalti.open(tmp_path / "x.smalti").images.collect()
    assert images.filter(pl.col("status") == "crashed")["path"].to_list() == ["0005.parricide"]
    assert images.filter(pl.col("status") == "ok").height == 10


PARRICIDE = '''
import psutil
from smalti.core.plugin import loader

@loader("parricide", extensions=["parricide"])
def parricide(ref, limit):
    """Kills the process that started its own."""
    parent = psutil.Process().parent()
    assert "spawn_main" in " ".join(parent.cmdline())  # dask's, and not who took over an orphan
    parent.kill()
    yield
'''


@pytest.mark.slow
def test_a_scheduler_that_goes_away_ends_the_run_which_can_go_on(write_tiffs, tmp_path, assert_same_tables):
    base = write_tiffs(tmp_path / "images", 150)
    words = r"scheduler at tcp://\S+ went away"
    with scheduler_and_worker(tmp_path) as (address, scheduler), pytest.raises(SmaltiError, match=words):
        smalti.process(base, output=tmp_path / "x.smalti", client=address, progress=Killer(scheduler))
    project = run(base, tmp_path / "x.smalti")
    assert_same_tables(project, run(base, tmp_path / "calm.smalti"))


class Killer(Silent):
    """Kills a process as soon as the first files are done."""

    def __init__(self, process):
        self._process = process

    def update(self, state):
        if state.done:
            self._process.kill()


@contextmanager
def scheduler_and_worker(folder):
    """Started from the command line, as on a cluster without dask-jobqueue."""
    from distributed import Client

    at = folder / "scheduler.json"
    common = ["--host", "127.0.0.1", "--scheduler-file", str(at), "--no-dashboard"]
    with ExitStack() as stack:
        scheduler = stack.enter_context(started("distributed.cli.dask_scheduler", "--port", "0", *common))
        while not at.exists():
            assert scheduler.poll() is None
            time.sleep(0.05)
        stack.enter_context(started("distributed.cli.dask_worker", "--nthreads", "1", *common))
        address = json.loads(at.read_text())["address"]
        with Client(address, set_as_default=False) as client:
            client.wait_for_workers(1, timeout=60)
        yield address, scheduler


@contextmanager
def started(module, *arguments):
    command = [sys.executable, "-m", module, *arguments]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            yield process
        finally:
            process.kill()
