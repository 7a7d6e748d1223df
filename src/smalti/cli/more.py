"""What ``--verbose`` adds, on stderr: images that are not ok, plugins that were left out."""

from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from smalti.processing.project import Project

__all__ = ["tell_more", "tell_of_broken_plugins"]


def tell_more(project: "Project") -> None:
    """Name every image that is not ok with its reason, then every plugin that was left out."""
    from smalti.core.plugin import plugins

    rows = project.images.select("path", "status", "error").collect()
    for path, status, error in rows.filter(rows["status"] != "ok").iter_rows():
        typer.echo(f"{status:<10} {path}: {error}", err=True)
    plugins("loader")  # only what was looked for is known to be broken
    plugins("metric")
    tell_of_broken_plugins()


def tell_of_broken_plugins() -> None:
    """Name every plugin that was looked for and left out, with the reason."""
    from smalti.core.plugin import broken

    for entry, reason in broken().items():
        typer.secho(f"plugin {entry} was left out: {reason}", fg="yellow", err=True)
