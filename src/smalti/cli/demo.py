"""``smalti demo``: a made-up dataset with known defects, measured and shown."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from smalti.cli.more import tell_more
from smalti.cli.options import Debug, Port, Verbose, stoppable

if TYPE_CHECKING:
    import polars as pl

__all__ = ["demo"]


def demo(
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder for images and project.")] = Path("demo"),
    serve: Annotated[bool, typer.Option("--serve/--no-serve", help="Show the page at the end.")] = True,
    port: Port = 5006,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the browser.")] = True,
    verbose: Verbose = False,
    debug: Debug = False,
) -> None:
    """Write 200 synthetic images with known defects, measure them, and look at the result."""
    from smalti.processing.project import process
    from smalti.processing.summary import tell
    from smalti.testing.dataset import write_dataset
    from smalti.testing.recovery import recovered

    typer.echo(f"writing images to {out / 'images'}")
    with stoppable("the same command makes the demo anew"):
        truth = write_dataset(out / "images")
        project = process(
            out / "images",
            output=out / "demo.smalti",
            name="smalti demo",
            conditions=truth["condition"].unique().sort().to_list(),
        )
    typer.echo(f"{tell(project.summary())}\n  table    {project.path}\n")
    typer.echo(_told(recovered(truth, project.images.collect())))
    if verbose:
        tell_more(project)
    if serve:
        from smalti.app.serve import serve as serve_page

        serve_page(project, port=port, address="localhost", browser=browser)


def _told(found: "pl.DataFrame") -> str:
    lines = ["injected defect   images   stand out   in column"]
    for defect, images, out, column in found.iter_rows():
        lines.append(f"{defect:<15} {images:>8} {out:>11}   {column}")
    return "\n".join(lines)
