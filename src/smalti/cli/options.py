"""Options and arguments that several commands share."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

__all__ = [
    "Base",
    "Debug",
    "Exclude",
    "Metrics",
    "Port",
    "ProjectPath",
    "Verbose",
    "debugging",
    "names",
    "stoppable",
]

_state = {"debug": False}


def debugging() -> bool:
    """Whether errors are shown with their traceback."""
    return _state["debug"]


def _set_debug(value: bool) -> None:
    _state["debug"] = _state["debug"] or value


@contextmanager
def stoppable(then: str) -> Iterator[None]:
    """Ctrl-C ends the command with exit code 130 and one sentence that says what `then` can be done."""
    try:
        yield
    except KeyboardInterrupt:
        typer.secho(f"smalti: stopped; {then}", fg="yellow", err=True)
        raise typer.Exit(130) from None


def names(texts: Iterable[str] | None) -> list[str] | None:
    """``["a,b", "c"]`` as a, b, c; None when the option was not given."""
    return None if texts is None else [name.strip() for text in texts for name in text.split(",")]


Verbose = Annotated[
    bool,
    typer.Option("--verbose", "-v", help="Also name images that are not ok and plugins that were left out."),
]
Debug = Annotated[
    bool, typer.Option("--debug", help="Show tracebacks of errors.", callback=_set_debug, is_eager=True)
]
Port = Annotated[int, typer.Option(min=0, max=65535, help="Port to serve on; 0 for any free one.")]
ProjectPath = Annotated[
    Path,
    typer.Argument(metavar="X", help="A project: its folder, its ZIP, or a QC table alone (Parquet)."),
]
Base = Annotated[
    str | None,
    typer.Option(metavar="DIR", help="Where the images lie now.", show_default="where they were measured"),
]
Metrics = Annotated[
    list[str] | None,
    typer.Option(
        metavar="A,B",
        help="Only these metrics, by their names or those of their columns (see `smalti metrics`); "
        "'none' measures nothing. Repeatable.",
        show_default="all",
    ),
]
Exclude = Annotated[
    list[str] | None,
    typer.Option(metavar="A,B", help="All metrics but these, named as for --metrics. Repeatable."),
]
