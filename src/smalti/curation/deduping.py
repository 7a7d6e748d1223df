"""``dedupe``: near-duplicates in a set of patches, among images, or in old ``.pkl`` files."""

import json
import os
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from smalti import __version__
from smalti.core.errors import SmaltiError, UsageError
from smalti.core.options import option
from smalti.core.plugin import step
from smalti.core.progress import Progress, State
from smalti.core.remote import is_url
from smalti.curation import manifest
from smalti.curation.cut_images import whole_images
from smalti.curation.duplicates import DuplicateOptions, clustered
from smalti.curation.grey import grey, window_of
from smalti.curation.hashes import described
from smalti.curation.names import Patch2d, Patch3d, parse
from smalti.curation.new_set import NewSet, refuse_set
from smalti.curation.outcome import Item, Outcome
from smalti.curation.patchset import PatchSet
from smalti.curation.pickles import read_pickle
from smalti.curation.sources import Given
from smalti.curation.state import alone_in_whole
from smalti.curation.store import Write
from smalti.curation.usual import fresh_option, workers_option
from smalti.processing.machine import usable_cores

__all__ = ["DedupeOptions", "dedupe"]

HASHED_AT_ONCE = 256


@dataclass(frozen=True, slots=True)
class DedupeOptions(DuplicateOptions):
    """How near-duplicates are looked for, and where what is kept goes."""

    write: Write = option("zarr", "Where kept patches are written, of a set or of .pkl files, with -o.")
    workers: int = workers_option()
    fresh: bool = fresh_option("Of images, forget what an earlier run made, and begin anew.")


@step("dedupe", title="Near-duplicates", options=DedupeOptions, needs_out=False)
def dedupe(sources: Sequence[Given], out: str, options: DedupeOptions, progress: Progress) -> Outcome:
    """Look for near-duplicates: in a set of patches, among images or those of a project, or in .pkl files.

    An item is kept unless an earlier kept one lies within --distance bits of hash; it belongs to the nearest
    of these. Flat patches, whose hashes say nothing, are a class of their own. Nothing is deleted: the
    manifest says what is kept. That of a set of patches is written anew; with -o a new set of what is kept is
    made.

    Raises
    ------
    UsageError
        There is nothing to look at, or no place for what is found.
    """
    started = time.monotonic()
    only = os.fspath(sources[0]) if len(sources) == 1 else ""
    is_set = bool(only) and (Path(only) / manifest.FILE_NAME).is_file()
    if is_set and not out:
        return _in_place(PatchSet.open(only), options, progress, started)
    if not out.strip() or is_url(out):
        raise UsageError("give the folder for what is found with -o, on this machine")
    pickles = _pickles(sources)
    if is_set:
        old = PatchSet.open(only)
        info = manifest.info(old.folder / manifest.FILE_NAME)
        frame = _hashed(old, options, progress)
        new = NewSet(frame, old.read, options.write, _set_asked(options), info)
        outcome = _written(new, out, options, (Item(only),), progress)
        return replace(outcome, seconds=time.monotonic() - started)
    if pickles:
        outcome = _of_pickles(pickles, out, options, progress)
        return replace(outcome, seconds=time.monotonic() - started)
    workers, fresh = options.workers, options.fresh
    return whole_images(sources, out, options, progress, workers=workers, fresh=fresh)


def _threads(options: DedupeOptions) -> int:
    return options.workers or usable_cores()


def _in_place(patches: PatchSet, options: DedupeOptions, progress: Progress, started: float) -> Outcome:
    """Write the manifest of a set anew."""
    with alone_in_whole(patches.folder):
        info = manifest.info(patches.folder / manifest.FILE_NAME)
        frame = clustered(_hashed(patches, options, progress), options, _threads(options))
        own = set(manifest.SCHEMA)
        footer = {**info.footer, "curation": json.dumps(_asked(info.footer, options))}
        more = [column for column in info.columns if column.name not in own]
        manifest.write(frame, patches.folder / manifest.FILE_NAME, footer, more)
    kept = frame.filter(pl.col("decision") == "keep")
    bare = kept.filter(pl.col("array").is_null() & pl.col("file").is_null()).height
    notes = [f"{frame.height:,} patches, {kept.height:,} are kept"]
    if bare:
        notes.append(f"pixels of {bare:,} that are kept lie in their sources only")
    item = Item(str(patches.folder), made=kept.height)
    return Outcome(
        str(patches.folder), (item,), kept.height, "patch", tuple(notes), time.monotonic() - started
    )


def _asked(footer: dict[str, str], options: DedupeOptions) -> dict[str, Any]:
    """What the set was made with, and the hashes that it has now: a run that adds to it makes the same."""
    known: dict[str, Any] = json.loads(footer.get("curation", "{}"))
    return known | {"bits": options.bits, "compatible": options.compatible}


def _hashed(patches: PatchSet, options: DedupeOptions, progress: Progress) -> pl.DataFrame:
    """The manifest of a set with the hashes that are asked for; made of the pixels where it has others."""
    known = json.loads(manifest.info(patches.folder / manifest.FILE_NAME).footer.get("curation", "{}"))
    frame = patches.frame
    same = (known.get("bits"), known.get("compatible")) == (options.bits, options.compatible)
    lacking = frame["std"].null_count() + frame["pixel_hash"].null_count()
    if same and not lacking:
        return frame
    with ThreadPoolExecutor(_threads(options)) as pool:
        starts = range(0, frame.height, HASHED_AT_ONCE)
        found = []
        for rows in pool.map(lambda at: _described(patches, at, options), starts):
            found.append(rows)
            progress.update(State(len(found), len(starts), message="hashing"))
    made = pl.concat([_measured_frame(rows) for rows in found])
    return manifest.fitted(frame.drop(made.columns).hstack(made))


