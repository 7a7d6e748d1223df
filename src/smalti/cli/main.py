"""The command line: which commands there are, and how errors end it."""

import sys
from typing import Annotated, NoReturn

import typer

from smalti import __version__
from smalti.cli import demo, explore, metrics, process, summary, table
from smalti.cli.options import debugging
from smalti.core.errors import SmaltiError

__all__ = ["app", "main"]

app = typer.Typer(
    name="smalti",
    help="Look at, judge, clean and hand on a pile of scientific images.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
for _command in (process.process, summary.summary, table.table, explore.explore, demo.demo, metrics.metrics):
    app.command()(_command)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"smalti {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool,
        typer.Option("--version", help="Show the version and exit.", callback=_show_version, is_eager=True),
    ] = False,
) -> None:
    """Look at, judge, clean and hand on a pile of scientific images."""


def main() -> NoReturn:
    """Run the command line; an error is one message on stderr and exit code 2."""
    try:
        app()
    except SmaltiError as error:
        if debugging():
            raise
        typer.secho(f"smalti: {error}", fg="red", err=True)
        sys.exit(2)
    except BrokenPipeError:
        sys.stderr.close()  # the reader of our output went away, as `head` does
        sys.exit(0)
    sys.exit(0)


if __name__ == "__main__":
    main()
