"""What is in the place of a set of shards: nothing, a run that goes on, or something in the way."""

import io
import json
from typing import Any

import polars as pl
import yaml

from smalti.core.errors import UsageError
from smalti.export.shards.options import ShardOptions
from smalti.export.shards.place import DATASET, Place, place_of

__all__ = ["check_free", "rows_before"]


def check_free(out: str, options: ShardOptions) -> str:
    """The folder as people may read it, unless something is in the way, before files are looked into.

    Raises
    ------
    UsageError
        There are shards already, or something else.
    """
    place = place_of(out, options)
    try:
        _refuse_taken(place, options)
        return place.name
    finally:
        place.target.close()


def _refuse_taken(place: Place, options: ShardOptions) -> None:
    told = place.target.read(place.at(DATASET))
    stem = None if told is None else (yaml.safe_load(told) or {}).get("stem")
    if told is not None and stem != place.stem:
        raise UsageError(f"{place.name} holds the shards of another set, {stem}; give another --out")
    if options.overwrite or place.target.read(f"{place.run}/run.json") is not None:
        return
    if told is not None:
        raise UsageError(
            f"{place.name}: there are shards already; --overwrite replaces them, or give another --out"
        )
    if place.taken():
        raise UsageError(
            f"{place.name} holds files named {place.stem}-….tar that no run left; give another --stem"
        )


def rows_before(place: Place, options: ShardOptions, creation: Any) -> list[pl.DataFrame]:
    """Rows of each shard that a run which was stopped has put in place.

    Raises
    ------
    UsageError
        There are shards already, or something else, or a run of something else.
    """
    _refuse_taken(place, options)
    if options.overwrite:
        for name in (place.at(DATASET), place.run, *place.taken()):
            place.target.remove(name)
    told = place.target.read(f"{place.run}/run.json")
    if told is None:
        return []
    if json.loads(told) != creation:
        raise UsageError(
            f"{place.name}: it holds a run that was stopped, of other sources, files or options; "
            "--overwrite replaces it"
        )
    return _whole(place, options)


def _whole(place: Place, options: ShardOptions) -> list[pl.DataFrame]:
    """Rows of shards that are whole; what came after them is taken away."""
    parts: list[pl.DataFrame] = []
    sizes = place.target.files(place.folder)
    suffix = ".tar.gz" if options.compressed else ".tar"
    while (data := place.target.read(place.part(len(parts)))) is not None:
        size = sizes.get(place.at(f"{place.stem}-{len(parts):06d}{suffix}"))
        if str(size) != pl.read_parquet_metadata(io.BytesIO(data)).get("bytes"):
            break
        parts.append(pl.read_parquet(data))
    for name, number in place.shards().items():
        if number >= len(parts):
            place.target.remove(name)
    return parts
