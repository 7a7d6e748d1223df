"""What a store holds, in numbers: ``smalti inspect``."""

import os
from typing import Any

import polars as pl

from smalti.export.opened import Opened, opened
from smalti.table.schema import size_readable
from smalti.writers.codecs import codec_words

__all__ = ["inspect", "tell"]


def inspect(store: str | os.PathLike[str]) -> dict[str, Any]:
    """Totals of a store that `smalti.convert` or images_to_zarr wrote, ready for JSON.

    Parameters
    ----------
    store
        Path or URL of the store, or of the folder that ``images.zarr`` is in.

    Returns
    -------
    dict
        ``total_images, shape, dtype, codec, failed, formats, dtypes, bytes, files``, and ``path, chunk_shape,
        shard_shape, arrays, finished, append_history``; ``shape`` and ``dtype`` are None where a store has
        several arrays, each of which stands in ``arrays``.

    Raises
    ------
    UsageError
        There is no such store.
    """
    found = opened(os.fspath(store))
    try:
        return _facts(found)
    finally:
        found.target.close()


def _facts(found: Opened) -> dict[str, Any]:
    arrays = {path: _array(array) for path, array in found.arrays.items()}
    one = next(iter(arrays.values())) if len(arrays) == 1 else {}
    files = found.files
    n = sum(array["shape"][0] for array in arrays.values())
    codecs = {array["codec"] for array in arrays.values()}
    return {
        "path": found.path,
        "total_images": n if found.state is None else found.state.attributes["total_images"],
        "shape": one.get("shape"),
        "dtype": one.get("dtype"),
        "codec": next(iter(codecs)) if len(codecs) == 1 else None,
        "chunk_shape": one.get("chunk_shape"),
        "shard_shape": one.get("shard_shape"),
        "failed": found.attributes.get("failed", 0),
        "formats": _shares(found.table, ("format", "original_extension")),
        "dtypes": _shares(found.table, ("dtype",)),
        "bytes": sum(files.values()),
        "files": len(files),
        "arrays": arrays,
        "finished": found.attributes.get("finished", True),
        "append_history": found.attributes.get("append_history", []),
    }


def _array(array: Any) -> dict[str, Any]:
    codecs = array.metadata.to_dict()["codecs"] if array.metadata.zarr_format == 3 else ()
    return {
        "shape": list(array.shape),
        "dtype": str(array.dtype),
        "codec": codec_words([_plain(codec) for codec in codecs]),
        "chunk_shape": list(array.chunks),
        "shard_shape": list(array.shards) if array.shards else None,
    }


def _plain(codec: Any) -> dict[str, Any]:
    found: dict[str, Any] = codec if isinstance(codec, dict) else codec.to_dict()
    return found


def _shares(table: pl.DataFrame, names: tuple[str, ...]) -> dict[str, int]:
    """How many images of each, the most common first; of the first column that is there."""
    name = next((name for name in names if name in table.columns), None)
    if name is None:
        return {}
    values = table[name].drop_nulls().value_counts(sort=True)
    return {str(value): n for value, n in values.sort("count", name, descending=[True, False]).iter_rows()}


def tell(facts: dict[str, Any]) -> str:
    """The facts of `inspect` as lines for a person."""
    size = size_readable(facts["bytes"])
    lines = [f"{facts['total_images']:,} images in {facts['path']}, {facts['failed']:,} failed"]
    if not facts["finished"]:
        lines.append("  a run was stopped; the same command goes on where it was")
    for path, array in facts["arrays"].items():
        shape = "×".join(map(str, array["shape"]))
        lines.append(f"  {path}   {shape} {array['dtype']}, {array['codec']}")
        shards = f" in shards of {'×'.join(map(str, array['shard_shape']))}" if array["shard_shape"] else ""
        lines.append(f"    chunks of {'×'.join(map(str, array['chunk_shape']))}{shards}")
    lines.append(f"  size     {size} in {facts['files']:,} files")
    lines += [f"  {name:<8} {_listed(facts[name])}" for name in ("formats", "dtypes") if facts[name]]
    lines += [
        f"  appended {one['appended_count']:,}: images {one['start_index']:,} to {one['end_index']:,}"
        for one in facts["append_history"][-5:]
    ]
    return "\n".join(lines)


def _listed(shares: dict[str, int]) -> str:
    total = sum(shares.values())
    return ", ".join(f"{name} {n:,} ({n / total:.1%})" for name, n in shares.items())
