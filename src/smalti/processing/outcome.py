"""What became of the images of a batch, as rows and tables."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

import polars as pl

from smalti.core.columns import Column
from smalti.core.errors import SmaltiError
from smalti.core.image import ImageRef
from smalti.processing.facts import file_facts
from smalti.processing.frames import framed, reason
from smalti.processing.growing import Sheets, joined
from smalti.processing.job import Tables
from smalti.processing.metric_set import MetricSet
from smalti.processing.plane import Measured
from smalti.table.rollup import rollup

__all__ = ["Found", "failure", "tables_of"]

MAX_ERROR = 1000


@dataclass(slots=True)
class Found:
    """What is known of one image.

    Parameters
    ----------
    ref
        Its file, as it was asked for.
    facts
        Columns of file and image.
    measured
        What was measured.
    partial
        What is missing, as its loader says.
    said
        Status and error, where they do not follow from what was measured.
    ended
        The status, where its reader's process ended while it was measured.
    """

    ref: ImageRef
    facts: dict[str, Any]
    measured: Measured = field(default_factory=Measured)
    partial: str | None = None
    said: tuple[str, str | None] | None = None
    ended: str | None = None

    def row(self, metrics: MetricSet) -> dict[str, Any]:
        """Columns of the images table, but for what is rolled up from planes."""
        measured = self.measured
        if measured.failed is not None:
            return failure(self.ref, (self.facts["series"] - 1,), measured.failed).row(metrics)
        row = self.facts | {"metric_set": metrics.version}
        if self.said:
            return row | dict(zip(("status", "error"), self.said, strict=True))
        notes = [*([self.partial] if self.partial else []), *islice(measured.errors, 3)]
        if len(measured.errors) > 3:
            notes.append(f"and {len(measured.errors) - 3} more planes")
        status = "partial" if notes else "ok"
        if measured.errors and not measured.n_planes:
            status = "unreadable"
        if measured.trouble:
            notes.append(measured.trouble)
        row["status"], row["error"] = self.ended or status, "; ".join(notes)[:MAX_ERROR] or None
        row["n_planes_ok"] = measured.n_planes if metrics.wants else None
        row.update(
            zip((column.name for column in metrics.image_columns), measured.image_values, strict=False)
        )
        return row


def failure(ref: ImageRef, series: Collection[int], error: Exception) -> Found:
    """What is found of a file after the `series` that could be read: why there is no more."""
    facts = file_facts(replace(ref, series=max(series, default=-1) + 1))
    status = error.status if isinstance(error, SmaltiError) else "unreadable"
    said = (
        f"not enough memory to open it: {reason(error)}" if isinstance(error, MemoryError) else reason(error)
    )
    return Found(ref, facts, said=(status, said[:MAX_ERROR]))


def tables_of(
    files: Sequence[list[Found]],
    sheets: Sheets,
    metrics: MetricSet,
    columns: Mapping[str, Sequence[Column]],
) -> Tables:
    """Frames of a batch, in the order of its files and their planes.

    Where some value goes into no frame, only its file becomes an unreadable row.

    Parameters
    ----------
    files
        What was found of the images of each.
    sheets
        Tables of those planes that were measured with others.
    columns
        Of each table.
    """
    own = [found.measured.sheets for file in files for found in file if found.measured.sheets is not None]
    parts = [sheets, *own]
    planes = joined([part.planes for part in parts])
    tables = {
        "planes": planes,
        "histograms": joined([part.histograms for part in parts]),
        "thumbnails": joined([part.thumbnails for part in parts]),
    }
    given = columns["images"][: len(columns["images"]) - len(metrics.plane_columns)]
    try:
        images = _framed([found for file in files for found in file], metrics, given)
    except Exception:  # whatever it is, one of the files brought it: it is found and said below
        images, lost = _framed_apart(files, metrics, given)
        tables = {name: table.filter(~pl.col("image_id").is_in(lost)) for name, table in tables.items()}
    return {"images": _with_planes(images, tables["planes"], metrics), **tables}


def _framed(found: Sequence[Found], metrics: MetricSet, columns: Sequence[Column]) -> pl.DataFrame:
    rows = [each.row(metrics) for each in found]
    return framed([[row.get(column.name) for row in rows] for column in columns], columns)


def _framed_apart(
    files: Sequence[list[Found]], metrics: MetricSet, columns: Sequence[Column]
) -> tuple[pl.DataFrame, list[str]]:
    """The rows of each file framed alone, and the ids of images of which this could not be done."""
    frames, lost = [], []
    for file in files:
        try:
            frames.append(_framed(file, metrics, columns))
        except Exception as error:
            lost += [found.facts["image_id"] for found in file]
            why = SmaltiError(f"what was read of it fits no table: {reason(error)}")
            frames.append(_framed([failure(file[0].ref, (), why)], metrics, columns))
    return pl.concat(frames), lost


def _with_planes(images: pl.DataFrame, planes: pl.DataFrame, metrics: MetricSet) -> pl.DataFrame:
    """Images with the columns of their planes."""
    if not metrics.plane_columns:
        return images
    if images["image_id"].equals(planes["image_id"]):  # one plane each: a tenth of the time
        return images.hstack(planes.select(column.name for column in metrics.plane_columns))
    return images.join(_rolled_up(planes, metrics), on="image_id", how="left", maintain_order="left")


def _rolled_up(planes: pl.DataFrame, metrics: MetricSet) -> pl.DataFrame:
    """One row an image; the values of a single plane are the image's own, which saves 10 ms a batch."""
    own = [column.name for column in metrics.plane_columns]
    alone = pl.len().over("image_id") == 1
    single = planes.filter(alone).select("image_id", *own)
    if single.height == planes.height:
        return single
    several = planes.filter(~alone)
    means = rollup(several.lazy(), metrics.plane_columns, ["image_id"]).drop("n_planes").collect()
    return pl.concat([single, means.select(single.columns)])
