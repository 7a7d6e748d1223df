"""One run: look, leave out what is done, measure, keep parts as it goes, merge them at the end."""

import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import filelock
import polars as pl

from smalti.core.errors import UsageError
from smalti.core.image import ImageRef
from smalti.core.plugin import Plugin
from smalti.core.progress import Progress, State
from smalti.loaders.choose import known_extensions
from smalti.processing.batch import Tables, columns_of
from smalti.processing.engine import run_inline, run_supervised
from smalti.processing.metric_set import MetricSet, choose_metrics
from smalti.processing.record import Record
from smalti.processing.resume import check_same_reading, still_to_do
from smalti.processing.settings import Settings
from smalti.sources.folder import discover
from smalti.table import store

__all__ = ["run"]

FLUSH_SECONDS = 2.0
"""A kill loses at most the work of so long."""


def run(
    folder: Path,
    record: Record,
    settings: Settings,
    progress: Progress,
    fresh: bool,
    extra: Sequence[Plugin] = (),
) -> Record:
    """Bring the tables of a project folder up to date with its base folder.

    Parameters
    ----------
    folder
        The project folder; made when it is not there.
    record
        Name, base, paths and extensions to look at.
    settings
        How to read and measure.
    progress
        Told about every batch.
    fresh
        Forget what is in the tables.
    extra
        Metrics that only this process knows; with any, it measures in this process itself.

    Returns
    -------
    Record
        The record as written at the end.

    Raises
    ------
    NothingFoundError
        The base folder is missing, empty or without any image; nothing is written.
    UsageError
        Another run is at work on the folder, or its rows were read with another loader.
    """
    metrics = choose_metrics(settings, extra)
    found = discover(record.base, record.paths, record.extensions, known_extensions())
    record = replace(
        record,
        settings=settings.to_dict(),
        files=len(found.refs),
        clutter=found.clutter,
        conditions=found.conditions,
        problems=found.problems,
        metrics={metric.name: metric.version for metric in (*metrics.of_planes, *metrics.of_images)},
    )
    with locked(folder):
        if fresh:
            forget(folder)
        elif before := Record.read(folder):
            check_same_reading(before, settings)
            record = replace(record, seconds=before.seconds)
        record.write(folder)
        todo = still_to_do(
            found.refs, store.read(folder, "images") if store.exists(folder) else None, metrics.version
        )
        record = _measure(folder, record, settings, metrics, todo, progress, inline=bool(extra))
        footer = {"smalti": record.version, "metric_set": metrics.version}
        store.compact(folder, columns_of(metrics), footer, keep={ref.path for ref in found.refs})
        record = replace(record, finished=True)
        record.write(folder)
    return record


def _measure(
    folder: Path,
    record: Record,
    settings: Settings,
    metrics: MetricSet,
    todo: Sequence[ImageRef],
    progress: Progress,
    inline: bool,
) -> Record:
    started = time.monotonic()
    engine = run_inline if inline else run_supervised
    parts = _Parts(folder)
    done = failed = 0
    progress.update(State(0, len(todo), message="starting"))
    try:
        for tables in engine(todo, settings, metrics) if todo else ():
            images = tables["images"]
            done += images["path"].n_unique()
            failed += images.filter(~pl.col("status").is_in(["ok", "skipped"])).height
            parts.add(tables)
            progress.update(State(done, len(todo), failed, time.monotonic() - started))
    finally:
        parts.flush()
        progress.close()
        record = replace(record, seconds=round(record.seconds + time.monotonic() - started, 3))
        record.write(folder)
    return record


class _Parts:
    """Frames gathered for a few seconds, then written as one part."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._number = store.next_part(folder)
        self._waiting: list[Tables] = []
        self._last = time.monotonic()

    def add(self, tables: Tables) -> None:
        self._waiting.append(tables)
        if time.monotonic() - self._last > FLUSH_SECONDS:
            self.flush()

    def flush(self) -> None:
        if self._waiting:
            merged = {
                name: pl.concat([tables[name] for tables in self._waiting]) for name in self._waiting[0]
            }
            store.write_part(self._folder, self._number, merged)
            self._number += 1
            self._waiting = []
        self._last = time.monotonic()


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep other runs away; the lock ends with the process, however it ends."""
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file; give the name of a folder that may be made, such as X.smalti")
    folder.mkdir(parents=True, exist_ok=True)
    lock = filelock.FileLock(folder / ".lock", blocking=False)
    try:
        with lock:
            yield
    except filelock.Timeout:
        raise UsageError(f"another run is at work on {folder}; wait for it, or give another -o") from None


def forget(folder: Path) -> None:
    """Remove the tables and parts of a project; its flags and views stay."""
    shutil.rmtree(folder / "parts", ignore_errors=True)
    for table in store.TABLES:
        (folder / f"{table}.parquet").unlink(missing_ok=True)
