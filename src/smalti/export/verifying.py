"""Whether a store is what its table says: ``smalti verify``."""

import io
import json
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
from smalti.export.collection import State, read_table, table_beside
from smalti.export.columns import COLUMNS, NAMES
from smalti.export.opened import Opened, opened
from smalti.export.prepare import pixel_hash
from smalti.table.schema import polars_schema
from smalti.writers.growing import grid_of
from smalti.writers.shard import read_index

__all__ = ["verify"]

SHOWN = 100
BLOCK_BYTES = 16 << 20


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
    found = opened(os.fspath(store), with_table=False)
    shown = Silent() if progress is None else progress
    try:
        if found.state is None:
            raise UsageError(f"{found.path} was not written by smalti; it has no hashes to compare with")
        shards = list(_shard_faults(found, found.state))
        faults = [*_array_faults(found, found.state), *filter(None, shards)]
        try:
            table = read_table(found.target, found.name, found.state)
        except SmaltiError as error:
            faults.append(str(error))
            table = pl.DataFrame(schema=polars_schema(COLUMNS))
        else:
            faults += _table_faults(found, found.state, table)
        stored = table.filter(pl.col("row").is_not_null()).sort("bucket", "row")
        faults += _pixel_faults(found, stored, shown)
    finally:
        found.target.close()
        shown.close()
    return {
        "path": found.path,
        "images": stored.height,
        "shards": len(shards),
        "n_faults": len(faults),
        "faults": faults[:SHOWN],
    }


def _array_faults(found: Opened, state: State) -> Iterator[str]:
    """Arrays that say something else of themselves than the root says of them.

    A run that was stopped may have left an array that is longer: what is behind is not part of the store.
    """
    for path, metadata in state.nodes.items():
        data = found.target.read(f"{found.name}/{path}/zarr.json")
        try:
            own = json.loads(data or b"")
            same = own == metadata or _is_longer(own, metadata)
        except (ValueError, KeyError, TypeError, IndexError):
            same = False
        if not same:
            yield f"{path}/zarr.json {'is gone' if data is None else 'is not what the root says of it'}"


def _is_longer(own: dict[str, Any], metadata: dict[str, Any]) -> bool:
    n: int = own["shape"][0]
    return own | {"shape": metadata["shape"]} == metadata and n > metadata["shape"][0]


def _table_faults(found: Opened, state: State, table: pl.DataFrame) -> Iterator[str]:
    """What in attributes, arrays and table does not fit together."""
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
        rows = table.filter(pl.col("bucket") == path)["row"].sort()
        n = metadata["shape"][0]
        if rows.to_list() != list(range(n)):
            times = f"{rows.n_unique():,} of its rows, {len(rows):,} times"
            yield f"{path} has {n:,} images, the table names {times}"
    data = found.target.read(table_beside(found.name))
    if data is not None and state.attributes["finished"] and not _is_same(data, table):
        yield f"{table_beside(found.name)} beside the store is not its table"


def _is_same(data: bytes, table: pl.DataFrame) -> bool:
    try:
        return pl.read_parquet(io.BytesIO(data)).equals(table)
    except pl.exceptions.PolarsError:
        return False


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


def _pixel_faults(found: Opened, stored: pl.DataFrame, progress: Progress) -> Iterator[str]:
    """Images whose pixels are not those that were stored; `stored` are their rows, in order."""
    done = 0
    for bucket, rows in stored.group_by("bucket", maintain_order=True):
        array = found.arrays.get(str(bucket[0]))
        if array is None:
            yield f"{bucket[0]} is gone"
            continue
        image_bytes = max(1, prod(array.shape[1:]) * array.dtype.itemsize)
        deep = array.chunks[0] * max(1, BLOCK_BYTES // (image_bytes * array.chunks[0]))
        for some in rows.iter_slices(deep):
            yield from _of_block(array, some)
            done += some.height
            progress.update(Progressed(done, stored.height, message="verifying"))


def _of_block(array: Any, rows: pl.DataFrame) -> Iterator[str]:
    """Faults of images that lie together; where they cannot be read together, of each alone."""
    first, last = rows["row"][0], rows["row"][-1]
    try:
        block = array[first : last + 1]
    except Exception:  # a damaged chunk is one image's, or few
        if rows.height > 1:
            for one in rows.iter_slices(1):
                yield from _of_block(array, one)
            return
        block = None
    for row, bucket, shape, expected, path in rows.select(
        "row", "bucket", "stored_shape", "pixel_hash", "path"
    ).iter_rows():
        if block is None or row - first >= len(block):
            yield f"{bucket} row {row} ({path}) cannot be read"
            continue
        image, own = block[row - first], block[row - first][tuple(map(slice, shape))]
        if pixel_hash(own) != expected:
            yield f"{bucket} row {row} ({path}): its pixels are not those that were stored"
        elif own.size < image.size and np.count_nonzero(own) < np.count_nonzero(image):
            yield f"{bucket} row {row} ({path}): its padding is not empty"
