"""``smalti list``: what a filter keeps of a project, as lists, tables, folders and for other programs."""

import json
from typing import Annotated, Any

import typer

from smalti.cli.generated import with_options_of
from smalti.cli.images import ROW_OPTIONS, chosen_images, rows_of
from smalti.cli.options import Debug, ProjectPath, stoppable
from smalti.core.errors import UnknownNameError, UsageError
from smalti.export.lists.options import FolderOptions, ListOptions

__all__ = ["list_"]

BEGINS = "list --as "
"""The commands of exporters that this one calls."""


@with_options_of(ListOptions, FolderOptions, more=ROW_OPTIONS, sparse=True)
def list_(
    project: ProjectPath,
    out: Annotated[str, typer.Option("-o", "--out", metavar="OUT", help="File or folder to write.")],
    kind: Annotated[
        str,
        typer.Option(
            "--as",
            metavar="KIND",
            help="paths, rejected, csv, parquet, copy, symlinks, coco, imagefolder, provenance, "
            "embedding-atlas, fiftyone, or what plugins add.",
        ),
    ] = "paths",
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
    debug: Debug = False,
    **options: Any,
) -> None:
    """Write what a filter keeps of a project: paths, tables, copies or links of files, COCO and others.

    Exit code 1 when a file could not be copied or linked. No file of a copied or linked folder is ever
    overwritten.
    """
    from smalti.core.options import options_of, read_options
    from smalti.core.plugin import plugins
    from smalti.core.progress import RichProgress

    known = {
        plugin.options["command"].removeprefix(BEGINS): plugin
        for plugin in plugins("exporter").values()
        if plugin.options["command"].startswith(BEGINS)
    }
    if kind not in known:
        raise UnknownNameError("list", kind, known)
    rows, record = rows_of(options), known[kind].options["options"]
    own = {one.name for one in options_of(record)}
    given = {name: value for name, value in options.items() if value is not None}
    for name in given.keys() - own:
        raise UsageError(f"--{name.replace('_', '-')} says nothing to --as {kind}; leave it out")
    asked = read_options(record, given)
    with stoppable("what was written stays"):
        images = chosen_images([str(project)], False, rows, readable=False)
        report = known[kind].function(images, out, asked, RichProgress())
    typer.echo(json.dumps(report.to_dict(), indent=2) if as_json else report.tell())
    if report.failed:
        raise typer.Exit(1)
