"""One run: look, leave out what is done, measure, keep parts as it goes, merge them at the end."""

import math
import time
from collections.abc import Callable, Collection, Generator, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from pathlib import Path

import polars as pl

from smalti import __version__
from smalti.core.errors import SmaltiError, UsageError
from smalti.core.image import ImageRef
from smalti.core.plugin import Plugin, broken, find
from smalti.core.progress import Progress, State
from smalti.processing.batch import columns_of
from smalti.processing.engine import run_inline, run_supervised
from smalti.processing.folder import locked
from smalti.processing.job import Tables
from smalti.processing.log import RunLog, logged_to
from smalti.processing.metric_set import MetricSet, choose_metrics
from smalti.processing.parts import Parts
from smalti.processing.record import Record
from smalti.processing.resume import (
    check_same_project,
    joined_names,
    look,
    present_facts,
    stated_columns,
    still_to_do,
)
from smalti.processing.running import Running
from smalti.processing.settings import Settings
from smalti.processing.sharing.private import bases_of, check_inside, omit_base, plain_tables, without_base
from smalti.sources.found import Found
from smalti.table import store
from smalti.table.elsewhere import settle

__all__ = ["run"]


def run(
    folder: Path,
    record: Record,
    settings: Settings,
    progress: Progress,
    fresh: bool,
    extra: Sequence[Plugin] = (),
    running: Running = Running(),  # noqa: B008 - frozen
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
    running
        Where and in which pieces.

    Returns
    -------
    Record
        The record as written at the end.

    Raises
    ------
    NothingFoundError
        The base folder is missing, empty or without any image; nothing is written.
    UsageError
        The folder is not a project's, another run is at work on it, its rows are of another base or
        loader, or what is to measure cannot be reached.
    """
    with logged_to(running.log_file):
        return _run(folder, record, settings, progress, fresh, extra, running)


def _run(
    folder: Path,
    record: Record,
    settings: Settings,
    progress: Progress,
    fresh: bool,
    extra: Sequence[Plugin],
    running: Running,
) -> Record:
    check_machines(settings, extra, running)
    if settings.loader not in (None, "none"):
        find("loader", settings.loader)
    metrics = choose_metrics(settings, extra)
    columns = columns_of(metrics)
    found = look(record, columns)
    columns["images"] = (*columns["images"], *found.columns)
    with locked(folder):
        before = None if fresh else stored_record(folder)
        record = kept_facts(record, before)
        if record.omit_base_dir:
            check_inside(found.refs)
        bases = bases_of(record.base, found.refs) if record.omit_base_dir else frozenset()
        images = store.read(folder, "images") if before and store.exists(folder) else None
        if before and images is not None:
            check_same_project(before, images, record.base, found.refs, settings)
        if images is None:
            store.forget(folder)
        settle(folder, running.parts_dir)
        record = replace(
            begun(record, found, metrics, settings),
            seconds=before.seconds if before else 0.0,
            joined=(*(before.joined if before else ()), *joined_names(found)),
            problems=(*found.problems, *left_out(), *inline_words(extra), *vanished(images, found.refs)),
        )
        record.write(folder)
        todo = still_to_do(found.refs, images, metrics.version)
        with _engine(settings, metrics, extra, running) as engine:
            record = _measure(folder, record, todo, progress, bases, engine, running)
        footer = {"smalti": record.version, "metric_set": metrics.version}
        present = present_facts(found, before, columns["images"])
        if record.omit_base_dir:
            present = without_base(present, bases)
        store.compact(folder, columns, footer, present, stated_columns())
        if before and images is not None and record.omit_base_dir and not is_plain(before):
            omit_base(folder, bases | {before.base})
        check_complete(folder, found.refs)
        record = replace(record, finished=True, joined=joined_names(found))
        record.write(folder)
    return record


def stored_record(folder: Path) -> Record | None:
    """The record of the last run; None for a first run, or when a power cut left no readable one."""
    try:
        return Record.read(folder)
    except SmaltiError:
        return None


def kept_facts(record: Record, before: Record | None) -> Record:
    """The record with what it leaves open of label, description, palette and privacy as it was before."""
    if before is None:
        return record
    return replace(
        record,
        flavor=record.flavor or before.flavor,
        description=record.description or before.description,
        cmap=record.cmap or before.cmap,
        omit_base_dir=record.omit_base_dir or before.omit_base_dir,
    )


def is_plain(before: Record) -> bool:
    """Whether no row of an earlier run names a base folder: it left it out too, and came to its end."""
    return before.omit_base_dir and before.finished


def begun(record: Record, found: Found, metrics: MetricSet, settings: Settings) -> Record:
    """The record of a run that has just begun."""
    return replace(
        record,
        settings=settings.to_dict(),
        files=sum(n_files(ref) for ref in found.refs),
        clutter=found.clutter,
        conditions=found.conditions,
        finished=False,
        metrics={metric.name: metric.version for metric in (*metrics.of_planes, *metrics.of_images)},
        version=__version__,
    )


def n_files(ref: ImageRef) -> int:
    """How many files it stands for: of a stack, those that are there."""
    return sum(map(bool, ref.stack.members)) if ref.stack else 1


def left_out() -> list[str]:
    """Plugins that could not be loaded, in words."""
    return [f"plugin {entry} was left out: {reason}" for entry, reason in broken().items()]


def inline_words(extra: Sequence[Plugin]) -> list[str]:
    """That a run was slower for metrics that no other process can import, in words."""
    names = ", ".join(metric.name for metric in extra)
    return [f"measured in this process, in one thread, for metrics of __main__: {names}"] if extra else []


def vanished(images: pl.LazyFrame | None, refs: Sequence[ImageRef]) -> list[str]:
    """How many files of the last run are gone, in words."""
    if images is None:
        return []
    gone = set(images.select("path").collect()["path"]) - {ref.path for ref in refs}
    return [f"files of the last run no longer found, whose rows were dropped: {len(gone):,}"] if gone else []


def check_complete(folder: Path, refs: Sequence[ImageRef]) -> None:
    """Raise SmaltiError when files have no row: somebody removed parts of the folder during the run."""
    rows = store.read(folder, "images").select(pl.col("path").n_unique()).collect().item()
    if rows != len(refs):
        raise SmaltiError(
            f"{len(refs) - rows:,} of {len(refs):,} files have no row: {folder} was changed during the run; "
            "process again to measure them"
        )


def check_machines(settings: Settings, extra: Sequence[Plugin], running: Running) -> None:
    """Raise UsageError when what is to measure cannot be reached, or cannot measure this."""
    if not running.is_distributed:
        return
    if extra:
        names = ", ".join(metric.name for metric in extra)
        raise UsageError(
            f"metrics of __main__ cannot be sent to dask workers: {names}; put them into a module"
        )
    if settings.workers:
        raise UsageError(
            f"{settings.workers} workers are asked for, but dask's workers measure; leave the number away"
        )
    from smalti.processing.cluster.clients import check_reachable

    check_reachable(running)


@contextmanager
def _engine(
    settings: Settings, metrics: MetricSet, extra: Sequence[Plugin], running: Running
) -> Iterator[Callable[[Sequence[ImageRef]], Generator[Tables]]]:
    """What measures files, and gives frames of one batch after the other; other machines are let go after."""
    size = running.batch_size
    if not running.is_distributed:
        measure = run_inline if extra else run_supervised
        yield lambda refs: measure(refs, settings, metrics, size)
        return
    from smalti.processing.cluster.clients import client_of  # these bring asyncio and more
    from smalti.processing.cluster.driver import PATIENCE_SECONDS, run_on_client

    with ExitStack() as stack:  # nobody is waited for when there is nothing to measure

        def measure_there(refs: Sequence[ImageRef]) -> Generator[Tables]:
            if refs:
                client = stack.enter_context(client_of(running))
                patience = (
                    PATIENCE_SECONDS if running.cluster is None else math.inf
                )  # jobs may queue for days
                yield from run_on_client(refs, settings, metrics, client, size, patience)

        yield measure_there


def _measure(
    folder: Path,
    record: Record,
    todo: Sequence[ImageRef],
    progress: Progress,
    bases: Collection[str],
    engine: Callable[[Sequence[ImageRef]], Generator[Tables]],
    running: Running,
) -> Record:
    started = time.monotonic()
    parts = Parts(folder, running.flush_every)
    log = RunLog(record, len(todo))
    done = failed = 0
    waiting = "waiting for workers" if running.is_distributed else "starting"
    progress.update(State(0, len(todo), message=waiting))
    try:
        with closing(engine(todo)) as batches:
            for tables in batches:
                images = tables["images"]
                done += images["path"].n_unique()
                failed += images.filter(~pl.col("status").is_in(["ok", "skipped"])).height
                parts.add(plain_tables(tables, bases) if bases else tables)
                log.add(tables, done, failed)
                progress.update(State(done, len(todo), failed, time.monotonic() - started))
    finally:
        parts.flush()
        record = replace(record, seconds=round(record.seconds + time.monotonic() - started, 3))
        record.write(folder)
        log.tell("in all")
    return record
