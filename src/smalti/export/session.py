"""One run over a collection: new, added to, or gone on with after it was stopped."""

import json
import logging
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl

from smalti.core.errors import UsageError
from smalti.core.progress import Progress, Silent
from smalti.core.progress import State as Progressed
from smalti.export.collection import Collection, State, new_state, read_table
from smalti.export.layout import Layout
from smalti.export.report import Report
from smalti.export.settings import ConvertOptions
from smalti.processing.machine import usable_cores
from smalti.writers.target import LocalTarget, RemoteTarget, Target, alone

__all__ = ["Before", "Item", "Session", "look_before", "writing"]

_LOG = logging.getLogger(__name__)

ERRORS_SHOWN = 10

Key = tuple[str, int | None, int | None, int | None]
"""Path, series, t and z of a picture; series is None of a file that failed as a whole."""


@dataclass(frozen=True, slots=True)
class Item:
    """One row of the table to be, and its image when it has one.

    Parameters
    ----------
    row
        Values by column of `smalti.export.columns.COLUMNS`.
    pixels
        Ready to be stored; None where it failed.
    bucket
        The array they go to.
    """

    row: dict[str, Any]
    pixels: np.ndarray | None = None
    bucket: str = ""


@dataclass(frozen=True, slots=True)
class Before:
    """What is in the place of a store, and what is to become of it.

    Parameters
    ----------
    state
        Of the store that is added to; None for a new one.
    done
        What the run that was stopped has already stored; empty for a run that begins.
    errors
        Path and reason of the images that failed in it.
    problems
        Sentences on what a person should know.
    files
        Size and last change of the files of `done`, as they were stored.
    goes_on
        Whether a run that was stopped goes on.
    """

    state: State | None = None
    done: frozenset[Key] = frozenset()
    errors: tuple[tuple[str, str], ...] = ()
    problems: tuple[str, ...] = ()
    files: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    goes_on: bool = False

    @property
    def start(self) -> int:
        """Images that were there before the run."""
        if self.state is None:
            return 0
        attributes = self.state.attributes
        return int(attributes["run"]["images"] if self.goes_on else attributes["total_images"])

    @property
    def layout(self) -> Layout | None:
        """The arrays that are there; None for a new store."""
        return None if self.state is None else self.state.layout


def look_before(target: Target, store: str, options: ConvertOptions, creation: Mapping[str, Any]) -> Before:
    """Whether a store is made, added to, or gone on with.

    Raises
    ------
    UsageError
        There is one, and nothing says what to do with it; or there is something else.
    """
    state = State.read(target, store)
    if state is None or options.overwrite:
        return Before()
    run = state.attributes.get("run")
    if run and run["creation"] == _plain(creation) and options.append >= run["append"]:
        rows = read_table(target, store, state).slice(run["rows"])
        keys = rows.select("path", "series", "t", "z").iter_rows()
        stored = rows.select("path", "source_size", "source_modified").unique(maintain_order=True)
        failed = rows.filter(pl.col("error").is_not_null()).select("path", "error")
        files = {path: facts for path, *facts in stored.iter_rows()}
        return Before(state, frozenset(keys), tuple(failed.iter_rows()), files=files, goes_on=True)
    name = f"{target.name}/{store}"
    if options.append:
        said = f"a run of other sources or options that was stopped in {name} is left as far as it came"
        return Before(state, problems=(said,) if run else ())
    why = "it holds a run that was stopped, of other sources or options" if run else "it is there already"
    raise UsageError(f"{name}: {why}; --append adds to it, --overwrite replaces it")


def _plain(creation: Mapping[str, Any]) -> Any:
    return json.loads(json.dumps(creation))


