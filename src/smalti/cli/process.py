"""``smalti process``: images to QC table."""

from pathlib import Path
from typing import Annotated

import typer

from smalti.cli.options import Debug, Verbose, stoppable

__all__ = ["process"]


def process(
    base: Annotated[Path, typer.Argument(metavar="BASE", help="Folder of images, or one file.")],
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="X.smalti", help="Project folder to write.")
    ] = None,
    path: Annotated[
        list[str] | None,
        typer.Option("-p", "--path", help="A condition: a path relative to BASE; repeatable."),
    ] = None,
    extension: Annotated[
        list[str] | None,
        typer.Option("-e", "--extension", help="Only files with this extension; repeatable."),
    ] = None,
    loader: Annotated[
        str | None, typer.Option("-l", "--loader", help="Reader for all files; 'none' opens nothing.")
    ] = None,
    workers: Annotated[int, typer.Option(min=0, help="Threads; 0 for one a core.")] = 0,
    memory: Annotated[
        str | None,
        typer.Option(metavar="SIZE", help="Memory for decoded planes, as 4GB. [half of the machine's]"),
    ] = None,
    timeout: Annotated[
        float, typer.Option(help="Seconds an image may go without finishing a plane.")
    ] = 300.0,
    fresh: Annotated[bool, typer.Option("--fresh", help="Measure everything anew.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Exit code 1 if any image failed.")] = False,
    name: Annotated[str | None, typer.Option(help="Title. [name of BASE]")] = None,
    metric: Annotated[
        list[str] | None,
        typer.Option("--metrics", help="Only these metrics; 'none' measures nothing; repeatable."),
    ] = None,
    exclude: Annotated[
        list[str] | None, typer.Option("--exclude", help="Not these metrics; repeatable.")
    ] = None,
    verbose: Verbose = False,
    debug: Debug = False,
) -> None:
    """Measure all images under BASE; a second run takes only what is new or changed."""
    from smalti.processing.project import process as run
    from smalti.processing.summary import tell

    with stoppable():
        project = run(
            base,
            output=output,
            conditions=path,
            name=name,
            fresh=fresh,
            extensions=extension,
            loader=loader,
            workers=workers,
            memory=memory or 0,
            timeout=timeout,
            metrics=metric,
            exclude=exclude or (),
        )
    facts = project.summary()
    if verbose:
        _list_failures(project)
    typer.echo(f"{tell(facts)}\n  table    {project.path}")
    if strict and facts["failed"]:
        raise typer.Exit(1)


def _list_failures(project: object) -> None:
    from smalti.processing.project import Project

    assert isinstance(project, Project)
    rows = project.images.select("path", "status", "error").collect()
    for path, status, error in rows.filter(rows["status"] != "ok").iter_rows():
        typer.echo(f"{status:<10} {path}: {error}")
