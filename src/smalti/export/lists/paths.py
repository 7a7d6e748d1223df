"""Lists of paths, one a line: what is kept, and what is not."""

import polars as pl

from smalti.core.errors import UsageError
from smalti.core.plugin import exporter
from smalti.core.progress import Progress
from smalti.export.images import Chosen
from smalti.export.lists.file import write_list
from smalti.export.lists.options import ListOptions
from smalti.export.lists.rows import project_of, rows_of, with_full_paths
from smalti.export.report import Report

__all__ = ["paths", "rejected"]


@exporter("paths", title="List of paths", options=ListOptions, suffix=".txt", command="list --as paths")
def paths(images: Chosen, out: str, options: ListOptions, progress: Progress) -> Report:
    """The files of the images that are chosen, a path a line."""
    return _written(images, rows_of(images), out, options, progress)


@exporter(
    "rejected",
    title="List of what is left out",
    options=ListOptions,
    suffix=".txt",
    command="list --as rejected",
)
def rejected(images: Chosen, out: str, options: ListOptions, progress: Progress) -> Report:
    """The files of which no image is chosen, a path a line."""
    kept = rows_of(images).select("path")
    rest = project_of(images).images.collect().join(kept, on="path", how="anti").sort("path", "series")
    return _written(images, rest, out, options, progress)


def _written(
    images: Chosen, rows: pl.DataFrame, out: str, options: ListOptions, progress: Progress
) -> Report:
    rows = rows.unique("path", keep="first", maintain_order=True)
    listed = (with_full_paths(images, rows) if options.absolute else rows)["path"].to_list()
    broken = next((path for path in listed if "\n" in path or "\r" in path), None)
    if broken is not None:
        raise UsageError(f"{broken!r} has a line break in it; write these as csv or parquet")
    text = "".join(f"{path}\n" for path in listed)
    return write_list(
        out, text.encode("utf-8", "surrogateescape"), len(listed), options, progress, what="path"
    )
