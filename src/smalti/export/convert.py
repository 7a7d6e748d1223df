"""Images into one sharded Zarr store that can be trusted: ``smalti convert``."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from math import prod
from pathlib import Path

import numpy as np

from smalti.core.errors import NothingFoundError, UsageError
from smalti.core.image import ImageRef
from smalti.core.plugin import exporter
from smalti.core.progress import Progress
from smalti.export.dry import plan_lines
from smalti.export.images import Chosen
from smalti.export.layout import Layout, check_homes, check_stacks, planned
from smalti.export.report import Report
from smalti.export.scanned import Scanned
from smalti.export.session import Before, Item, look_before, writing
from smalti.export.settings import ConvertOptions
from smalti.export.stream import Readers, Stored, readers
from smalti.processing.facts import modified_at
from smalti.processing.settings import Settings
from smalti.writers.target import LocalTarget, RemoteTarget, target_at

__all__ = ["convert", "layout_for", "store_path"]


def store_path(out: str) -> str:
    """Where the store will be: `out` when it ends in ``.zarr``, else ``images.zarr`` in it."""
    if not out.strip():
        raise UsageError("the place of the store is empty; give one, such as images.zarr")
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
    if images.single and options.fits_ext:
        raise UsageError("the images of a project are HDUs already; leave fits_ext out, or give the folder")
    target, store = target_at(store_path(out))
    name = f"{target.name}/{store}"
    creation = options.creation() | {"sources": list(images.origins)}
    settings = Settings(workers=options.workers, memory=options.memory_bytes)
    try:
        images = _without_store(images, target, store)
        before = look_before(target, store, options, creation)
        asked = {(ref.path, ref.series if images.single else None) for ref in images.refs}
        before.check(name, asked, images.facts)
        with readers(options.reading, images.single, settings) as reading:
            found = _scanned(reading, images.refs, progress)
            every = [one for scanned in found.values() for one in scanned]
            check_stacks(every)
            layout = layout_for(every, options, before, name)
            if options.dry_run:
                return Report(name, plan=plan_lines(every, layout, options), problems=images.problems)
            with writing(target, store, layout, options, creation, before) as session:
                session.progress, session.facts = progress, images.facts
                session.problems = (*images.problems, *_changed(images.refs, before))
                items = _items(images, found, layout, options, before, reading, target.scratch / "spool")
                return session.take(items, len(every))
    finally:
        target.close()
        progress.close()


def layout_for(found: Sequence[Scanned], options: ConvertOptions, before: Before, name: str) -> Layout:
    """The arrays for pictures: of a run that goes on those that it began with."""
    if before.rows is None:
        return planned(found, options, None if before.state is None else before.state.layout)
    layout = Layout.of_plain(before.run["layout"])
    check_homes(found, options, layout, name)
    return layout


def _without_store(images: Chosen, target: LocalTarget | RemoteTarget, store: str) -> Chosen:
    """Without what lies in the store that is written to.

    Raises
    ------
    UsageError
        An image that was asked for by itself lies in it, or it lies in one that is a folder.
    """
    place = target.place(store)
    inside = [ref for ref in images.refs if f"{target.real(ref.uri)}/".startswith(f"{place}/")]
    around = [ref for ref in images.refs if place.startswith(f"{target.real(ref.uri)}/")]
    wrong = [*around, *(inside if images.single else ())]
    if wrong:
        raise UsageError(f"{wrong[0].path} and the store {place} lie in one another; give another --out")
    if not inside:
        return images
    known = {ref.image_id for ref in inside}
    left = tuple(ref for ref in images.refs if ref.image_id not in known)
    if not left:
        raise NothingFoundError(
            f"there is no image but what lies in the store {place} itself; give another --out"
        )
    return replace(images, refs=left)


def _scanned(reading: Readers, refs: Sequence[ImageRef], progress: Progress) -> dict[str, list[Scanned]]:
    """What each file holds, by its `image_id`, in their order."""
    path_of = {ref.image_id: ref.path for ref in refs}
    found: dict[str, list[Scanned]] = {ref.image_id: [] for ref in refs}
    for row in reading.look(refs, progress):
        found[row["of"]].append(Scanned.of(path_of[row["of"]], row))
    return found


def _items(
    images: Chosen,
    found: dict[str, list[Scanned]],
    layout: Layout,
    options: ConvertOptions,
    before: Before,
    reading: Readers,
    spool: Path,
) -> Iterator[Item]:
    """All rows to be, in order; files without a picture are not opened again, nor those that are stored."""
    done = before.done
    left = [ref for ref in images.refs if not _is_stored(ref, found[ref.image_id], done, images.single)]
    readable = [ref for ref in left if not all(one.error for one in found[ref.image_id])]
    n_bytes = [_pixel_bytes(found[ref.image_id], options) for ref in readable]
    n_png = sum(found[ref.image_id][0].format == "PNG" for ref in readable)
    stored = reading.read(readable, n_bytes, options.wanted(layout.dtype), spool, n_png)
    groups = groupby(stored, key=lambda one: one.ref.image_id)
    opened = {ref.image_id for ref in readable}
    for ref in left:
        failed = [Stored(ref, {"error": one.error}, None) for one in found[ref.image_id] if one.error]
        for one in next(groups)[1] if ref.image_id in opened else failed:
            item = _item(one, layout, images.single)
            if (item.row["path"], *(item.row.get(name) for name in ("series", "t", "z"))) not in done:
                yield item


def _is_stored(
    ref: ImageRef,
    found: Sequence[Scanned],
    done: frozenset[tuple[str, int | None, int | None, int | None]],
    single: bool,
) -> bool:
    """Whether a run that was stopped had come past a file."""
    failed = (ref.path, ref.series if single else None, None, None) in done
    return failed or all((one.path, one.series, one.t, one.z) in done for one in found)


def _changed(refs: Sequence[ImageRef], before: Before) -> Iterator[str]:
    """That files are not any more what a run that was stopped stored of them, in words."""
    if before.rows is None:
        return
    now = {ref.path: (ref.size_bytes, modified_at(ref.mtime)) for ref in refs}
    rows = before.rows.select("path", "source_size", "source_modified").unique(maintain_order=True)
    changed = [path for path, *facts in rows.iter_rows() if now.get(path) != tuple(facts)]
    if changed:
        yield (
            f"{len(changed):,} files changed since the run that was stopped, such as {changed[0]}; "
            "with --overwrite all are taken anew"
        )


def _pixel_bytes(found: Sequence[Scanned], options: ConvertOptions) -> int:
    """Bytes of what is stored of a file, about."""
    size = options.resize and prod(options.resize)
    return sum(
        one.shape[0] * (size or prod(one.shape[1:])) * np.dtype(one.dtype).itemsize
        for one in found
        if not one.error
    )


def _item(one: Stored, layout: Layout, single: bool) -> Item:
    """A row of the table, and the array that its image goes to."""
    row = {"series": one.ref.series if single else None} | one.facts
    row |= {
        "filename": one.ref.path.rpartition("/")[2],
        "path": one.ref.path,
        "source_size": one.ref.size_bytes,
        "source_modified": modified_at(one.ref.mtime),
    }
    if one.pixels is None:
        return Item(row)
    home = layout.home((row["stored_dtype"], *row["stored_shape"]))
    if home is not None:
        return Item(row, one.pixels, home.path)
    shape = "×".join(map(str, row["stored_shape"]))
    error = f"it changed while it was read: it is {shape} {row['stored_dtype']} now"
    blank = dict.fromkeys(("stored_shape", "min", "max", "mean", "n_nan", "pixel_hash"))
    return Item(row | blank | {"error": error})
