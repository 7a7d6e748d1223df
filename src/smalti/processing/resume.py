"""What a second run may build on, and which files it may leave out."""

from collections.abc import Mapping, Sequence

import polars as pl

from smalti.core.columns import Column
from smalti.core.errors import UsageError
from smalti.core.image import ImageRef
from smalti.core.remote import shown
from smalti.loaders.choose import known_extensions
from smalti.processing.facts import modified_at
from smalti.processing.frames import utf8
from smalti.processing.record import Record
from smalti.processing.settings import Settings
from smalti.sources.columns import Asked, with_columns
from smalti.sources.folder import Found, discover

__all__ = ["check_same_project", "look", "present_facts", "still_to_do"]


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


def look(record: Record, tables: Mapping[str, Sequence[Column]]) -> Found:
    """What is there now, with the columns that come with the files; `tables` are those it must not name."""
    asked = Asked(record.group_template, record.stack_by, record.metadata, record.on)
    taken = {column.name for table in ("images", "planes") for column in tables[table]}
    found = discover(record.base, record.paths, record.extensions, known_extensions())
    return with_columns(found, asked, taken)


def present_facts(found: Found, before: Record | None) -> pl.DataFrame:
    """What may change without a pixel changing: where each file lies, its condition, and joined columns.

    Columns that the last run joined and this one does not are null, which takes them out of the table.
    """
    facts = pl.DataFrame(
        {
            "path": [ref.path for ref in found.refs],
            "uri": [utf8(shown(ref.uri)) for ref in found.refs],
            "condition": [ref.condition for ref in found.refs],
        },
        schema=dict.fromkeys(("path", "uri", "condition"), pl.String),
    )
    if found.facts is not None:
        facts = facts.join(found.facts, on="path", how="left", maintain_order="left")
    gone = [name for name in (before.joined if before else ()) if name not in facts.columns]
    return facts.with_columns(pl.lit(None, pl.String).alias(name) for name in gone)


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
    if before.base != shown(base):
        paths = set(images.select("path").collect()["path"])
        if paths and not any(ref.path in paths for ref in refs):
            raise UsageError(
                f"this project holds the images of {shown(before.base)}, of which none is in {shown(base)}; "
                "give another -o, or add --fresh to replace them"
            )
