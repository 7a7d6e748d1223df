"""``smalti summary``: a project in numbers."""

import json
from typing import Annotated

import typer

from smalti.cli.more import tell_more
from smalti.cli.options import Debug, ProjectPath, Verbose

__all__ = ["summary"]


def summary(
    project: ProjectPath,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    verbose: Verbose = False,
    debug: Debug = False,
) -> None:
    """Say how many images are ok, failed and why, and what else was found."""
    from smalti.processing.project import open as open_project
    from smalti.processing.summary import tell

    opened = open_project(project)
    facts = opened.summary()
    typer.echo(json.dumps(facts, indent=2) if as_json else tell(facts))
    if verbose:
        tell_more(opened)
