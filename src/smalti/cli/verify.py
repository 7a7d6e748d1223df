"""``smalti verify``: whether a store is what its table says."""

import json
from typing import Annotated

import typer

from smalti.cli.inspect import Store
from smalti.cli.options import Debug

__all__ = ["verify"]


def verify(
    store: Store,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    debug: Debug = False,
) -> None:
    """Check metadata, the index of every shard and the pixels of every image; exit code 1 for faults."""
    from smalti.core.progress import RichProgress
    from smalti.export.verifying import verify as check

    found = check(store, RichProgress())
    if as_json:
        typer.echo(json.dumps(found, indent=2))
    else:
        what = "no fault" if not found["n_faults"] else f"{found['n_faults']:,} faults"
        typer.echo(f"{found['images']:,} images in {found['shards']:,} shards of {found['path']}: {what}")
        for fault in found["faults"]:
            typer.echo(f"  {fault}")
    if found["n_faults"]:
        raise typer.Exit(1)
