"""A Zarr collection as it lies in a target: arrays of images, a table in parts, and one commit for both.

In the store lie ``images`` (or ``images/BUCKET``), ``table/part-NNNNNN.parquet``, and ``zarr.json``, which
lists the parts, counts, and holds the metadata of all arrays once more (consolidated): replacing it is the
commit. Shards, parts and the arrays' own metadata come before it. Whoever opens the store, however
a run ended, sees images and rows that belong together; what a killed run left is replaced by the next.
"""

import io
import json
import re
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from smalti import __version__
from smalti.core.columns import Column
from smalti.core.errors import SmaltiError, UsageError
from smalti.export.columns import COLUMNS
from smalti.export.facts import beside, together
from smalti.export.layout import Array, Layout
from smalti.processing.frames import frame
from smalti.table.parquet import stage
from smalti.writers.codecs import Codec, codec_of, codec_words
from smalti.writers.grid import plan_grid
from smalti.writers.growing import GrowingArray, array_metadata, grid_of
from smalti.writers.target import LOCK, SCRATCH, Target

__all__ = ["FORMAT", "Collection", "State", "check_beside", "new_state", "read_table", "table_beside"]

FORMAT = 1
"""Of the attributes; a store of a higher one is of a later smalti."""

COMMIT_BYTES = 256 << 20
COMMIT_SECONDS = 5.0
"""Pixels, or seconds, after which a commit is due: each takes milliseconds, and rewrites shards not full."""

_OURS = {"images", "table", LOCK, SCRATCH}
"""What may lie in a store that a run was killed in before its first commit."""

_ARRAY = re.compile(r"images(/[a-z0-9]+_[0-9]+x[0-9]+x[0-9]+(_padded)?)?")
_PART = re.compile(r"table/part-[0-9]{6,}\.parquet")
"""Names of arrays and of parts of the table; a store from elsewhere may state any."""

MOST_OPEN = 64
"""Arrays whose last shard is open at once; each takes a file handle or more."""

_GROUP = {"zarr_format": 3, "node_type": "group"}


@dataclass(slots=True)
class State:
    """What the root's attributes say.

    Parameters
    ----------
    attributes
        As they are written.
    arrays
        Metadata of each array by its path.
    """

    attributes: dict[str, Any]
    arrays: dict[str, dict[str, Any]] = field(default_factory=dict)

    @classmethod
    def read(cls, target: Target, store: str) -> "State | None":
        """What a store says; None where there is none.

        Raises
        ------
        UsageError
            There is something else, or a store that smalti did not write.
        """
        data = target.read(f"{store}/zarr.json")
        if data is None:
            files = target.files(store)
            tops = {name.removeprefix(f"{store}/").split("/")[0] for name in files}
            if tops - _OURS or (files and target.leaves_lock and f"{store}/{LOCK}" not in files):
                raise UsageError(
                    f"{target.name}/{store} holds other things than a Zarr collection; give another --out"
                )
            return None
        name = f"{target.name}/{store}"
        try:
            root = json.loads(data)
            attributes = root["attributes"]
            written = attributes["smalti"]
            nodes = root["consolidated_metadata"]["metadata"]
            arrays = {path: node for path, node in nodes.items() if node["node_type"] == "array"}
            state = cls(attributes, arrays)
            if written["format"] <= FORMAT:
                state._check()
        except (ValueError, KeyError, TypeError, IndexError) as error:
            raise UsageError(f"{name} is no collection that smalti wrote; give another --out") from error
        if written["format"] > FORMAT:
            raise UsageError(
                f"{name} was written by smalti {written['version']}; install that or a later one"
            )
        return state

    def _check(self) -> None:
        """Raise ValueError or the like when something is not as it is written; names stay in the store."""
        attributes = self.attributes
        counts = [attributes[name] for name in ("rows", "failed", "total_images")]
        if not all(isinstance(count, int) and count >= 0 for count in counts):
            raise ValueError(counts)
        if not all(_PART.fullmatch(part) for part in attributes["parts"]):
            raise ValueError(attributes["parts"])
        if self.arrays.keys() != attributes["arrays"].keys() or not all(map(_ARRAY.fullmatch, self.arrays)):
            raise ValueError(list(self.arrays))
        for metadata in self.arrays.values():
            grid_of(metadata)
        if not isinstance(attributes["append_history"], list):
            raise TypeError
        if run := attributes.get("run"):
            _ = (
                run["creation"],
                run["append"],
                run["overwrite"],
                run["images"],
                Layout.of_plain(run["layout"]),
            )

    @property
    def layout(self) -> Layout:
        """Its arrays, in the order in which they take images."""
        arrays = []
        for path, facts in self.attributes["arrays"].items():
            c, h, w = self.arrays[path]["shape"][1:]
            arrays.append(Array(path, (c, h, w), self.arrays[path]["data_type"], facts["padded"]))
        return Layout(tuple(arrays))

    @property
    def nodes(self) -> dict[str, dict[str, Any]]:
        """Metadata of all that is in it by path: its arrays, and the group of several of them."""
        groups = {"images": {**_GROUP, "attributes": {}}} if self.arrays.keys() - {"images"} else {}
        return groups | self.arrays

    @property
    def rows(self) -> int:
        """Rows of its table, those of failed images included."""
        return int(self.attributes["rows"])


