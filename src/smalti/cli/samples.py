"""``smalti samples``: some images of a store as a picture."""

from pathlib import Path
from typing import Annotated

import typer

from smalti.cli.inspect import Store
from smalti.cli.options import Debug

__all__ = ["samples"]


def samples(
    store: Store,
    n: Annotated[int, typer.Option("-n", min=1, metavar="N", help="How many.")] = 6,
    seed: Annotated[int, typer.Option(min=0, metavar="S", help="The same seed draws the same images.")] = 0,
    save: Annotated[
        Path | None, typer.Option(metavar="F.png", help="Picture to write; else they are listed only.")
    ] = None,
    debug: Debug = False,
) -> None:
    """Draw images of a store by chance: list them, and write them as one picture."""
    from smalti.export.samples import display_sample_images, list_samples

    if save is None:
        typer.echo(list_samples(store, n, seed))
        return
    display_sample_images(store, n, save_path=save, seed=seed)
    typer.echo(save)
