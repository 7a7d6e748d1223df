"""The QC table of a project folder, read whole for views."""

from pathlib import Path

from smalti.table import store
from smalti.table.parquet import read_metadata
from smalti.table.schema import IMAGE_COLUMNS
from smalti.table.whole import Table

__all__ = ["whole_table"]


def whole_table(folder: Path) -> Table:
    """Read the images table of a project folder; planes and histograms stay on disk until asked for."""
    final = store.final_file(folder, "images")
    stated = read_metadata(final).columns if final.exists() else ()
    return Table(
        store.read(folder, "images").collect(),
        {column.name: column for column in (*IMAGE_COLUMNS, *stated)},
        planes=store.read(folder, "planes"),
        histograms=store.read(folder, "histograms"),
        source=str(folder),
    )
