"""Options and arguments that several commands share."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

__all__ = ["Debug", "ProjectPath", "Verbose", "debugging", "stoppable"]

_state = {"debug": False}


def debugging() -> bool:
    """Whether errors are shown with their traceback."""
    return _state["debug"]


def _set_debug(value: bool) -> None:
    _state["debug"] = _state["debug"] or value
    if value:
        logging.basicConfig(level=logging.DEBUG)


def _set_verbose(value: bool) -> bool:
    if value and not debugging():
        logging.basicConfig(level=logging.INFO)
    return value


@contextmanager
def stoppable() -> Iterator[None]:
    """Ctrl-C ends the command with one sentence and exit code 130; what was measured is kept."""
    try:
        yield
    except KeyboardInterrupt:
        typer.secho("smalti: stopped; the same command goes on where it was", fg="yellow", err=True)
        raise typer.Exit(130) from None


Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Say more.", callback=_set_verbose)]
Debug = Annotated[
    bool,
    typer.Option("--debug", help="Show tracebacks and log everything.", callback=_set_debug, is_eager=True),
]
ProjectPath = Annotated[
    Path, typer.Argument(metavar="X.smalti", help="A project folder that `process` wrote.")
]
