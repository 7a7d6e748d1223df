"""Values that are found for the patches of a set and added to its manifest, chunk by chunk.

What is found is written in parts, each a file that is there as a whole or not at all, and says what was asked
for. After a kill the same call takes up the parts, and finds what they lack. When all is in the manifest the
parts go.
"""

import json
import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from smalti import __version__
from smalti.core.ahead import in_order
from smalti.core.columns import Column
from smalti.core.errors import SmaltiError, UsageError
from smalti.core.progress import Progress, State
from smalti.curation import manifest
from smalti.curation.outcome import Item
from smalti.curation.patchset import PatchSet
from smalti.curation.sources import Given
from smalti.processing.frames import reason
from smalti.processing.machine import usable_cores
from smalti.table.parquet import commit, read_metadata, stage
from smalti.table.schema import polars_schema

__all__ = ["Adding", "Found", "done", "found", "kept_rows", "the_set", "write_with"]

CHUNK_BYTES = 32 << 20
"""Pixels of patches that are worked on at once by a thread."""

PART_SECONDS = 5.0
"""Time after which what was found is written."""

Work = Callable[[Sequence[np.ndarray]], Mapping[str, np.ndarray]]

_KEY: dict[str, pl.DataType] = {"patch_id": pl.String(), "pixel_hash": pl.String()}


@dataclass(frozen=True, slots=True)
class Adding:
    """What is found for patches.

    Parameters
    ----------
    name
        Such as ``"features"``; parts lie in a folder ``.NAME`` of the set.
    asked
        What decides the values, ready for JSON; parts of another are thrown away.
    columns
        What is added.
    work
        Values by column of patches, each uint8 (height, width), whose shapes may differ; called by several
        threads at once.
    threads
        That work; 0 for all cores.
    at_once
        Patches that `work` is given at most.
    """

    name: str
    asked: Mapping[str, Any]
    columns: tuple[Column, ...]
    work: Work
    threads: int = 0
    at_once: int = 256

    @property
    def schema(self) -> dict[str, pl.DataType]:
        """Types of a part: which patch with which pixels, and what is added."""
        return {**_KEY, **polars_schema(self.columns)}

    @property
    def stated(self) -> str:
        """`asked` as parts hold it."""
        return json.dumps(self.asked, sort_keys=True)


@dataclass(frozen=True, slots=True)
class Found:
    """What was found, and what could not be.

    Parameters
    ----------
    frame
        ``patch_id`` and the columns, one row for each patch that could be read, in the order asked for.
    failed
        Patches that could not be read, by name, with the reason.
    """

    frame: pl.DataFrame
    failed: tuple[Item, ...]


def the_set(sources: Sequence[Given], out: str = "") -> PatchSet:
    """The one set of patches that a step is given, which takes what is found itself.

    Raises
    ------
    UsageError
        It is none, there are several, or a place to write to was given.
    """
    if out:
        raise UsageError(f"what is found is written into the set itself; leave -o {out} away")
    if len(sources) != 1:
        raise UsageError(f"{len(sources)} sets of patches are given; give one at a time")
    return PatchSet.open(os.fspath(sources[0]))


def kept_rows(patches: PatchSet) -> list[int]:
    """Rows of a set's frame that nothing decided to drop."""
    kept = patches.frame["decision"].fill_null("keep") == "keep"
    return kept.arg_true().to_list()


def found(patches: PatchSet, rows: Sequence[int] | None, adding: Adding, progress: Progress) -> Found:
    """Find values for rows of a set, going on where a stopped run left off.

    Call it inside `smalti.curation.state.alone_in_whole`. Values are those of patches with the same
    ``patch_id`` and ``pixel_hash``.

    Parameters
    ----------
    patches, adding
        The set, and what is found.
    rows
        Rows of its frame; None for those that are kept.
    progress
        Told of patches.
    """
    chosen = pl.Series("row", kept_rows(patches) if rows is None else list(rows), dtype=pl.Int64)
    numbered = patches.frame[chosen].select(*_KEY).with_columns(chosen)
    parts = _Parts(patches.folder / f".{adding.name}", adding)
    held = parts.read()
    new = numbered.join(held, on=list(_KEY), how="anti", nulls_equal=True, maintain_order="left")
    run = _Run(patches, adding, progress, parts, numbered.height, numbered.height - new.height)
    made = run.work(new["row"].to_list())
    known = pl.concat([held, *made]).unique(list(_KEY), keep="last", maintain_order=True)
    wanted = numbered.drop("row").join(
        known, on=list(_KEY), how="inner", nulls_equal=True, maintain_order="left"
    )
    return Found(wanted.drop("pixel_hash"), tuple(run.failed))


def write_with(
    patches: PatchSet, frame: pl.DataFrame, columns: Sequence[Column], footer: Mapping[str, str]
) -> None:
    """Write the manifest anew with what was found, whole or not at all.

    Rows that `frame` holds take its values, null ones too; others keep theirs. Columns and entries of the
    footer that are not named stay as they are.

    Parameters
    ----------
    patches
        The set; what is on the disk counts, not its `frame`.
    frame
        ``patch_id``, once each, and columns of the manifest or new ones.
    columns
        Meanings of the new ones.
    footer
        Entries to set.
    """
    place = patches.folder / manifest.FILE_NAME
    info = manifest.info(place)
    told = {column.name: column for column in (*info.columns, *columns)}
    more = [column for name, column in told.items() if name not in manifest.SCHEMA]
    stated = {**info.footer, **footer, "smalti": __version__}
    manifest.write(_merged(manifest.read(place), frame), place, stated, more)


