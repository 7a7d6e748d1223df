"""Options of ``smalti process`` that say where it runs and in which pieces."""

from pathlib import Path
from typing import Annotated

import typer

from smalti.core.errors import UsageError

__all__ = [
    "BatchSize",
    "Cluster",
    "ClusterOption",
    "DryRun",
    "FlushEvery",
    "LogFile",
    "PartsDir",
    "Scheduler",
    "show_job_script",
]

_PANEL = "Where and in which pieces"

Scheduler = Annotated[
    str | None,
    typer.Option(
        metavar="ADDRESS",
        help="Measure on the workers of the dask scheduler at tcp://HOST:PORT.",
        show_default="processes of this machine",
        rich_help_panel=_PANEL,
    ),
]
Cluster = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="Measure on jobs of a queueing system: slurm, pbs, sge, lsf, htcondor, moab, oar, or local.",
        rich_help_panel=_PANEL,
    ),
]
ClusterOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="KEY=VALUE",
        help="Of the jobs: jobs (how many), cores, memory, walltime, queue, account, and all else that "
        "dask-jobqueue knows; repeatable.",
        rich_help_panel=_PANEL,
    ),
]
DryRun = Annotated[
    bool,
    typer.Option(
        "--dry-run", help="Print the job script of --cluster, and do nothing.", rich_help_panel=_PANEL
    ),
]
PartsDir = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR",
        help="Folder for the parts of the table while it grows, as on a faster disk.",
        show_default="inside the project",
        rich_help_panel=_PANEL,
    ),
]
FlushEvery = Annotated[
    int | None,
    typer.Option(
        min=1,
        metavar="N",
        help="Write a part after N images.",
        show_default="every two seconds",
        rich_help_panel=_PANEL,
    ),
]
BatchSize = Annotated[
    int | None,
    typer.Option(
        min=1,
        metavar="N",
        help="Files a worker gets at once.",
        show_default="by their size",
        rich_help_panel=_PANEL,
    ),
]
LogFile = Annotated[
    Path | None,
    typer.Option(
        metavar="F",
        help="Add a line to F for each thing that happens, images that are not ok among them.",
        rich_help_panel=_PANEL,
    ),
]


def show_job_script(cluster: str | None, options: list[str]) -> None:
    """Print what each job would run.

    Raises
    ------
    UsageError
        No cluster is named, or no job can be made of the options.
    """
    from smalti.processing.cluster.jobs import job_script

    if cluster is None:
        raise UsageError("--dry-run prints the job script of a cluster; name one, such as --cluster slurm")
    typer.echo(job_script(cluster, options))
