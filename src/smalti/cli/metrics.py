"""``smalti metrics``: what is measured."""

import typer

from smalti.cli.more import tell_of_broken_plugins
from smalti.cli.options import Debug, Verbose

__all__ = ["metrics"]


def metrics(verbose: Verbose = False, debug: Debug = False) -> None:
    """List all metrics with the columns they fill, units and meanings."""
    from smalti.core.plugin import plugins

    for metric in plugins("metric").values():
        typer.echo(f"{metric.name}: {metric.meaning}")
        for column in metric.columns:
            unit = f" [{column.unit}]" if column.unit else ""
            typer.echo(f"    {column.name:<26} {column.meaning}{unit}")
    if verbose:
        plugins("loader")  # so that broken ones are named too
    tell_of_broken_plugins()
