"""``smalti shards``: recordings into training shards."""

import json
from typing import Annotated, Any

import typer

from smalti.cli.generated import with_options_of
from smalti.cli.images import ROW_OPTIONS, chosen_images, rows_of
from smalti.cli.options import Debug, stoppable
from smalti.core.errors import UsageError
from smalti.export.shards.options import ShardOptions

__all__ = ["shards"]


@with_options_of(ShardOptions, more=ROW_OPTIONS, sparse=True)
def shards(
    sources: Annotated[
        list[str] | None,
        typer.Argument(metavar="SRC…|X.smalti", help="Folders, files, patterns, URLs; or a project."),
    ] = None,
    out: Annotated[
        str | None,
        typer.Option("-o", "--out", metavar="DIR", help="Folder of the tar files; may be at s3://."),
    ] = None,
    config: Annotated[
        str | None,
        typer.Option(metavar="F.yaml", help="A file with inputs and options; what is typed comes before it."),
    ] = None,
    synthetic: Annotated[
        bool, typer.Option("--synthetic", help="Write a small set of known frames instead.")
    ] = False,
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
    """Write every frame as a sample of WebDataset tar files, with its metadata and an index.

    Exit code 1 when an image failed; dataset.yaml says why. A run that was stopped goes on when the same
    command is given again.
    """
    from smalti.core.progress import RichProgress
    from smalti.export.shards.api import asked_of
    from smalti.export.shards.config import Config, read_config
    from smalti.export.shards.memory import write_frames
    from smalti.export.shards.synthetic import known_recordings
    from smalti.export.shards.write import shards as run

    told = Config() if config is None else read_config(config)
    rows = rows_of(options)
    asked = asked_of(told, {name: value for name, value in options.items() if value is not None})
    inputs = sources or ([] if synthetic else list(told.inputs))
    if bool(inputs) == synthetic:
        raise UsageError("give recordings to write (folders, files, patterns or a project), or --synthetic")
    folder = out or told.out
    if not folder:
        raise UsageError("--out is missing; give the folder to write, such as --out train")
    with stoppable("the same command goes on where it was"):
        if synthetic:
            report = write_frames(known_recordings(), folder, asked, RichProgress())
        else:
            report = run(
                chosen_images(inputs, recursive, rows).with_metadata(metadata), folder, asked, RichProgress()
            )
    typer.echo(json.dumps(report.to_dict(), indent=2) if as_json else report.tell())
    if report.failed:
        raise typer.Exit(1)
