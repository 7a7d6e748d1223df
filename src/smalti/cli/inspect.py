"""``smalti inspect``: a store in numbers."""

import json
from typing import Annotated

import typer

from smalti.cli.options import Debug

__all__ = ["Store", "inspect"]

Store = Annotated[str, typer.Argument(metavar="STORE", help="X.zarr, or the folder that images.zarr is in.")]


def inspect(
    store: Store,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    debug: Debug = False,
) -> None:
    """Say how many images a store holds, of which shape, type and compression, and how many failed."""
    from smalti.export.inspecting import inspect as look
    from smalti.export.inspecting import tell

    facts = look(store)
    typer.echo(json.dumps(facts, indent=2) if as_json else tell(facts))
