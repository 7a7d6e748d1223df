"""Whether a store is what its table says: ``smalti verify``."""

import os
from collections.abc import Iterator
from functools import partial
from math import prod
from typing import Any

import numpy as np
import polars as pl

from smalti.core.errors import SmaltiError, UsageError
from smalti.core.progress import Progress, Silent
from smalti.core.progress import State as Progressed
from smalti.export.collection import State
from smalti.export.columns import NAMES
from smalti.export.opened import Opened, opened
from smalti.export.prepare import pixel_hash
from smalti.writers.growing import grid_of
from smalti.writers.shard import read_index

__all__ = ["verify"]

SHOWN = 100


def verify(store: str | os.PathLike[str], progress: Progress | None = None) -> dict[str, Any]:
    """Check a store: its metadata against its table, the index of every shard, the pixels of every image.

    Pixels are read by zarr-python, which had no part in writing them, and compared by the hash that the
    table has of each image.

    Parameters
    ----------
    store
        Path or URL of a store that `smalti.convert` wrote.
    progress
        Told how far it is.

    Returns
    -------
    dict
        ``path``, ``images`` and ``shards`` that were checked, ``faults`` in words (the first hundred) and
        ``n_faults``; ready for JSON.

    Raises
    ------
    UsageError
        There is no such store, or smalti did not write it.
    """
    found = opened(os.fspath(store))
    try:
        if found.state is None:
            raise UsageError(f"{found.path} was not written by smalti; it has no hashes to compare with")
        faults = list(_metadata_faults(found, found.state))
        shards = 0
        for fault in _shard_faults(found, found.state):
            shards += 1
            faults += [fault] if fault else []
        faults += _pixel_faults(found, Silent() if progress is None else progress)
    finally:
        found.target.close()
    stored = found.table["row"].is_not_null().sum()
    return {
        "path": found.path,
        "images": int(stored),
        "shards": shards,
        "n_faults": len(faults),
        "faults": faults[:SHOWN],
    }


def _metadata_faults(found: Opened, state: State) -> Iterator[str]:
    """What in attributes, arrays and table does not fit together."""
    table = found.table
    missing = [name for name in NAMES if name not in table.columns]
    if missing:
        yield f"the table lacks {', '.join(missing)}"
        return
    counts = {
        "rows": table.height,
        "failed": table["error"].is_not_null().sum(),
        "total_images": table["row"].is_not_null().sum(),
    }
    for name, n in counts.items():
        if state.attributes[name] != n:
            yield f"the attributes state {state.attributes[name]:,} as {name}, the table has {n:,}"
    if (table["row"].is_null() != table["error"].is_not_null()).any():
        yield "rows have both an image and an error, or neither"
    for path, metadata in state.arrays.items():
        own = found.target.read(f"{found.name}/{path}/zarr.json")
        if own is None:
            yield f"{path}/zarr.json is gone"
        rows = table.filter(pl.col("bucket") == path)["row"].sort()
        n = metadata["shape"][0]
        if rows.to_list() != list(range(n)):
            times = f"{rows.n_unique():,} of its rows, {len(rows):,} times"
            yield f"{path} has {n:,} images, the table names {times}"


def _shard_faults(found: Opened, state: State) -> Iterator[str]:
    """A text for each shard: what is wrong with it; empty when nothing is."""
    for path, metadata in state.arrays.items():
        grid = grid_of(metadata)
        n_shards = -(-metadata["shape"][0] // grid.shard[0])
        for at in np.ndindex(n_shards, *grid.shards_of_image):
            name = f"{found.name}/{path}/c/{'/'.join(map(str, at))}"
            try:
                read_index(partial(found.target.read_part, name), prod(grid.chunks_in_shard))
            except (OSError, SmaltiError) as error:
                yield f"{path}/c/{'/'.join(map(str, at))}: {getattr(error, 'strerror', None) or error}"
            else:
                yield ""


def _pixel_faults(found: Opened, progress: Progress) -> Iterator[str]:
    """Images whose pixels are not those that were stored."""
    rows = found.table.filter(pl.col("row").is_not_null())
    if not set(NAMES) <= set(rows.columns):
        return
    wanted = rows.select("bucket", "row", "stored_shape", "pixel_hash", "path")
    for number, (bucket, row, shape, expected, path) in enumerate(wanted.iter_rows()):
        try:
            pixels = found.arrays[bucket][row]
            c, h, w = shape
            if pixel_hash(pixels[:c, :h, :w]) != expected:
                yield f"{bucket} row {row} ({path}): its pixels are not those that were stored"
        except Exception as error:  # whatever zarr-python says of damaged chunks
            yield f"{bucket} row {row} ({path}): {type(error).__name__}: {error}"
        progress.update(Progressed(number + 1, wanted.height, message="verifying"))
    progress.close()
