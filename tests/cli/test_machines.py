"""``smalti process`` on schedulers and clusters, as typed."""

import socket
import time

import pytest

ONE = ["--cluster-option", "cores=1", "--cluster-option", "memory=2GB"]


@pytest.fixture
def silent_server():
    """The address of one that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"tcp://127.0.0.1:{server.getsockname()[1]}"


def test_a_dry_run_prints_the_job_script_and_makes_nothing(smalti, images, tmp_path):
    done = smalti("process", images, "-o", tmp_path / "x.smalti", "--cluster", "slurm", *ONE, "--dry-run")
    assert done.returncode == 0, done.stderr
    assert "#SBATCH --cpus-per-task=1" in done.stdout
    assert not list(tmp_path.iterdir())


def test_a_dry_run_of_no_cluster_is_refused(smalti, images):
    done = smalti("process", images, "--dry-run")
    assert done.returncode == 2
    assert "name one, such as --cluster slurm" in done.stderr


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("tcp://127.0.0.1:1", "Connection refused"),
        ("tcp://head.invalid:8786", "at tcp://head.invalid:8786: "),
        ("head", "Must include protocol"),
    ],
)
def test_a_scheduler_that_is_not_there_is_named_within_five_seconds(smalti, images, tmp_path, address, words):
    started = time.monotonic()
    done = smalti("process", images, "-o", tmp_path / "x.smalti", "--scheduler", address)
    assert time.monotonic() - started < 5
    assert done.returncode == 2
    assert f"no dask scheduler answers at {address}" in done.stderr
    assert words in done.stderr
    assert not list(tmp_path.iterdir())


def test_a_server_that_is_no_scheduler_is_told_from_one(smalti, images, tmp_path, silent_server):
    done = smalti("process", images, "-o", tmp_path / "x.smalti", "--scheduler", silent_server)
    assert done.returncode == 2
    assert f"no dask scheduler answers at {silent_server}: no answer within 3 s" in done.stderr


@pytest.mark.slow
def test_jobs_of_this_machine_measure_and_end(smalti, images, project, tmp_path):
    command = ["process", images, "-o", tmp_path / "x.smalti", "-p", "a", "-p", "b", "--cluster", "local"]
    done = smalti(*command, *ONE, "--cluster-option", "jobs=2")
    assert done.returncode == 0, done.stderr
    there, here = (smalti("table", path).stdout for path in (tmp_path / "x.smalti", project))
    assert there == here != ""
