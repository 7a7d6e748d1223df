"""What a second run may build on, and which files it may leave out."""

from collections.abc import Sequence

import polars as pl

from smalti.core.errors import UsageError
from smalti.core.image import ImageRef
from smalti.processing.batch import modified_at
from smalti.processing.record import Record
from smalti.processing.settings import Settings

__all__ = ["check_same_project", "present_facts", "still_to_do"]


def still_to_do(refs: Sequence[ImageRef], images: pl.LazyFrame | None, metric_set: str) -> list[ImageRef]:
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


def present_facts(refs: Sequence[ImageRef]) -> pl.DataFrame:
    """Where each file lies now and its condition, which may change without a pixel changing."""
    return pl.DataFrame(
        {
            "path": [ref.path for ref in refs],
            "uri": [ref.uri.encode("utf-8", "replace").decode() for ref in refs],
            "condition": [ref.condition for ref in refs],
        },
        schema=dict.fromkeys(("path", "uri", "condition"), pl.String),
    )


def check_same_project(
    before: Record, images: pl.LazyFrame, base: str, refs: Sequence[ImageRef], settings: Settings
) -> None:
    """Raise UsageError when the rows there are of another base or another loader: they would not compare."""
    loader = before.settings.get("loader")
    if loader != settings.loader:
        raise UsageError(
            f"this project was read with loader {loader or 'chosen by content'}, now "
            f"{settings.loader or 'chosen by content'} is asked for; add --fresh to start anew"
        )
    if before.base != base:
        paths = set(images.select("path").collect()["path"])
        if paths and not any(ref.path in paths for ref in refs):
            raise UsageError(
                f"this project holds the images of {before.base}, of which none is in {base}; "
                "give another -o, or add --fresh to replace them"
            )
