"""``smalti process``: images to QC table."""

from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer

from smalti.cli.machines import (
    BatchSize,
    Cluster,
    ClusterOption,
    DryRun,
    FlushEvery,
    LogFile,
    PartsDir,
    Scheduler,
    show_job_script,
)
from smalti.cli.more import tell_more
from smalti.cli.options import Debug, Exclude, Metrics, Verbose, names, stoppable

__all__ = ["process"]


def process(
    base: Annotated[
        str,
        typer.Argument(
            metavar="BASE",
            help="Folder of images, one file, a pattern in quotes, a table (CSV, TSV, Parquet) or list "
            "(.txt) of paths, or a URL (s3://, https://, gs://).",
        ),
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="X.smalti",
            help="Project folder to write.",
            show_default="in the user's cache",
        ),
    ] = None,
    path: Annotated[
        list[str] | None,
        typer.Option("-p", "--path", metavar="PATH", help="A condition, relative to BASE; repeatable."),
    ] = None,
    extension: Annotated[
        list[str] | None,
        typer.Option("-e", "--extension", metavar="EXT", help="Only files with this ending; repeatable."),
    ] = None,
    group_template: Annotated[
        str | None,
        typer.Option(
            "--group-template",
            metavar="TEMPLATE",
            help="Make columns of parts of the path, as '{plate}/{well}_{site:int}.tif'; types: str, int, "
            "float, date, date_compact, identity.",
        ),
    ] = None,
    stack_by: Annotated[
        str | None,
        typer.Option(
            "--stack-by",
            metavar="t,c,z",
            help="Files that differ only in these fields of the template are one image.",
        ),
    ] = None,
    metadata: Annotated[
        str | None,
        typer.Option("--metadata", metavar="TABLE", help="Join a CSV, TSV or Parquet table to the images."),
    ] = None,
    on: Annotated[
        str | None,
        typer.Option(
            "--on",
            metavar="COLUMN",
            help="What joins it: filename, path, stem or a column of the template; COLUMN=THEIRS where the "
            "table names it otherwise.",
        ),
    ] = None,
    loader: Annotated[
        str | None,
        typer.Option("-l", "--loader", metavar="LOADER", help="Reader for all files; 'none' opens nothing."),
    ] = None,
    workers: Annotated[int, typer.Option(min=0, metavar="N", help="Worker processes; 0 for one a core.")] = 0,
    memory: Annotated[
        str | None,
        typer.Option(
            metavar="SIZE", help="Memory for decoded planes, as 4GB.", show_default="half of the machine's"
        ),
    ] = None,
    timeout: Annotated[
        float, typer.Option(metavar="S", help="Seconds an image may go without finishing a plane.")
    ] = 300.0,
    isolate: Annotated[
        bool, typer.Option("--isolate", help="Open every file in a process of its own; 0.5 ms a file more.")
    ] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="Measure everything anew.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Exit code 1 if any image failed.")] = False,
    name: Annotated[
        str | None, typer.Option(metavar="N", help="Title of the project.", show_default="name of BASE")
    ] = None,
    flavor: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Label beside the title, such as the method.")
    ] = None,
    description: Annotated[
        str | None, typer.Option(metavar="TEXT", help="What the images are, for page and summary.")
    ] = None,
    cmap: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Colours of values in plots: a palette of Bokeh or colorcet.",
            show_default="viridis",
        ),
    ] = None,
    omit_base_dir: Annotated[
        bool, typer.Option("--omit-base-dir", help="Write nothing of where the images lie.")
    ] = False,
    scheduler: Scheduler = None,
    cluster: Cluster = None,
    cluster_option: ClusterOption = None,
    dry_run: DryRun = False,
    parts_dir: PartsDir = None,
    flush_every: FlushEvery = None,
    batch_size: BatchSize = None,
    log_file: LogFile = None,
    metrics: Metrics = None,
    exclude: Exclude = None,
    verbose: Verbose = False,
    debug: Debug = False,
) -> None:
    """Measure all images under BASE; a second run takes only what is new or changed."""
    from smalti.processing.hired import ahead

    if dry_run:
        show_job_script(cluster, cluster_option or [])
        return
    go_on = "the same command goes on where it was"
    with (
        nullcontext() if scheduler or cluster else ahead(base, workers),
        stoppable(f"without --fresh {go_on}" if fresh else go_on),
    ):
        from smalti.processing.project import process as run

        project = run(
            base,
            output=output,
            conditions=path,
            name=name,
            flavor=flavor,
            description=description,
            cmap=cmap,
            omit_base_dir=omit_base_dir or None,
            fresh=fresh,
            extensions=extension,
            group_template=group_template,
            stack_by=stack_by,
            metadata=metadata,
            on=on,
            loader=loader,
            workers=workers,
            memory=memory or 0,
            timeout=timeout,
            isolate=isolate,
            metrics=names(metrics),
            exclude=names(exclude),
            client=scheduler,
            cluster=cluster,
            cluster_options=cluster_option,
            parts_dir=parts_dir,
            flush_every=flush_every,
            batch_size=batch_size,
            log_file=log_file,
        )
    from smalti.processing.summary import tell

    facts = project.summary()
    typer.echo(f"{tell(facts)}\n  table    {project.path}")
    if verbose:
        tell_more(project)
    if strict and facts["failed"]:
        raise typer.Exit(1)
