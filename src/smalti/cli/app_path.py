"""``smalti app-path``: where the page's script lies, for ``panel serve``."""

from importlib.resources import files

import typer

__all__ = ["app_path"]


def app_path() -> None:
    """Print the path of the page's script, for ``panel serve``."""
    typer.echo(files("smalti.app") / "main.py")
