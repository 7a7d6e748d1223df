"""The rows that are chosen, as a table that other programs read."""

import tempfile
from pathlib import Path

import polars as pl

from smalti import __version__
from smalti.core.plugin import exporter
from smalti.core.progress import Progress
from smalti.export.images import Chosen
from smalti.export.lists.file import write_list
from smalti.export.lists.options import ListOptions
from smalti.export.lists.rows import flat, project_of, rows_of, with_full_paths
from smalti.export.report import Report
from smalti.processing.whole import whole_table
from smalti.table.parquet import stage

__all__ = ["csv", "parquet", "parquet_bytes"]


@exporter("csv", title="CSV table", options=ListOptions, suffix=".csv", command="list --as csv")
def csv(images: Chosen, out: str, options: ListOptions, progress: Progress) -> Report:
    """The rows of the images that are chosen, all columns; lists in them as JSON."""
    rows = flat(_rows(images, options))
    return write_list(out, rows.write_csv().encode(), rows.height, options, progress, what="row")


@exporter(
    "parquet", title="Parquet table", options=ListOptions, suffix=".parquet", command="list --as parquet"
)
def parquet(images: Chosen, out: str, options: ListOptions, progress: Progress) -> Report:
    """The rows of the images that are chosen, all columns, with their meanings and units inside."""
    rows = _rows(images, options)
    return write_list(out, parquet_bytes(images, rows), rows.height, options, progress, what="row")


def _rows(images: Chosen, options: ListOptions) -> pl.DataFrame:
    rows = rows_of(images)
    return with_full_paths(images, rows) if options.absolute else rows


def parquet_bytes(images: Chosen, rows: pl.DataFrame) -> bytes:
    """Rows as a Parquet file that tells what the columns of the project mean."""
    project = project_of(images)
    known = whole_table(project.path).columns
    columns = [known[name] for name in rows.columns if name in known]
    with tempfile.TemporaryDirectory(prefix="smalti-") as folder:
        return stage(
            rows.lazy(), Path(folder) / "rows.parquet", columns, {"smalti": __version__}
        ).read_bytes()