def _described(patches: PatchSet, start: int, options: DedupeOptions) -> list[dict[str, Any]]:
    stop = min(start + HASHED_AT_ONCE, len(patches))
    return [_of_one(patches.read(i), options) for i in range(start, stop)]


def _of_one(pixels: np.ndarray, options: DedupeOptions) -> dict[str, Any]:
    columns = described(pixels[np.newaxis], int(options.bits), options.compatible)
    return {name: values[0] for name, values in columns.items()}


def _measured_frame(rows: Sequence[dict[str, Any]]) -> pl.DataFrame:
    types = {name: manifest.SCHEMA[name] for name in rows[0]}
    return pl.DataFrame(list(rows), schema=types)


def _written(
    new: NewSet, out: str, options: DedupeOptions, items: tuple[Item, ...], progress: Progress
) -> Outcome:
    """A new set: all rows, and the pixels of what is kept."""
    folder = Path(out).expanduser().absolute()
    refuse_set(folder)
    frame = clustered(new.frame, options, _threads(options))
    failed = replace(new, frame=frame).put(folder, _threads(options), progress)
    n = int((frame["decision"] == "keep").sum()) - len(failed)
    notes = (f"{frame.height:,} patches, {n:,} are kept",)
    return Outcome(str(folder), (*items, *failed), n, "patch", notes)


def _set_asked(options: DedupeOptions) -> dict[str, Any]:
    """What a new set was made with."""
    return {"step": "dedupe of a set 1", "bits": options.bits, "compatible": options.compatible}


def _pickles(sources: Sequence[Given]) -> list[Path]:
    """Files that end in ``.pkl``, also those of folders that hold no others."""
    found: list[Path] = []
    for source in sources:
        place = Path(source).expanduser()
        if place.is_dir():
            files = sorted(path for path in place.iterdir() if path.is_file())
            found += files if files and all(path.suffix == ".pkl" for path in files) else []
        elif place.suffix == ".pkl":
            found.append(place)
    return found


def _of_pickles(paths: Sequence[Path], out: str, options: DedupeOptions, progress: Progress) -> Outcome:
    rows, pixels, items = list[dict[str, Any]](), list[np.ndarray](), []
    for number, path in enumerate(paths):
        try:
            held = list(_held(path))
        except SmaltiError as error:
            items.append(Item(path.name, "failed", str(error), 0))
            continue
        for name, patch in held:
            rows.append(_row(path, name, patch) | _of_one(patch, options))
            pixels.append(patch)
        items.append(Item(path.name, made=len(held)))
        progress.update(State(number + 1, len(paths), message="reading"))
    if not rows:
        raise UsageError(f"none of {len(paths):,} .pkl files can be read; {items[0].path}: {items[0].why}")
    types = {name: manifest.SCHEMA[name] for name in rows[0]}
    frame = manifest.fitted(pl.DataFrame(rows, schema=types)).with_row_index("at")
    ordered = frame.sort("dataset", "axis", "slice", "y0", "x0", "at", maintain_order=True)
    order = ordered["at"].to_list()
    new = NewSet(ordered.drop("at"), lambda i: pixels[order[i]], options.write, _set_asked(options))
    return _written(new, out, options, tuple(items), progress)


def _held(path: Path) -> Iterator[tuple[str, np.ndarray]]:
    """Names and patches of an old file, patches as bytes.

    Raises
    ------
    UsageError
        It holds something else.
    """
    found = read_pickle(path)
    names, patches = (
        (found.get(key) for key in ("names", "patches")) if isinstance(found, dict) else (None, None)
    )
    names = names.tolist() if isinstance(names, np.ndarray) else names
    if not isinstance(names, list) or patches is None or len(names) != len(patches):
        raise UsageError(f"{path} holds no lists 'names' and 'patches' of one length, as older scripts wrote")
    for name, patch in zip(names, patches, strict=True):
        if (
            not isinstance(name, str)
            or not isinstance(patch, np.ndarray)
            or patch.ndim != 2
            or not patch.size
        ):
            raise UsageError(f"{path} holds {name!r} with no picture of two axes")
        if patch.dtype.kind not in "buif":
            raise UsageError(f"{path} holds {name!r} with pixels of {patch.dtype}")
        yield name, grey(patch, window_of(patch.dtype, partial(_blocks, patch)))


def _blocks(patch: np.ndarray) -> list[np.ndarray]:
    return [patch]


def _row(path: Path, name: str, patch: np.ndarray) -> dict[str, Any]:
    try:
        place = parse(name)
    except UsageError:  # it is kept under its name
        place = Patch2d(name, (0, patch.shape[0]), (0, patch.shape[1]))
    if not isinstance(place, Patch2d | Patch3d):
        place = Patch2d(place.dataset, (0, patch.shape[0]), (0, patch.shape[1]))
    axis, at = (place.axis, place.slice) if isinstance(place, Patch3d) else (None, None)
    return {
        "patch_id": manifest.patch_id(path.name, 0, name),
        "name": name,
        "dataset": path.stem if axis is None else place.dataset,
        "group": path.stem,
        "source_path": path.name,
        "source_uri": str(path.absolute()),
        "axis": axis,
        "slice": at,
        "y0": place.rows[0],
        "y1": place.rows[1],
        "x0": place.columns[0],
        "x1": place.columns[1],
        "version": __version__,
    }
