"""``smalti explore``: the project as a page in the browser."""

from typing import Annotated

import typer

from smalti.cli.more import tell_more
from smalti.cli.options import Base, Debug, Port, ProjectPath, Verbose

__all__ = ["explore"]


def explore(
    project: ProjectPath,
    base: Base = None,
    port: Port = 5006,
    address: Annotated[
        str, typer.Option(help="Address to serve on; others can reach only what is not localhost.")
    ] = ("localhost"),
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the browser.")] = True,
    verbose: Verbose = False,
    debug: Debug = False,
) -> None:
    """Serve the project's page until Ctrl-C; ready when it prints the URL."""
    from smalti.app.serve import serve
    from smalti.processing.project import open as open_project

    opened = open_project(project, base=base)
    if verbose:
        tell_more(opened)
    serve(opened, port=port, address=address, browser=browser)
