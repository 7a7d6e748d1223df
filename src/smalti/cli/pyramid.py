"""``smalti pyramid``: images as OME-Zarr at several resolutions."""

import json
import re
from pathlib import Path
from typing import Annotated, Any

import typer

from smalti.cli.generated import with_options_of
from smalti.cli.images import ROW_OPTIONS, chosen_images, rows_of
from smalti.cli.options import Debug, stoppable
from smalti.export.pyramid.options import PyramidOptions

__all__ = ["pyramid"]


@with_options_of(PyramidOptions, more=ROW_OPTIONS)
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

    rows = rows_of(options)
    sources, options["scale_factors"] = _factors_apart(sources, options["scale_factors"])
    asked = read_options(
        PyramidOptions, {name: value for name, value in options.items() if value is not None}
    )
    with stoppable("nothing was left behind; the same command begins anew"):
        report = run(
            chosen_images(sources, recursive, rows).with_metadata(metadata), out, asked, RichProgress()
        )
    typer.echo(json.dumps(report.to_dict(), indent=2) if as_json else report.tell())
    if report.failed:
        raise typer.Exit(1)


def _factors_apart(sources: list[str], factors: str | None) -> tuple[list[str], str | None]:
    """Sources and scale factors: of ``--scale-factors 2 2 2`` all but the first were taken for sources."""
    if factors is None:
        return sources, None
    more = [text for text in sources if re.fullmatch(r"\d+|([a-z]\d+)+", text) and not Path(text).exists()]
    return [text for text in sources if text not in more], " ".join([factors, *more])
