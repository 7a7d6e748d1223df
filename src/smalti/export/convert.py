"""Images into one sharded Zarr store that can be trusted: ``smalti convert``."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from smalti.core.image import ImageRef
from smalti.core.plugin import exporter
from smalti.core.progress import Progress
from smalti.export.dry import plan_lines
from smalti.export.images import Chosen
from smalti.export.layout import Layout, check_stacks, planned
from smalti.export.report import Report
from smalti.export.session import Before, Item, look_before, writing
from smalti.export.settings import ConvertOptions
from smalti.export.stream import Readers, Stored, readers
from smalti.processing.facts import modified_at
from smalti.processing.settings import Settings
from smalti.writers.target import target_at

__all__ = ["convert", "store_path"]

Found = list[dict[str, Any]]
"""Rows of `smalti.export.reading.FOUND` with ``path``, in the order of the files."""


def store_path(out: str) -> str:
    """Where the store will be: `out` when it ends in ``.zarr``, else ``images.zarr`` in it."""
    plain = out.rstrip("/") or out
    return plain if plain.endswith(".zarr") else f"{plain}/images.zarr"


@exporter("convert", title="Zarr collection", options=ConvertOptions, suffix=".zarr")
def convert(images: Chosen, out: str, options: ConvertOptions, progress: Progress) -> Report:
    """All images in one sharded Zarr array with a table beside it, for training and fast reading.

    Raises
    ------
    UsageError
        Shapes, types or stacks of which nothing was said; or a store that is there, or that they do not
        fit. Nothing is written then.
    SmaltiError
        The store is damaged, or was written to by somebody else.
    """
    target, store = target_at(store_path(out))
    creation = options.creation() | {"sources": list(images.origins)}
    try:
        before = look_before(target, store, options, creation)
        settings = Settings(workers=options.workers, memory=options.memory_bytes)
        with readers(options.reading, images.single, settings) as reading:
            found = reading.look(images.refs, progress)
            check_stacks(found)
            layout = planned(found, options, before.layout)
            if options.dry_run:
                name, lines = f"{target.name}/{store}", plan_lines(found, layout, options)
                return Report(name, plan=lines, problems=images.problems)
            with writing(target, store, layout, options, creation, before) as session:
                session.progress, session.facts = progress, images.facts
                session.problems = (*images.problems, *_changed(images.refs, before))
                spool = target.scratch / "spool"
                return session.take(
                    _items(images, found, layout, options, before, reading, spool), len(found)
                )
    finally:
        target.close()
        progress.close()


def _items(
    images: Chosen,
    found: Found,
    layout: Layout,
    options: ConvertOptions,
    before: Before,
    reading: Readers,
    spool: Path,
) -> Iterator[Item]:
    """All rows to be, in order; files without a picture are not opened again, nor those that are stored."""
    held = {of: list(rows) for of, rows in groupby(found, key=lambda row: row["of"])}
    left = [ref for ref in images.refs if not _is_stored(ref, held[ref.image_id], before, images.single)]
    readable = [ref for ref in left if any(row["error"] is None for row in held[ref.image_id])]
    n_bytes = [_pixel_bytes(held[ref.image_id], options) for ref in readable]
    n_png = sum(held[ref.image_id][0]["format"] == "PNG" for ref in readable)
    stored = reading.read(readable, n_bytes, options.wanted(layout.dtype), spool, n_png)
    groups = groupby(stored, key=lambda one: one.ref.image_id)
    opened = {ref.image_id for ref in readable}
    for ref in left:
        if ref.image_id not in opened:
            failed = [Stored(ref, row, None) for row in held[ref.image_id]]
        for one in next(groups)[1] if ref.image_id in opened else failed:
            item = _item(one, layout, images.single)
            if _key(item.row) not in before.done:
                yield item


def _changed(refs: Sequence[ImageRef], before: Before) -> Iterator[str]:
    """That files are not any more what a run that was stopped stored of them, in words."""
    now = {ref.path: [ref.size_bytes, modified_at(ref.mtime)] for ref in refs}
    changed = [path for path, facts in before.files.items() if path in now and now[path] != list(facts)]
    gone = [path for path in before.files if path not in now]
    for paths, what in ((changed, "changed"), (gone, "are gone")):
        if paths:
            yield (
                f"{len(paths):,} files {what} since the run that was stopped, such as {paths[0]}; "
                "with --overwrite all are taken anew"
            )


def _is_stored(ref: ImageRef, rows: Found, before: Before, single: bool) -> bool:
    """Whether a run that was stopped had come past a file."""
    series = ref.series if single else None
    failed = (ref.path, series, None, None) in before.done
    return failed or all((ref.path, row["series"], row["t"], row["z"]) in before.done for row in rows)


def _key(row: Mapping[str, Any]) -> tuple[str, int | None, int | None, int | None]:
    return row["path"], row["series"], row["t"], row["z"]


def _pixel_bytes(rows: Found, options: ConvertOptions) -> int:
    """Bytes of what is stored of a file, about."""
    size = options.resize and prod(options.resize)
    return sum(
        row["shape"][0] * (size or prod(row["shape"][1:])) * np.dtype(row["dtype"]).itemsize
        for row in rows
        if row["error"] is None
    )


def _item(one: Stored, layout: Layout, single: bool) -> Item:
    """A row of the table, and the array that its image goes to."""
    row = one.facts | {
        "filename": one.ref.path.rpartition("/")[2],
        "path": one.ref.path,
        "source_size": one.ref.size_bytes,
        "source_modified": modified_at(one.ref.mtime),
    }
    if one.pixels is None:
        failed = dict.fromkeys(("stored_shape", "min", "max", "mean", "n_nan", "pixel_hash"))
        return Item(row | failed | {"series": one.ref.series if single else None})
    home = layout.home((one.facts["stored_dtype"], *one.facts["stored_shape"]))
    if home is None:
        shape = "×".join(map(str, one.facts["stored_shape"]))
        error = f"it changed while it was read: it is {shape} {one.facts['stored_dtype']} now"
        return Item(row | {"error": error, "pixel_hash": None})
    return Item(row, one.pixels, home.path)
