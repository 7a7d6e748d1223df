"""A folder that ``datasets.load_dataset("imagefolder", data_dir=…)`` of Hugging Face opens."""

import json
from dataclasses import replace
from pathlib import Path

import polars as pl

from smalti.core.errors import UsageError
from smalti.core.plugin import exporter
from smalti.core.progress import Progress
from smalti.export.images import Chosen
from smalti.export.lists.options import FolderOptions
from smalti.export.lists.rows import flat, plain_rows, refs_by_path, rows_of
from smalti.export.lists.trees import leaves, put_copy, put_link, put_tree
from smalti.export.report import Report
from smalti.writers.whole import refuse_there, write_whole

__all__ = ["imagefolder"]


@exporter(
    "imagefolder", title="Hugging Face imagefolder", options=FolderOptions, command="list --as imagefolder"
)
def imagefolder(images: Chosen, out: str, options: FolderOptions, progress: Progress) -> Report:
    """The files that are chosen in a folder, with a table of what is known of each."""
    rows = rows_of(images).unique("path", keep="first", maintain_order=True)
    if "file_name" in rows.columns:
        raise UsageError("the table has a column file_name already, which is what names the files; rename it")
    table = f"{out}/metadata.{options.metadata}"
    if Path(out).exists():
        refuse_there(table, overwrite=False)
    found = leaves(refs_by_path(images))
    report = put_tree(found, out, put_link if options.link else put_copy, progress, dry_run=options.dry_run)
    if options.dry_run:
        return report
    failed = {path for path, _ in report.errors}
    there = {leaf.path for leaf in found if (Path(out) / leaf.path).exists()} - failed
    write_whole(table, _table(rows.filter(pl.col("path").is_in(list(there))), options.metadata))
    several = rows_of(images).height - rows.height
    note = (
        (f"{several:,} more images are in these files; the table tells of the first in each",)
        if several
        else ()
    )
    return replace(report, problems=(*report.problems, *note))


def _table(rows: pl.DataFrame, kind: str) -> bytes:
    """``file_name`` and all columns but those of where files were; the paths in the folder are the names."""
    told = flat(rows).select(pl.col("path").alias("file_name"), pl.exclude("path", "uri", "error"))
    if kind == "csv":
        return told.write_csv().encode()
    return "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in plain_rows(told)).encode()
