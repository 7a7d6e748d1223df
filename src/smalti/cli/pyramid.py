"""``smalti pyramid``: images as OME-Zarr at several resolutions."""

import json
from typing import Annotated, Any

import typer

from smalti.cli.choosing import Chosen as Rows
from smalti.cli.choosing import SavedView, SelectIds, SelectWhere, Where
from smalti.cli.generated import with_options_of
from smalti.cli.images import chosen_images
from smalti.cli.options import Debug, stoppable
from smalti.export.pyramid.options import PyramidOptions

__all__ = ["pyramid"]


@with_options_of(PyramidOptions)
def pyramid(
    sources: Annotated[
        list[str],
        typer.Argument(metavar="SRC…|X.smalti", help="Images, folders, patterns, URLs; or a project."),
    ],
    out: Annotated[
        str, typer.Option("-o", "--out", metavar="X.ome.zarr", help="Store to write; may be at s3://.")
    ],
    metadata: Annotated[
        str | None,
        typer.Option(
            metavar="CSV",
            help="Join a table by its column filename; its columns plate and well make a plate.",
        ),
    ] = None,
    recursive: Annotated[bool, typer.Option("--recursive", help="Look into sub-folders too.")] = False,
    where: Where = None,
    select_where: SelectWhere = None,
    select_ids: SelectIds = None,
    view: SavedView = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
    debug: Debug = False,
    **options: Any,
) -> None:
    """Write images as OME-Zarr pyramids: one image, several by number, or the fields of a plate.

    Exit code 1 when an image failed. The store is there as a whole or not at all: after a kill the same
    command begins anew.
    """
    from smalti.core.options import read_options
    from smalti.core.progress import RichProgress
    from smalti.export.pyramid.export import pyramid as run

    asked = read_options(
        PyramidOptions, {name: value for name, value in options.items() if value is not None}
    )
    rows = Rows(where=where or (), select_where=select_where or (), select_ids=select_ids, view=view)
    with stoppable("nothing was left behind; the same command begins anew"):
        report = run(
            chosen_images(sources, recursive, rows).with_metadata(metadata), out, asked, RichProgress()
        )
    typer.echo(json.dumps(report.to_dict(), indent=2) if as_json else report.tell())
    if report.failed:
        raise typer.Exit(1)
