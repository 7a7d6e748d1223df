"""What a second run may build on, and which files it may leave out."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import polars as pl

from smalti.core.columns import Column
from smalti.core.errors import UsageError
from smalti.core.image import ImageRef
from smalti.core.plugin import plugins
from smalti.core.remote import shown
from smalti.loaders.choose import known_extensions
from smalti.processing.facts import modified_at
from smalti.processing.frames import utf8
from smalti.processing.record import Record
from smalti.processing.settings import Settings
from smalti.sources.columns import Asked, with_columns
from smalti.sources.folder import Found, discover
from smalti.table.schema import polars_schema

__all__ = [
    "check_same_project",
    "joined_names",
    "look",
    "present_facts",
    "stated_columns",
    "still_to_do",
]


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
    shared = stated_columns()
    found = discover(record.base, record.paths, record.extensions, known_extensions())
    found = with_columns(found, asked, taken - set(shared))
    if found.facts is None:
        return found
    types = polars_schema(column for column in tables["images"] if column.name in shared)
    casts = [pl.col(name).cast(dtype, strict=False) for name, dtype in types.items() if name in found.facts]
    own = tuple(column for column in found.columns if column.name not in shared)
    return replace(found, columns=own, facts=found.facts.with_columns(casts))


def stated_columns() -> dict[str, list[str]]:
    """Columns that some readers fill and names or tables may fill for other files, with these readers.

    A well is one whether a plate in Zarr states it or the name of a TIFF.
    """
    readers: dict[str, list[str]] = {}
    for plugin in plugins("loader").values():
        for column in plugin.columns:
            if not column.dtype.startswith("List"):
                readers.setdefault(column.name, []).append(plugin.name)
    return readers


def joined_names(found: Found) -> tuple[str, ...]:
    """Names of the columns that come with the files, those that readers share included."""
    return () if found.facts is None else tuple(found.facts.columns[1:])


def present_facts(found: Found, before: Record | None, declared: Sequence[Column]) -> pl.DataFrame:
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
    types = polars_schema(declared)
    return facts.with_columns(pl.lit(None, types.get(name, pl.String())).alias(name) for name in gone)


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
