"""What stands in the metadata of a Zarr array, as zarr-python writes it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from smalti.writers.codecs import Codec

__all__ = ["ArrayLayout", "array_json", "to_json"]


@dataclass(frozen=True, slots=True)
class ArrayLayout:
    """What of an array does not depend on its pixels.

    Parameters
    ----------
    names
        Of its axes.
    shape, chunk
        Lengths along them, and of what is read at once.
    shard
        Of a file; None for Zarr 2, where each chunk is a file.
    dtype
        Of its pixels.
    """

    names: Sequence[str]
    shape: tuple[int, ...]
    chunk: tuple[int, ...]
    shard: tuple[int, ...] | None
    dtype: np.dtype


def array_json(layout: ArrayLayout, codec: Codec) -> dict[str, dict[str, Any]]:
    """Contents of ``zarr.json``, or of ``.zarray`` and ``.zattrs``, by name.

    The fill value is 0. In Zarr 2 there is none, since xarray takes it there for what is missing, and reads
    0 as NaN; so all chunks must be stored. They lie in folders, ``0/0``, and names of axes are the attribute
    that xarray reads.
    """
    import zarr

    store: dict[str, Any] = {}
    if layout.shard is None:
        given: dict[str, Any] = {
            "zarr_format": 2,
            "compressors": codec.plain,
            "fill_value": None,
            "chunk_key_encoding": {"name": "v2", "separator": "/"},
            "attributes": {"_ARRAY_DIMENSIONS": list(layout.names)},
        }
    else:
        names = list(layout.names)
        given = {
            "zarr_format": 3,
            "compressors": codec.zarr,
            "shards": layout.shard,
            "dimension_names": names,
            "fill_value": layout.dtype.type(0),
        }
    zarr.create_array(
        store,
        shape=layout.shape,
        dtype=np.dtype(layout.dtype.str),  # of two names of one type zarr-python knows but one
        chunks=layout.chunk,
        **given,
    )
    return {name: json.loads(data.to_bytes()) for name, data in store.items()}


def to_json(content: dict[str, Any]) -> bytes:
    """Metadata as a file, fit to be read by people."""
    return json.dumps(content, indent=2, ensure_ascii=False).encode()