@dataclass(slots=True)
class Session:
    """A run that writes.

    Parameters
    ----------
    collection
        The store, opened.
    options, creation
        How it is made, and what of it its attributes keep.
    before
        What was there.
    progress
        Told how far it is.
    facts
        More columns for the rows, see `smalti.export.images.Chosen.facts`.
    problems
        Sentences for the report.
    written, failed, errors
        What became of images so far.
    started
        When, by `time.monotonic`.
    """

    collection: Collection
    options: ConvertOptions
    creation: Mapping[str, Any]
    before: Before
    progress: Progress = field(default_factory=Silent)
    facts: pl.DataFrame | None = None
    problems: tuple[str, ...] = ()
    written: int = 0
    failed: int = 0
    errors: list[tuple[str, str]] = field(default_factory=list)
    started: float = field(default_factory=time.monotonic)

    def take(self, items: Iterable[Item], total: int) -> Report:
        """Write all items, of about `total` images, and finish the store."""
        attributes = self.collection.state.attributes
        self.collection.clear(all_of_it=self.before.state is None)
        if not self.before.goes_on:
            attributes["run"] = {
                "append": self.before.state is not None,
                "rows": attributes["rows"],
                "images": attributes["total_images"],
                "creation": _plain(self.creation),
            }
        attributes["finished"] = False
        self.failed = len(self.before.errors)
        self.errors = list(self.before.errors[:ERRORS_SHOWN])
        self.written = len(self.before.done) - self.failed
        stopped = self._add_all(items, total)
        self._finish(whole=not stopped)
        problems = (*self.problems, *self.before.problems, *([stopped] if stopped else []))
        name = f"{self.collection.target.name}/{self.collection.store}"
        for problem in problems:
            _LOG.warning("%s", problem)
        seconds = round(time.monotonic() - self.started, 3)
        _LOG.info("%s images written to %s in %s s, %s failed", self.written, name, seconds, self.failed)
        return Report(
            name, self.written, self.failed, attributes["total_images"], tuple(self.errors), problems, seconds
        )

    def _add_all(self, items: Iterable[Item], total: int) -> str:
        """Why it was stopped early; empty when it was not."""
        for item in items:
            if item.pixels is None:
                self._fail(item.row)
                if self.options.on_error == "stop":
                    return "stopped at the image that failed, as was asked; the same call goes on with it"
            else:
                self.written += 1
            self.collection.add(item.row, item.pixels, item.bucket)
            if self.collection.is_due:
                self.collection.commit(self.facts)
            seconds = time.monotonic() - self.started
            done = self.written + self.failed
            self.progress.update(Progressed(done, max(total, done), self.failed, seconds, "converting"))
        return ""

    def _fail(self, row: Mapping[str, Any]) -> None:
        self.failed += 1
        _LOG.warning("%s: %s", row["path"], row["error"])
        if len(self.errors) < ERRORS_SHOWN:
            self.errors.append((row["path"], row["error"]))

    def _finish(self, whole: bool) -> None:
        """Commit the last rows, write the table beside, and only then say that the run has ended.

        A run that was killed between these goes on by the same call, which finds nothing left but them.
        """
        attributes = self.collection.state.attributes
        self.collection.commit(self.facts, beside_from=attributes["run"]["rows"])
        if not whole:
            return
        run = attributes.pop("run")
        attributes["finished"] = True
        self.collection.commit(history=run["images"] if run["append"] else None)


@contextmanager
def writing(
    target: LocalTarget | RemoteTarget,
    store: str,
    layout: Layout,
    options: ConvertOptions,
    creation: Mapping[str, Any],
    before: Before,
) -> Iterator[Session]:
    """A run that alone writes to a store, for the length of a with block.

    Raises
    ------
    UsageError
        Another process writes to it, or did since it was looked at.
    """
    with alone(target):
        now = State.read(target, store)
        if (now and now.rows) != (before.state and before.state.rows) and not options.overwrite:
            raise UsageError(f"{target.name}/{store} was written to just now by another process; try again")
        collection = Collection(
            target,
            store,
            new_state(_plain(creation)) if before.state is None else before.state,
            layout,
            (options.compressor, options.clevel),
            {"chunk_shape": options.chunk_shape, "shard_images": options.shard_images},
            options.workers or usable_cores(),
        )
        try:
            yield Session(collection, options, creation, before)
        finally:
            collection.close()