def done(patches: PatchSet, adding: Adding) -> None:
    """Take the parts away: what they hold is in the manifest."""
    shutil.rmtree(patches.folder / f".{adding.name}", ignore_errors=True)


def _merged(before: pl.DataFrame, frame: pl.DataFrame) -> pl.DataFrame:
    given = frame.with_columns(_given=pl.lit(True))
    joined = before.join(given, on="patch_id", how="left", maintain_order="left", suffix="_now")
    names = [name for name in frame.columns if name != "patch_id" and name in before.columns]
    now = [
        pl.when("_given").then(pl.col(f"{name}_now").cast(before.schema[name])).otherwise(name).alias(name)
        for name in names
    ]
    return joined.with_columns(now).drop("_given", *(f"{name}_now" for name in names))


@dataclass(slots=True)
class _Parts:
    """The parts of one folder that hold what is asked for; others are taken away."""

    home: Path
    adding: Adding
    last: int = 0

    def read(self) -> pl.DataFrame:
        """All that stopped runs found."""
        frames = [pl.DataFrame(schema=self.adding.schema)]
        for path in sorted(self.home.glob("part-[0-9]*.parquet")):
            held = self._held(path)
            if held is None:
                path.unlink()
                continue
            frames.append(held)
            self.last = int(path.stem[5:])
        return pl.concat(frames)

    def _held(self, path: Path) -> pl.DataFrame | None:
        """What a part holds; None of one of another `asked`, or of which a disk lost some."""
        try:
            same = read_metadata(path).footer.get("asked") == self.adding.stated
            return pl.read_parquet(path, glob=False) if same else None
        except (SmaltiError, OSError, pl.exceptions.PolarsError):
            return None

    def add(self, frame: pl.DataFrame) -> None:
        """Write a part."""
        self.home.mkdir(exist_ok=True)
        self.last += 1
        path = self.home / f"part-{self.last:06d}.parquet"
        footer = {"asked": self.adding.stated}
        commit(stage(frame.lazy(), path, self.adding.columns, footer), path)


@dataclass(slots=True)
class _Run:
    """A run under way."""

    patches: PatchSet
    adding: Adding
    progress: Progress
    parts: _Parts
    total: int
    done: int
    failed: list[Item] = field(default_factory=list)
    started: float = field(default_factory=time.monotonic)

    def work(self, rows: Sequence[int]) -> list[pl.DataFrame]:
        """Find values of rows; all are in parts then."""
        threads = self.adding.threads or usable_cores()
        made, waiting, since = list[pl.DataFrame](), list[pl.DataFrame](), time.monotonic()
        with ThreadPoolExecutor(threads) as pool:
            for frame, failed in in_order(pool, self._chunk, self._chunks(rows, threads), threads):
                self._tell(frame.height, failed)
                waiting.append(frame)
                if time.monotonic() - since >= PART_SECONDS:
                    made.append(self._part(waiting))
                    waiting, since = [], time.monotonic()
        return [*made, self._part(waiting)] if waiting else made

    def _part(self, frames: Sequence[pl.DataFrame]) -> pl.DataFrame:
        frame = pl.concat(frames)
        if frame.height:
            self.parts.add(frame)
        return frame

    def _chunk(self, rows: Sequence[int]) -> tuple[pl.DataFrame, list[Item]]:
        """What is found of some patches."""
        read, pixels, failed = list[int](), list[np.ndarray](), list[Item]()
        for row in rows:
            try:
                pixels.append(self.patches.read(row))
                read.append(row)
            except Exception as error:  # a reader may raise anything; it costs this patch only
                failed.append(Item(self.patches.frame["name"][row], "failed", reason(error), 0))
        keys = self.patches.frame[read].select(*_KEY)
        if not read:
            return pl.DataFrame(schema=self.adding.schema), failed
        values = self.adding.work(pixels)
        types = polars_schema(self.adding.columns)
        return keys.with_columns(
            **{name: pl.Series(values[name], dtype=types[name]) for name in types}
        ), failed

    def _chunks(self, rows: Sequence[int], threads: int) -> Iterator[list[int]]:
        """Rows that are worked on at once; no fewer chunks than threads, where there are as many patches."""
        most = max(1, min(self.adding.at_once, -(-len(rows) // threads)))
        sizes = self.patches.frame.select(_size()).to_series().gather(list(rows)).to_list() if rows else []
        chunk, n_bytes = list[int](), 0
        for row, size in zip(rows, sizes, strict=True):
            if chunk and (len(chunk) == most or n_bytes + size > CHUNK_BYTES):
                yield chunk
                chunk, n_bytes = [], 0
            chunk.append(row)
            n_bytes += size
        if chunk:
            yield chunk

    def _tell(self, n: int, failed: Sequence[Item]) -> None:
        self.done += n + len(failed)
        self.failed += failed
        seconds = time.monotonic() - self.started
        self.progress.update(State(self.done, self.total, len(self.failed), seconds, self.adding.name))


def _size() -> pl.Expr:
    """Pixels of a patch; of old sets without height and width those of its box."""
    height = pl.coalesce("height", pl.col("y1") - pl.col("y0"))
    return (height * pl.coalesce("width", pl.col("x1") - pl.col("x0"))).fill_null(0)
