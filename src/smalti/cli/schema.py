"""``smalti schema``: the catalogue of columns as JSON Schema."""

import json
from typing import Annotated

import typer

from smalti.cli.more import tell_of_broken_plugins
from smalti.cli.options import Debug, Exclude, Metrics, names

__all__ = ["schema"]


def schema(
    table: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="One row of images, planes, histograms or thumbnails only.",
            show_default="all tables",
        ),
    ] = None,
    metrics: Metrics = None,
    exclude: Exclude = None,
    debug: Debug = False,
) -> None:
    """Print the columns of all tables, plugins' included, as JSON Schema (draft 2020-12).

    Beside type and description, each column has x-dtype (its Polars type), x-unit, x-rollup (how values of
    planes become an image's) and x-metric (the metric that fills it).
    """
    from smalti.processing.catalogue import json_schema
    from smalti.processing.settings import Settings

    settings = Settings().set(metrics=names(metrics), exclude=names(exclude))
    typer.echo(json.dumps(json_schema(settings, table), indent=2))
    tell_of_broken_plugins()
