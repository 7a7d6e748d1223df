"""A set of patches as a QC project: every patch an image, with the manifest's columns beside the metrics."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from smalti.core.columns import Column
from smalti.core.errors import UsageError
from smalti.curation import manifest
from smalti.curation.patchset import OTHERS, STORE, PatchSet
from smalti.curation.store import store_in
from smalti.processing.machine import usable_cores
from smalti.processing.project import Project, process
from smalti.processing.project import open as open_project
from smalti.table.parquet import commit, read_metadata, scan, stage
from smalti.table.store import final_file

__all__ = ["project_of"]

FOLDER = "patches.smalti"
_MARK = "patches"
_AS = {"name": "patch", "group": "source_group", "time": "source_time", "channel": "source_channel"}
"""What columns are called that a project has of its own; others that it has are left out."""


def project_of(
    patches: PatchSet, output: str | Path | None, every: bool, settings: Mapping[str, Any]
) -> Project:
    """See `smalti.curation.patchset.PatchSet.project`."""
    home = patches.folder / FOLDER if output is None else Path(output)
    places = _places(patches, every)
    mark = _mark(patches, every)
    if (home / "project.json").exists() and _marked(home) == mark and not settings:
        return open_project(home)
    name = patches.folder.name
    extensions = ["zarr"] if places["path"].str.ends_with(".zarr").all() else ["zarr", "tiff"]
    project = process(patches.folder, output=home, name=name, fresh=True, extensions=extensions, **settings)
    _join(project, places, patches, mark)
    return open_project(home)


def _places(patches: PatchSet, every: bool) -> pl.DataFrame:
    """Path and series of each patch whose pixels can be shown, with its row in the manifest.

    Raises
    ------
    UsageError
        No pixels are stored, and none were asked to be.
    """
    where = patches.frame.select("array", "row", "file").with_row_index("at")
    there = pl.col("array").is_not_null() | pl.col("file").is_not_null()
    frame = where.filter(there).with_columns(store=pl.lit(STORE))
    if every:
        frame = pl.concat([frame, _others(patches, where.filter(~there)["at"].to_list())]).sort("at")
    if not frame.height:
        raise UsageError(f"{patches.folder} holds boxes only, no pixels; ask for project(every=True)")
    offsets = pl.concat([_offsets(patches.folder, store) for store in (STORE, OTHERS)])
    joined = frame.join(offsets, on=["store", "array"], how="left", maintain_order="left")
    return joined.select(
        "at",
        path=pl.coalesce("file", "store"),
        series=pl.coalesce(pl.col("offset") + pl.col("row"), pl.lit(0)).cast(pl.Int64),
    )


def _offsets(folder: Path, store: str) -> pl.DataFrame:
    """Series before each array of a store, which are numbered array by array, by their names."""
    arrays = sorted(path.parent.name for path in (folder / store).glob("*/zarr.json"))
    lengths = [json.loads((folder / store / a / "zarr.json").read_bytes())["shape"][0] for a in arrays]
    before = [sum(lengths[:i]) for i in range(len(lengths))]
    types = {"store": pl.String, "array": pl.String, "offset": pl.Int64}
    return pl.DataFrame({"store": [store] * len(arrays), "array": arrays, "offset": before}, schema=types)


def _others(patches: PatchSet, rows: list[int]) -> pl.DataFrame:
    """Pixels of rows that lie in their sources only, read and stored beside the others."""
    shutil.rmtree(patches.folder / OTHERS, ignore_errors=True)
    store = store_in(patches.folder, "zarr", {}, usable_cores(), OTHERS)
    try:
        places = [store.add("", "", patches.read(i))[:2] for i in rows]
        store.finish()
    finally:
        store.close()
    types = {"at": pl.UInt32, "array": pl.String, "row": pl.Int64, "file": pl.String, "store": pl.String}
    found = [(i, array, row, None, OTHERS) for i, (array, row) in zip(rows, places, strict=True)]
    return pl.DataFrame(found, schema=types, orient="row")


def _join(project: Project, places: pl.DataFrame, patches: PatchSet, mark: str) -> None:
    """Put the manifest's columns into the table of images; what is in no manifest any more goes."""
    table = final_file(project.path, "images")
    stated, rows = read_metadata(table), scan(table).collect()
    told = manifest.info(patches.folder / manifest.FILE_NAME).columns
    described, frame = {column.name: column for column in told}, patches.frame
    taken = [name for name in frame.columns if _AS.get(name, name) not in rows.columns and name not in _NOT]
    facts = frame.select(taken).rename({n: _AS[n] for n in taken if n in _AS})[places["at"]]
    beside = places.drop("at").hstack(facts)
    joined = rows.join(beside, on=["path", "series"], how="inner", maintain_order="left")
    columns = [_called(described[name]) for name in taken if name in described]
    footer = stated.footer | {_MARK: mark}
    commit(stage(joined.lazy(), table, [*stated.columns, *columns], footer), table)


_NOT = {"array", "row", "file", "version", "seed", "dhash", "dhash_256", "pixel_hash", "voxel_size"}
"""What says nothing on a page."""


def _called(column: Column) -> Column:
    name = _AS.get(column.name, column.name)
    return Column(name, column.dtype, column.unit, column.meaning, column.rollup)


def _mark(patches: PatchSet, every: bool) -> str:
    facts = (patches.folder / manifest.FILE_NAME).stat()
    return f"{facts.st_mtime_ns} {facts.st_size} {every}"


def _marked(home: Path) -> str | None:
    table = final_file(home, "images")
    return read_metadata(table).footer.get(_MARK) if table.exists() else None
