"""``smalti convert``: images into one sharded Zarr store."""

import json
from typing import Annotated, Any

import typer

from smalti.cli.generated import with_options_of
from smalti.cli.images import ROW_OPTIONS, chosen_images, rows_of
from smalti.cli.options import Debug, stoppable
from smalti.export.settings import ConvertOptions

__all__ = ["convert"]


@with_options_of(ConvertOptions, more=ROW_OPTIONS)
def convert(
    sources: Annotated[
        list[str],
        typer.Argument(metavar="FOLDERS…|X.smalti", help="Folders, files, patterns, URLs; or a project."),
    ],
    out: Annotated[
        str,
        typer.Option(
            "-o", "--out", metavar="DST", help="X.zarr, or a folder for images.zarr; may be at s3://."
        ),
    ],
    metadata: Annotated[
        str | None,
        typer.Option(
            metavar="CSV",
            help="Join a table by its column filename: paths, or names that only one image has.",
        ),
    ] = None,
    recursive: Annotated[bool, typer.Option("--recursive", help="Look into sub-folders too.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
    debug: Debug = False,
    **options: Any,
) -> None:
    """Write images into one sharded Zarr array with a table beside it; of a project, those a filter leaves.

    Exit code 1 when an image failed: it has a row with its reason, and no pixels. A run that was stopped goes
    on when the same command is given again.
    """
    from smalti.core.options import read_options
    from smalti.core.progress import RichProgress
    from smalti.export.convert import convert as run

    rows = rows_of(options)
    asked = read_options(
        ConvertOptions, {name: value for name, value in options.items() if value is not None}
    )
    with stoppable("the same command goes on where it was"):
        images = chosen_images(sources, recursive, rows).with_metadata(metadata)
        report = run(images, out, asked, RichProgress())
    typer.echo(json.dumps(report.to_dict(), indent=2) if as_json else report.tell())
    if report.failed:
        raise typer.Exit(1)