class Collection:
    """A store that is being written.

    Parameters
    ----------
    target, store
        Folder of the store, and its name in it.
    state
        What is there; of a new store without arrays.
    layout
        Its arrays from now on.
    codec
        Name and level of the compressor for new arrays.
    cut
        ``chunk_shape`` and ``shard_images`` of new arrays, see `smalti.writers.grid.plan_grid`.
    threads
        How many pack.
    """

    def __init__(
        self,
        target: Target,
        store: str,
        state: State,
        layout: Layout,
        codec: tuple[str, int | None],
        cut: Mapping[str, Any],
        threads: int,
    ) -> None:
        self.target = target
        self.store = store
        self.state = state
        self._pool = ThreadPoolExecutor(threads)
        self._arrays: dict[str, GrowingArray] = {}
        self._rows: list[dict[str, Any]] = []
        self._bytes = 0
        self._began = time.monotonic()
        self._committed = state.rows
        self._written: dict[str, int] = {}
        self._layout = {array.path: array for array in layout.arrays}
        self._codec, self._cut = codec, cut
        for array in layout.arrays:  # what is wrong with them must not show after the old store was cleared
            plan_grid(array.shape, np.dtype(array.dtype), **cut)

    def _array(self, path: str) -> GrowingArray:
        """An array of the layout, made when its first image comes."""
        if path in self._arrays:
            self._arrays[path] = self._arrays.pop(path)  # the last is the latest used
            return self._arrays[path]
        if len(self._arrays) >= MOST_OPEN:
            for other in list(self._arrays.values())[: MOST_OPEN // 2]:
                other.flush()
        array, known = self._layout[path], self.state.arrays.get(path)
        if known is None:
            dtype = np.dtype(array.dtype)
            codec = codec_of(*self._codec, dtype)
            known = array_metadata(plan_grid(array.shape, dtype, **self._cut), codec)
            self.state.arrays[path] = known
            self.state.attributes["arrays"][path] = {"padded": array.padded}
        else:
            codec = _codec_in(known)
        self._arrays[path] = GrowingArray(
            self.target, f"{self.store}/{path}", grid_of(known), codec, known["shape"][0], self._pool
        )
        return self._arrays[path]

    def add(self, row: dict[str, Any], pixels: np.ndarray | None = None, bucket: str = "") -> None:
        """Add one row of the table, and its image when it has one."""
        if pixels is not None:
            row |= {"bucket": bucket, "row": self._array(bucket).add(pixels)}
            self._bytes += pixels.nbytes
        self._rows.append(row)

    @property
    def is_due(self) -> bool:
        """Whether much, or for long, was added since the last commit; of one array at a full shard."""
        if self._bytes < COMMIT_BYTES and time.monotonic() - self._began < COMMIT_SECONDS:
            return False
        if len(self._layout) > 1:
            return True
        return all(array.length % array.grid.shard[0] == 0 for array in self._arrays.values())

    def commit(
        self, facts: pl.DataFrame | None = None, history: int | None = None, beside_from: int | None = None
    ) -> None:
        """Make all that was added part of the store, in one step.

        Parameters
        ----------
        facts
            ``path`` (and ``series``) with more columns for the rows.
        history
            Number of images before the run that ends with this commit, for the list of what was appended.
        beside_from
            Number of rows before the run, to write the table beside the store too; the one inside counts.
        """
        if self._rows:
            self._write_part(facts)  # while the last images are packed
        staged = None if beside_from is None else self._stage_beside(beside_from)
        for path, array in self._arrays.items():
            array.flush()
            self.state.arrays[path]["shape"][0] = array.length
        self._count()
        if history is not None:
            self._note_append(history)
        for path, metadata in self.state.arrays.items():
            if self._written.get(path) != metadata["shape"][0]:
                self._write_json(f"{path}/zarr.json", metadata)
                self._written[path] = metadata["shape"][0]
        self._check_alone()
        self._write_json("zarr.json", self._root())
        self._committed = self.state.rows
        self._rows, self._bytes, self._began = [], 0, time.monotonic()
        if staged is not None:
            self.target.put(table_beside(self.store), staged)

    def _check_alone(self) -> None:
        """Raise SmaltiError when the store grew by somebody else's hand, where no lock keeps others away."""
        there = State.read(self.target, self.store)
        if there is not None and there.rows != self._committed:
            raise SmaltiError(
                f"another process wrote to {self.target.name}/{self.store} at the same time; what it wrote "
                "stays, this run has ended: append again"
            )

    def clear(self, all_of_it: bool) -> None:
        """Take away what a killed run left, and where a new store begins the old one, its root first."""
        self.target.close()
        if all_of_it:
            for name in ("zarr.json", "images", "table"):
                self.target.remove(f"{self.store}/{name}")
            self.target.remove(table_beside(self.store))
        self.target.scratch.mkdir(parents=True, exist_ok=True)

    def _write_part(self, facts: pl.DataFrame | None) -> None:
        attributes = self.state.attributes
        rows = frame([[row.get(column.name) for column in COLUMNS] for row in self._rows], COLUMNS)
        if facts is not None:
            rows = beside(rows, facts)
        name = f"table/part-{len(attributes['parts']):06d}.parquet"
        self.target.put(f"{self.store}/{name}", self._staged(name, rows))
        attributes["parts"] = [*attributes["parts"], name]
        attributes["rows"] += rows.height
        attributes["failed"] += rows["error"].is_not_null().sum()
        attributes["total_images"] += rows["row"].is_not_null().sum()

    def _staged(self, name: str, rows: pl.DataFrame) -> Path:
        """A table written aside, to be put in place."""
        self.target.scratch.mkdir(parents=True, exist_ok=True)
        aside = self.target.scratch / name.replace("/", "~")
        return stage(rows.lazy(), aside, _described(rows), {"smalti": __version__}, through=False)

    def _write_json(self, name: str, value: Mapping[str, Any]) -> None:
        self.target.write(f"{self.store}/{name}", json.dumps(value, indent=2).encode())

    def _count(self) -> None:
        """Shape, type and compression, as they are written."""
        arrays, attributes = self.state.arrays, self.state.attributes
        words = {path: codec_words(metadata["codecs"]) for path, metadata in arrays.items()}
        one = next(iter(arrays.values())) if len(arrays) == 1 else None
        attributes["image_shape"] = one["shape"][1:] if one else None
        attributes["dtype"] = one["data_type"] if one else None
        attributes["codec"] = next(iter(words.values())) if len(set(words.values())) == 1 else None

    def _note_append(self, start: int) -> None:
        end = self.state.attributes["total_images"]
        entry = {"appended_count": end - start, "start_index": start, "end_index": end}
        self.state.attributes["append_history"] = [*self.state.attributes["append_history"], entry]

    def _root(self) -> dict[str, Any]:
        nodes = self.state.nodes
        for path in nodes.keys() - self.state.arrays.keys():
            self._write_json(f"{path}/zarr.json", nodes[path])
        whole = {"kind": "inline", "must_understand": False, "metadata": nodes}
        return {**_GROUP, "attributes": self.state.attributes, "consolidated_metadata": whole}

    def _stage_beside(self, before: int) -> Path:
        """The whole table, by adding to what lies beside the store when that has all `before` the run."""
        name, parts = table_beside(self.store), self.state.attributes["parts"]
        kept = _read_rows(self.target, name) if before else None
        if kept is None or kept.height != before:
            return self._staged(name, read_table(self.target, self.store, self.state))
        new: list[pl.DataFrame] = []
        for part in reversed(parts):
            if sum(rows.height for rows in new) == self.state.rows - before:
                break
            new.insert(0, _read_part(self.target, f"{self.store}/{part}"))
        return self._staged(name, together([kept, *new]))

    def close(self) -> None:
        """Let go of what was not committed."""
        self._pool.shutdown(cancel_futures=True)
        with ExitStack() as stack:
            for array in self._arrays.values():
                stack.callback(array.close)


def table_beside(store: str) -> str:
    """Name of the table that lies beside a store: ``images_metadata.parquet`` of ``images.zarr``."""
    return f"{store.removesuffix('.zarr')}_metadata.parquet"


def check_beside(target: Target, store: str) -> None:
    """Raise UsageError when the table that would be written beside a store is there and not smalti's."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    name = table_beside(store)
    data = target.read(name)
    if data is None:
        return
    try:
        ours = b"smalti" in (pq.read_metadata(io.BytesIO(data)).metadata or {})
    except (pa.ArrowException, OSError):
        ours = False
    if not ours:
        raise UsageError(
            f"{target.name}/{name} is not smalti's, and the table of the store would be written there; "
            "move it, or give another --out"
        )


def new_state(creation: Mapping[str, Any]) -> State:
    """Of a store that is not there yet."""
    return State(
        {
            "smalti": {"format": FORMAT, "version": __version__},
            "total_images": 0,
            "failed": 0,
            "rows": 0,
            "image_shape": None,
            "dtype": None,
            "codec": None,
            "finished": False,
            "creation": dict(creation),
            "arrays": {},
            "parts": [],
            "append_history": [],
        }
    )


def read_table(target: Target, store: str, state: State) -> pl.DataFrame:
    """The rows that were committed, in order."""
    parts = [_read_part(target, f"{store}/{part}") for part in state.attributes["parts"]]
    return together(parts) if parts else frame([], COLUMNS)


def _read_part(target: Target, name: str) -> pl.DataFrame:
    rows = _read_rows(target, name)
    if rows is None:
        raise SmaltiError(f"{target.name}/{name} is gone or damaged; the store is not whole")
    return rows


def _read_rows(target: Target, name: str) -> pl.DataFrame | None:
    """A Parquet file; None where there is none that can be read."""
    data = target.read(name)
    try:
        return None if data is None else pl.read_parquet(data)
    except pl.exceptions.PolarsError:
        return None


def _described(rows: pl.DataFrame) -> list[Column]:
    return [column for column in COLUMNS if column.name in rows.columns]


def _codec_in(metadata: Mapping[str, Any]) -> Codec:
    """The codec that an array was made with."""
    inner = metadata["codecs"][0]["configuration"]["codecs"]
    found = {codec["name"]: codec.get("configuration", {}) for codec in inner}
    dtype = np.dtype(metadata["data_type"])
    if "blosc" in found:
        told = found["blosc"]
        name = told["cname"] if told["shuffle"] == "noshuffle" else f"blosc-{told['cname']}"
        return codec_of(name, told["clevel"], dtype)
    for name in ("zstd", "gzip"):
        if name in found:
            return codec_of(name, found[name]["level"], dtype)
    return codec_of("none", None, dtype)
