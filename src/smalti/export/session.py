"""One run over a collection: new, added to, or gone on with after it was stopped."""

import json
import logging
import time
from collections.abc import Collection as Some
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl

from smalti.core.errors import UsageError
from smalti.core.progress import Progress, Silent
from smalti.core.progress import State as Progressed
from smalti.export.collection import Collection, State, check_beside, new_state, read_table
from smalti.export.columns import NAMES
from smalti.export.facts import beside
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


@dataclass(frozen=True, slots=True, eq=False)
class Before:
    """What is in the place of a store, and what is to become of it.

    Parameters
    ----------
    state
        Of the store that is added to; None for a new one.
    rows
        What a run that was stopped has already stored, when it goes on; else None.
    problems
        Sentences on what a person should know.
    """

    state: State | None = None
    rows: pl.DataFrame | None = None
    problems: tuple[str, ...] = ()

    @property
    def run(self) -> Mapping[str, Any]:
        """What the store says of the run that goes on."""
        assert self.state is not None
        found: Mapping[str, Any] = self.state.attributes["run"]
        return found

    @property
    def start(self) -> int:
        """Images that were there before the run."""
        if self.state is None:
            return 0
        return int((self.state.attributes if self.rows is None else self.run)[_IMAGES[self.rows is None]])

    @property
    def done(self) -> frozenset[Key]:
        """Pictures that have a row already."""
        if self.rows is None:
            return frozenset()
        return frozenset(self.rows.select("path", "series", "t", "z").iter_rows())

    def check(self, name: str, asked: Some[tuple[str, int | None]], facts: pl.DataFrame | None) -> None:
        """Make sure that what is stored is of what is asked for now.

        Parameters
        ----------
        name
            Of the store, for the message.
        asked
            Path, and of a project series, of each image.
        facts
            What is known beside them.

        Raises
        ------
        UsageError
            The run that was stopped was over other images, or another table was beside them.
        """
        if self.rows is None:
            return
        single = any(series is not None for _, series in asked)
        keys = self.rows.select("path", "series" if single else pl.lit(None)).iter_rows()
        others = [path for path, series in keys if (path, series) not in asked]
        own = self.rows.select(NAMES)
        if others:
            n = f"{len(others):,} of its {self.rows.height:,} images"
            why = f"{n} are not asked for now, such as {others[0]}"
        elif not (own if facts is None else beside(own, facts)).equals(self.rows):
            why = "the table beside its images was another"
        else:
            return
        raise UsageError(
            f"{name} holds a run that was stopped, and {why}; --append adds to it, --overwrite replaces it"
        )


_IMAGES = {True: "total_images", False: "images"}


def look_before(target: Target, store: str, options: ConvertOptions, creation: Mapping[str, Any]) -> Before:
    """Whether a store is made, added to, or gone on with.

    Raises
    ------
    UsageError
        There is one, and nothing says what to do with it; or there is something else in its place, or in
        that of the table beside it.
    """
    check_beside(target, store)
    state = State.read(target, store)
    if state is None:
        return Before()
    run = state.attributes.get("run")
    if run and run["creation"] == _plain(creation) and _goes_on(run, options):
        return Before(state, read_table(target, store, state).slice(run["rows"]))
    if options.overwrite:
        return Before()
    name = f"{target.name}/{store}"
    if options.append:
        said = f"a run of other sources or options that was stopped in {name} is left as far as it came"
        return Before(state, problems=(said,) if run else ())
    why = "it holds a run that was stopped, of other sources or options" if run else "it is there already"
    raise UsageError(f"{name}: {why}; --append adds to it, --overwrite replaces it")


def _goes_on(run: Mapping[str, Any], options: ConvertOptions) -> bool:
    """Whether a call goes on with a run that was stopped; one that replaces a store, if that run did so."""
    return bool(options.append >= run["append"] and options.overwrite <= run["overwrite"])


def _plain(creation: Mapping[str, Any]) -> Any:
    return json.loads(json.dumps(creation))


@dataclass(slots=True)
class Session:
    """A run that writes.

    Parameters
    ----------
    collection, layout
        The store, opened, and the arrays that it will have.
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
    layout: Layout
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
        if self.before.rows is None:
            attributes["run"] = {
                "append": self.before.state is not None,
                "overwrite": self.options.overwrite,
                "rows": attributes["rows"],
                "images": attributes["total_images"],
                "creation": _plain(self.creation),
                "layout": self.layout.to_plain(),
            }
        else:
            for path, error in self.before.rows.select("path", "error").iter_rows():
                self._count(path, error)
        attributes["finished"] = False
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
            error = item.row["error"]
            self._count(item.row["path"], error)
            if error is not None:
                _LOG.warning("%s: %s", item.row["path"], error)
                if self.options.on_error == "stop":
                    return "stopped at the image that failed, as was asked; the same call goes on with it"
            self.collection.add(item.row, item.pixels, item.bucket)
            if self.collection.is_due:
                self.collection.commit(self.facts)
            seconds = time.monotonic() - self.started
            done = self.written + self.failed
            self.progress.update(Progressed(done, max(total, done), self.failed, seconds, "converting"))
        return ""

    def _count(self, path: str, error: str | None) -> None:
        self.written += error is None
        self.failed += error is not None
        if error is not None and len(self.errors) < ERRORS_SHOWN:
            self.errors.append((path, error))

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
    with alone(target, store):
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
            yield Session(collection, layout, options, creation, before)
        finally:
            collection.close()
