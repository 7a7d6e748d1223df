"""Dask workers as jobs of a queueing system, through dask-jobqueue."""

from __future__ import annotations

import inspect
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from smalti.core.errors import MissingExtraError, UnknownNameError, UsageError

__all__ = ["CLUSTERS", "check_cluster", "job_script", "started"]

CLUSTERS = {
    "htcondor": "dask_jobqueue:HTCondorCluster",
    "local": "dask_jobqueue.local:LocalCluster",
    "lsf": "dask_jobqueue:LSFCluster",
    "moab": "dask_jobqueue:MoabCluster",
    "oar": "dask_jobqueue:OARCluster",
    "pbs": "dask_jobqueue:PBSCluster",
    "sge": "dask_jobqueue:SGECluster",
    "slurm": "dask_jobqueue:SLURMCluster",
}
"""Names of queueing systems; ``local`` runs the jobs on this machine, to try things out."""

_OURS = frozenset({"self", "scheduler", "name", "config_name", "security", "protocol"})
_OLD = frozenset({"extra", "job_extra", "env_extra", "header_skip"})
"""What a job takes, but is given by smalti, or has a newer name."""


def job_script(name: str, options: Sequence[str]) -> str:
    """The script that each job of a cluster would run; nothing is started or submitted.

    Parameters
    ----------
    name
        One of `CLUSTERS`.
    options
        ``"KEY=VALUE"``, where KEY is ``jobs`` (how many) or a parameter of dask-jobqueue's class, such as
        ``cores``, ``memory``, ``walltime``, ``queue``, ``account``; one that takes a list is repeated.

    Raises
    ------
    MissingExtraError
        dask-jobqueue is not installed.
    UnknownNameError
        There is no such cluster or option.
    UsageError
        A value does not fit, or one that is needed is missing.
    """
    given = _read(name, options)
    given.pop("jobs")
    return str(_job(name, given).job_script())


def check_cluster(name: str, options: Sequence[str]) -> None:
    """Raise UsageError when no jobs can be submitted; see `job_script` for more that is wrong."""
    given = _read(name, options)
    given.pop("jobs")
    command = _job(name, given).submit_command
    program = command.split()[0] if command else None
    if program and shutil.which(program) is None:
        raise UsageError(
            f"{program} is not found, so no jobs of {name} can be submitted from this machine; "
            "run this where it is, or see the job script with --dry-run"
        )


@contextmanager
def started(name: str, options: Sequence[str]) -> Iterator[Any]:
    """A cluster whose jobs are submitted, for the length of a with block; see `job_script`.

    Raises
    ------
    UsageError
        The queueing system does not take the jobs.
    """
    import dask

    given = _read(name, options)
    jobs = given.pop("jobs")
    own = dask.config.get(f"jobqueue.{name}.scheduler-options", {})
    host = {"host": "127.0.0.1"} if name == "local" else {}
    scheduler = {"dashboard": False, "dashboard_address": "127.0.0.1:0", **host, **own}
    cluster = _class(name)(scheduler_options=scheduler, **given)
    try:
        cluster.scale(jobs=jobs)
        cluster.__enter__()  # waits until the jobs are submitted
    except Exception as error:  # what the command said, in whatever form
        cluster.close()
        raise UsageError(f"{name} did not take the jobs: {_last_line(error)}") from error
    with cluster:
        yield cluster


def _read(name: str, options: Sequence[str]) -> dict[str, Any]:
    """What dask-jobqueue's class is given, and ``jobs``."""
    known = _parameters(_class(name).job_cls)
    # One dask worker a job: its threads share the memory of the job, and each has a process of its own.
    given: dict[str, Any] = {"jobs": 1, "processes": 1, "job_name": "smalti"}
    given["worker_extra_args"] = ["--no-dashboard"]
    if name == "local":
        given["worker_extra_args"] += ["--host", "127.0.0.1"]
    for option in options:
        key, equals, text = option.partition("=")
        key = key.strip().replace("-", "_")
        if not equals:
            raise UsageError(f"cluster option {option!r} is no KEY=VALUE; write for example cores=8")
        if key not in known:
            raise UnknownNameError("cluster option", key, known)
        value = _value(key, text.strip())
        given[key] = [*given.get(key, ()), *value] if isinstance(value, list) else value
    return given


def _parameters(job: type) -> frozenset[str]:
    """Names of what a kind of job takes; each class hands on what it does not know."""
    inits = [vars(kind)["__init__"] for kind in job.__mro__[:-1] if "__init__" in vars(kind)]
    names = {
        parameter.name
        for init in inits
        for parameter in inspect.signature(init).parameters.values()
        if parameter.kind is not inspect.Parameter.VAR_KEYWORD
    }
    return frozenset(names - _OURS - _OLD | {"jobs"})


def _value(key: str, text: str) -> Any:
    read, expected = _READERS.get(key, (str, "text"))
    try:
        return read(text)
    except (ValueError, KeyError):
        raise UsageError(f"cluster option {key} is {text!r}; give {expected}") from None


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


def _yes_or_no(text: str) -> bool:
    return {"true": True, "yes": True, "false": False, "no": False}[text.lower()]


def _one(text: str) -> list[str]:
    return [text]


_READERS: Mapping[str, tuple[Callable[[str], Any], str]] = {
    **dict.fromkeys(
        ("jobs", "cores", "processes", "job_cpu", "ncpus", "mem"), (_count, "a whole number from 1")
    ),
    "death_timeout": (float, "seconds"),
    **dict.fromkeys(("nanny", "use_stdin"), (_yes_or_no, "true or false")),
    **dict.fromkeys(
        (
            *("job_extra_directives", "job_script_prologue", "job_directives_skip", "worker_extra_args"),
            *("submit_command_extra", "cancel_command_extra"),
        ),
        (_one, "text; repeat the option for more"),
    ),
}


def _job(name: str, given: Mapping[str, Any]) -> Any:
    """One job, made as the cluster will make it."""
    try:
        return _class(name).job_cls("tcp://ADDRESS:PORT", name="smalti", **given)
    except (ValueError, TypeError) as error:
        if "cores" not in given or "memory" not in given:
            raise UsageError(
                f"a job of {name} needs to know its size; add for example "
                "--cluster-option cores=8 --cluster-option memory=24GB"
            ) from error
        raise UsageError(f"no job of {name} can be made of these options: {_last_line(error)}") from error


def _class(name: str) -> Any:
    if name not in CLUSTERS:
        raise UnknownNameError("cluster", name, CLUSTERS)
    module, _, kind = CLUSTERS[name].partition(":")
    try:
        return getattr(import_module(module), kind)
    except ImportError:
        raise MissingExtraError("dask-jobqueue", "cluster") from None


def _last_line(error: BaseException) -> str:
    lines = [line for line in str(error).splitlines() if line.strip()]
    return lines[-1].strip() if lines else type(error).__name__
