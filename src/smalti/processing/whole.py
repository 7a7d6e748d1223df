"""The QC table of a project folder, read whole for views."""

from pathlib import Path

from smalti.table import store
from smalti.table.parquet import read_metadata
from smalti.table.schema import IMAGE_COLUMNS
from smalti.table.whole import Table

__all__ = ["whole_table"]


def whole_table(folder: Path, source: Path | None = None, palette: str = "") -> Table:
    """Read the images table of a project folder; planes and histograms stay on disk until asked for.

    Parameters
    ----------
    folder
        The project folder.
    source
        What it was unpacked from; None where it is the project itself.
    palette
        Colours of values as the project wants them; empty for the usual ones.
    """
    final = store.final_file(folder, "images")
    stated = read_metadata(final).columns if final.exists() else ()
    return Table(
        store.read(folder, "images").collect(),
        {column.name: column for column in (*IMAGE_COLUMNS, *stated)},
        planes=store.read(folder, "planes"),
        histograms=store.read(folder, "histograms"),
        source=str(source or folder),
        home=str(folder),
        palette=palette,
    )
