"""The command line: which commands there are, and how errors end it."""

import atexit
import gc
import os
import sys
import traceback
from contextlib import suppress
from io import TextIOWrapper
from typing import Annotated, NoReturn

import typer

from smalti import __version__
from smalti.cli import (
    app_path,
    convert,
    demo,
    explore,
    export,
    inspect,
    metrics,
    process,
    pyramid,
    samples,
    schema,
    shards,
    summary,
    table,
    verify,
)
from smalti.cli.curate import curate
from smalti.cli.errors import explain
from smalti.cli.list import list_
from smalti.cli.options import debugging

__all__ = ["app", "main"]

app = typer.Typer(
    name="smalti",
    help="Look at, judge, clean and hand on a pile of scientific images.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
for _command in (
    process.process,
    summary.summary,
    table.table,
    explore.explore,
    export.export,
    convert.convert,
    shards.shards,
    pyramid.pyramid,
    inspect.inspect,
    samples.samples,
    verify.verify,
    app_path.app_path,
    demo.demo,
    metrics.metrics,
    schema.schema,
):
    app.command()(_command)
app.command("list")(list_)
app.add_typer(curate, name="curate")
app.command("export-frames", help="The same as shards.")(shards.shards)


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
    """Run the command line and end the process.

    Exit codes: 0 done, also when the reader of the output went away; 1 an image failed (of ``process``
    with ``--strict``), or ``verify`` found a fault;
    2 the command cannot be done as it stands (one sentence on stderr says why); 70 a fault of smalti's
    own; 130 Ctrl-C. ``--debug`` adds the traceback and changes no code.
    """
    atexit.register(gc.freeze)  # what is imported is not looked through at the end: 80 ms of CPU
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # cp1252 has no σ, and lacks most alphabets of file names
    try:
        app()
    except SystemExit as end:
        sys.exit(_after_typer(end))
    except KeyboardInterrupt:
        sys.exit(130)
    except BaseException as error:  # a panic inside Polars is no Exception
        sys.exit(_told(error))
    sys.exit(0)


def _after_typer(end: SystemExit) -> int | str | None:
    """The exit code, where Typer took an error for its own and made 1 of it."""
    reason = end.__context__
    if isinstance(reason, BrokenPipeError):  # the reader went away, as `head` does
        _drop_output()
        return 0
    if isinstance(reason, typer.Abort):  # what Typer makes of an EOFError
        return _told(reason.__cause__ or reason)
    return end.code


def _told(error: BaseException) -> int:
    if debugging():
        traceback.print_exception(error)
    sentence, code = explain(error)
    typer.secho(f"smalti: {sentence}", fg="red", err=True)
    if isinstance(error, OSError):
        _drop_output()
    return code


def _drop_output() -> None:
    """What could not be written is not tried again at exit, which would end with code 120."""
    with suppress(AttributeError, OSError):  # no stdout, or one that is no file
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    main()
