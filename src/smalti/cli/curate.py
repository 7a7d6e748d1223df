"""``smalti curate STEP``: a command for each step that is installed, made of its options."""

import json
import re
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from smalti.cli.choosing import Chosen as Rows
from smalti.cli.generated import with_options_of
from smalti.cli.images import ROW_OPTIONS, given_of, rows_of
from smalti.cli.options import Debug, stoppable

__all__ = ["curate"]

Sources = Annotated[
    list[str],
    typer.Argument(metavar="SRC…", help="Images, volumes, folders, patterns, URLs, patch sets or a project."),
]
Sets = Annotated[list[str], typer.Argument(metavar="SET…", help="Sets of patches: their folders.")]
Urls = Annotated[
    list[str], typer.Argument(metavar="URLS.csv|URL…", help="A CSV with the column url, or URLs of volumes.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print what became of each item as JSON.")]


class Steps(TyperGroup):
    """The steps that are installed; none is imported before this command is used."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Their names."""
        from smalti.core.plugin import plugins

        return sorted(plugins("step"))

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of a step, or None."""
        from smalti.core.plugin import plugins

        plugin = plugins("step").get(cmd_name)
        return None if plugin is None else _command(plugin)

    def parse_args(self, ctx: Any, args: list[str]) -> Any:
        """Take ``--axes 0 1 2`` for ``--axes 0,1,2``, as the older scripts were called."""
        return super().parse_args(ctx, _joined(args))


curate = typer.Typer(
    cls=Steps,
    no_args_is_help=True,
    help="Clean images and volumes, cut them to patches, keep those that show something: one command a step.",
)


@curate.callback()
def _root() -> None:
    """Clean images and volumes, cut them to patches, keep those that show something: one command a step."""


def _command(plugin: Any) -> Any:
    from inspect import getdoc

    record = plugin.options["options"]
    needs_out, of_images = plugin.options["needs_out"], plugin.options["takes"] == "images"
    home = typer.Option("-o", "--out", metavar="DST", help="Folder to write to.")

    def run(
        sources: Sources, out: Any, as_json: AsJson = False, debug: Debug = False, **options: Any
    ) -> None:
        from smalti.core.options import read_options
        from smalti.core.progress import RichProgress

        rows = rows_of(options) if of_images else Rows()
        asked = read_options(record, {name: value for name, value in options.items() if value is not None})
        progress = RichProgress()
        with stoppable("the same command goes on from here"):
            try:
                outcome = plugin.function(given_of(sources, rows), out or "", asked, progress)
            finally:
                progress.close()
        typer.echo(json.dumps(outcome.to_dict(), indent=2) if as_json else outcome.tell())
        if outcome.failed:
            raise typer.Exit(1)

    taken = {"urls": Urls, "patches": Sets}
    run.__annotations__["sources"] = taken.get(plugin.options["takes"], Sources)
    run.__annotations__["out"] = Annotated[str, home] if needs_out else Annotated[str | None, home]
    if not needs_out:
        run.__defaults__ = (None, *(run.__defaults__ or ()))
    run.__doc__ = _help_of(getdoc(plugin.function) or "")
    made = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    made.command(plugin.name)(with_options_of(record, more=ROW_OPTIONS if of_images else {})(run))
    return typer.main.get_command(made)


def _help_of(doc: str) -> str:
    """What a docstring says to users, a paragraph a line: the terminal breaks lines where it ends."""
    return "\n\n".join(" ".join(part.split()) for part in _SECTION.split(doc, maxsplit=1)[0].split("\n\n"))


_SECTION = re.compile(r"\n\n[A-Z][a-z ]+\n-{3,}\n")
"""Where what a docstring says to programmers begins."""

_NUMBERS = re.compile(r"\d+(,\d+)*")


def _joined(args: Sequence[str]) -> list[str]:
    """Whole numbers behind ``--axes`` as one, with commas."""
    made: list[str] = []
    takes = False
    for arg in args:
        is_number = bool(_NUMBERS.fullmatch(arg))
        if takes and is_number and _NUMBERS.fullmatch(made[-1]):
            made[-1] += f",{arg}"
            continue
        takes = arg == "--axes" or (takes and is_number and bool(made) and made[-1] == "--axes")
        made.append(arg)
    return made
