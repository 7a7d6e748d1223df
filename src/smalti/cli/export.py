"""``smalti export``: a project as one file, to be handed on."""

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from smalti.cli.options import Debug, Verbose
from smalti.cli.process import process
from smalti.core.errors import UsageError

__all__ = ["export"]

_OWN = ("base", "output", "verbose", "debug")
_FOR_PROJECTS = ("omit_base_dir",)
"""Options of `process` that a project takes, too."""


def _and_options_of(command: Callable[..., None]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command the options of another behind its own, so that each is described once."""

    def give(function: Callable[..., None]) -> Callable[..., None]:
        own = [p for p in inspect.signature(function).parameters.values() if p.kind is not p.VAR_KEYWORD]
        more = [p for p in inspect.signature(command).parameters.values() if p.name not in _OWN]
        optional = [p for p in own if p.default is not p.empty]
        ordered = [*(p for p in own if p.default is p.empty), *more, *optional]
        function.__signature__ = inspect.Signature(ordered)  # type: ignore[attr-defined]  # what Typer reads
        function.__annotations__ = {p.name: p.annotation for p in ordered} | {"return": None}
        return function

    return give


@_and_options_of(process)
def export(
    source: Annotated[str, typer.Argument(metavar="X|BASE", help="A project, or images to measure first.")],
    output: Annotated[
        Path,
        typer.Option("-o", "--output", metavar="X.zip", help="File to write; X.smalti for a folder."),
    ],
    verbose: Verbose = False,
    debug: Debug = False,
    **options: Any,
) -> None:
    """Write a project as one ZIP, or as a folder; images are measured first, with the options of `process`.

    While images are measured the project lies in X.smalti beside X.zip; a run that was stopped goes on from
    there, and one over a ZIP that is there takes only what is new or changed.
    """
    from smalti.processing.project import open as open_project
    from smalti.processing.sharing.kinds import is_project

    if not is_project(source):
        _measured({**options, "base": source, "verbose": verbose, "debug": debug}, output)
        return
    _refuse(options)
    made = open_project(source).export(output, omit_base_dir=options["omit_base_dir"])
    typer.echo(made)


def _refuse(options: dict[str, Any]) -> None:
    """UsageError for an option that only measuring takes."""
    usual = inspect.signature(process).parameters
    given = [n for n, value in options.items() if n not in _FOR_PROJECTS and value != usual[n].default]
    if given:
        names = ", ".join(f"--{name.replace('_', '-')}" for name in given)
        raise UsageError(
            f"{names}: a project is exported as it is; give these to smalti process, then export"
        )


def _measured(options: dict[str, Any], output: Path) -> None:
    from smalti.processing.paths import full_path
    from smalti.processing.project import open as open_project
    from smalti.processing.sharing.export import working_folder

    target = full_path(output)
    if target.suffix.lower() != ".zip":
        raise UsageError(
            f"{output} does not end in .zip; for a folder use: smalti process {options['base']} -o {output}"
        )
    with working_folder(target, fresh=options["fresh"]) as folder:
        try:
            process(output=folder, **options)
            failed = None
        except typer.Exit as end:  # --strict: the ZIP is made all the same
            if end.exit_code != 1:
                raise
            failed = end
        open_project(folder).export(target)
    typer.echo(f"  packed   {target}{'' if folder.exists() else f'; {folder.name} is in it and removed'}")
    if failed:
        raise failed
