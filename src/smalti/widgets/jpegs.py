"""Stored thumbnails by record: read from Parquet at first, from a memory map as soon as one is laid out."""

from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from typing import Any
from weakref import finalize

import numpy as np
import polars as pl

__all__ = ["Jpegs"]

FACTS = ("image_id", "c", "width", "height", "low", "high")


class Jpegs:
    """All thumbnails of a project, none of them in memory.

    Parquet compresses a whole page of thumbnails, so that 1,000 in random order out of 100,000 cost
    0.15-0.4 s on two cores. The first read is therefore followed by a copy into an uncompressed Arrow file
    (100,000 thumbnails, 0.5 GB: 1-3 s), from whose map the same 1,000 take 5 ms.

    Parameters
    ----------
    thumbnails
        `THUMBNAIL_COLUMNS`, one row an image and channel, in any order.

    Attributes
    ----------
    facts
        All columns but the pictures, one row a record; sorted by image and channel.
    """

    def __init__(self, thumbnails: pl.LazyFrame) -> None:
        self._source = thumbnails
        self.facts = self._source.select(FACTS).collect().sort("image_id", "c")
        self._keys = self.facts.select("image_id", "c", record=pl.int_range(pl.len(), dtype=pl.Int64))
        self._lock = Lock()
        self._laid: Future[tuple[Any, np.ndarray]] | None = None

    def read(self, records: np.ndarray) -> list[bytes | None]:
        """The pictures of some records (row numbers of `facts`), in the order asked for."""
        if self._laid is not None and self._laid.done() and self._laid.exception() is None:
            column, places = self._laid.result()
            return [column[int(place)].as_py() for place in places[records]]
        found = self._read_parquet(records)  # not laid out yet, or there is no room for it on the disk
        with self._lock:
            if self._laid is None and len(records):
                self._laid = _lay_out(self._source, self._keys)
        return found

    def _read_parquet(self, records: np.ndarray) -> list[bytes | None]:
        wanted = self._keys[np.unique(records)]
        near = self._source.filter(pl.col("image_id").is_in(wanted["image_id"].implode()))
        found = near.select("image_id", "c", "jpeg").collect().join(wanted, on=["image_id", "c"])
        pictures = dict(zip(found["record"], found["jpeg"], strict=True))
        return [pictures[record] for record in records.tolist()]


def _lay_out(source: pl.LazyFrame, keys: pl.DataFrame) -> "Future[tuple[Any, np.ndarray]]":
    folder = TemporaryDirectory(prefix="smalti-", ignore_cleanup_errors=True)
    pool = ThreadPoolExecutor(1, thread_name_prefix="smalti-thumbnails")
    laid = pool.submit(_mapped, source, keys, folder)
    finalize(laid, folder.cleanup)  # where a file that is mapped cannot be removed earlier
    pool.shutdown(wait=False)
    return laid


def _mapped(
    source: pl.LazyFrame, keys: pl.DataFrame, folder: "TemporaryDirectory[str]"
) -> tuple[Any, np.ndarray]:
    """The pictures in a memory map, and the place of each record in it."""
    import pyarrow as pa

    path = Path(folder.name) / "thumbnails.arrow"
    source.select("image_id", "c", "jpeg").sink_ipc(path, compression="uncompressed")
    table = pa.ipc.open_file(pa.memory_map(str(path))).read_all()
    folder.cleanup()  # the map outlives the name of its file, and a server that is killed leaves nothing
    stored = pl.from_arrow(table.select(["image_id", "c"]))
    assert isinstance(stored, pl.DataFrame)
    places = keys.join(
        stored.with_row_index("place"), on=["image_id", "c"], how="left", maintain_order="left"
    )
    return table["jpeg"], places["place"].to_numpy()
