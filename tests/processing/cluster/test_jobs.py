"""Jobs of queueing systems: their scripts, and jobs that really run, on this machine."""

import pytest

from smalti.core.errors import UnknownNameError, UsageError
from smalti.processing.cluster.jobs import CLUSTERS, check_cluster, job_script

SIZE = ["cores=8", "memory=24GB"]
NEEDED = {"htcondor": ["disk=1GB"], "oar": ["memory_per_core_property_name=not_applicable"]}


@pytest.mark.parametrize("name", CLUSTERS)
def test_every_kind_of_cluster_has_a_job_script(name):
    script = job_script(name, [*SIZE, *NEEDED.get(name, ())])
    assert "distributed.cli.dask_worker tcp://ADDRESS:PORT --name smalti --nthreads 8" in script


def test_options_reach_the_job_script():
    options = [*SIZE, "walltime=02:00:00", "queue=short", "account=lab", "jobs=40"]
    lists = ["job_script_prologue=module load python", "job-script-prologue=export A=1"]
    lines = job_script("slurm", [*options, *lists, "worker_extra_args=--lifetime 1h"]).splitlines()
    for line in ("#SBATCH -t 02:00:00", "#SBATCH -p short", "#SBATCH -A lab", "#SBATCH --cpus-per-task=8"):
        assert line in lines
    assert lines[-3:-1] == ["module load python", "export A=1"]
    assert lines[-1].endswith("--no-dashboard --lifetime 1h")


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("slum", [], "did you mean 'slurm'"),
        ("slurm", ["core=8"], "did you mean 'cores'"),
        ("slurm", ["cores"], "write for example cores=8"),
        ("slurm", ["cores=many"], "give a whole number from 1"),
        ("slurm", ["jobs=0"], "give a whole number from 1"),
        ("pbs", ["nanny=perhaps"], "give true or false"),
        ("sge", ["cores=8"], "add for example --cluster-option cores=8 --cluster-option memory=24GB"),
        ("lsf", ["cores=8", "memory=huge"], "huge"),
        ("htcondor", ["cores=8", "memory=24GB"], "disk"),
    ],
)
def test_what_makes_no_job_is_refused(name, options, words):
    with pytest.raises(UsageError, match=words):
        job_script(name, options)


def test_a_name_that_only_smalti_gives_is_no_option():
    with pytest.raises(UnknownNameError):
        job_script("slurm", ["scheduler=tcp://elsewhere:1"])


def test_a_machine_that_cannot_submit_jobs_says_which_command_is_missing(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageError, match=r"sbatch is not found, .* see the job script with --dry-run"):
        check_cluster("slurm", SIZE)
