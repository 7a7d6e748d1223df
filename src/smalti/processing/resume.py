"""Which files a second run may leave out."""

from collections.abc import Iterable

import polars as pl

from smalti.core.errors import UsageError
from smalti.core.image import ImageRef
from smalti.processing.batch import modified_at
from smalti.processing.record import Record
from smalti.processing.settings import Settings

__all__ = ["check_same_reading", "still_to_do"]


def still_to_do(refs: Iterable[ImageRef], images: pl.LazyFrame | None, metric_set: str) -> list[ImageRef]:
    """Files that are new, changed, not ok last time, or were measured with other metrics.

    Parameters
    ----------
    refs
        Everything that was found.
    images
        The table so far; None when there is none.
    metric_set
        Version of the metrics of this run.
    """
    if images is None:
        return list(refs)
    done = (
        images.group_by("path")
        .agg(
            pl.col("size_bytes", "modified").first(),
            ((pl.col("status") == "ok") & (pl.col("metric_set") == metric_set)).all().alias("fine"),
        )
        .filter("fine")
        .select("path", "size_bytes", "modified")
        .collect()
    )
    known = {path: (size, modified) for path, size, modified in done.iter_rows()}
    return [ref for ref in refs if known.get(ref.path) != (ref.size_bytes, modified_at(ref.mtime))]


def check_same_reading(record: Record, settings: Settings) -> None:
    """Raise UsageError when a project was read with another loader: its rows would not compare."""
    before = record.settings.get("loader")
    if record.finished and before != settings.loader:
        raise UsageError(
            f"this project was read with loader {before or 'chosen by content'}, now "
            f"{settings.loader or 'chosen by content'} is asked for; add --fresh to start anew"
        )
