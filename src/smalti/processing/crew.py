"""The driver: feeds supervised workers, replaces one that dies, and tries the file it was at alone."""

import logging
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import count
from pathlib import Path
from queue import Empty, SimpleQueue
from types import MappingProxyType
from typing import Any

from smalti.core.errors import SmaltiError
from smalti.core.image import ImageRef
from smalti.processing.job import Job, Tables
from smalti.processing.settings import Settings
from smalti.processing.supervised import Event, Worker

__all__ = ["Crew"]

_LOG = logging.getLogger(__name__)

IN_FLIGHT = 2
"""Batches a worker has at once: one at work, one waiting."""

POLL_SECONDS = 0.5
LATER_SECONDS = 1.0
"""Work that goes on for as long as a worker takes to start is more than it looked: the rest is hired."""
START_SECONDS = 300.0
"""A worker that is not ready so long after its start is given up; a cold compile takes about 20."""


def always(refs: Sequence[ImageRef]) -> bool:
    """Nothing has to wait."""
    return True


class Crew:
    """Worker processes for the queue, and one for suspects, who are tried alone beside them.

    Parameters
    ----------
    settings, job
        How to read, and what to do with what was read.
    folder
        For small files that tell where each worker is; no other crew may use it.
    slots
        Of the memory that the workers share, also with those of other crews; see `slot_files`.
    at_once
        Workers to begin with, when fewer than the settings say; see `smalti.processing.plan.hired_at_once`.
    """

    def __init__(
        self, settings: Settings, job: Job, folder: Path, slots: Sequence[Path], at_once: int | None = None
    ) -> None:
        self._settings = settings
        self._job = job
        self._folder = folder
        self._slots = slots
        self._at_once = at_once or settings.processes
        self._ready_since: float | None = None
        self._queue: deque[tuple[ImageRef, ...]] = deque()
        self._suspects: deque[ImageRef] = deque()
        self._numbers = count()
        self._events: SimpleQueue[tuple[Worker, Event]] = SimpleQueue()
        self._crew: list[Worker] = []
        self._solo: Worker | None = None
        self._fruitless = 0
        self._checked = time.monotonic()
        self._given_up = False
        self._order: Mapping[str, Any] = {}
        self._may_begin: Callable[[Sequence[ImageRef]], bool] = always

    def run(
        self,
        batches: Iterable[tuple[ImageRef, ...]],
        order: Mapping[str, Any] = MappingProxyType({}),
        may_begin: Callable[[Sequence[ImageRef]], bool] = always,
    ) -> Iterator[Tables]:
        """Do the job with batches; may be called again when it is through, with the same worker processes.

        Parameters
        ----------
        batches
            Begun in this order.
        order
            Plain values that the job is told with each batch.
        may_begin
            Whether a batch may be begun now, or has to wait for results of earlier ones to be used.
        """
        self._queue.extend(batches)
        self._order, self._may_begin = dict(order), may_begin
        while self._queue or self._suspects or any(worker.batches for worker in self._workers()):
            if self._given_up:
                raise SmaltiError("the run was stopped")
            self._feed()
            yield from self._step()

    def give_up(self) -> None:
        """Have `run`, at work in another thread, raise SmaltiError soon."""
        self._given_up = True

    def stop(self) -> None:
        """End the worker processes; not while `run` is at work in another thread."""
        for worker in self._workers():
            worker.stop()

    def _workers(self) -> list[Worker]:
        return [*self._crew, *([self._solo] if self._solo else [])]

    def _hire(self) -> Worker:
        place = self._folder / f"place-{next(self._numbers)}"
        return Worker(self._settings, self._job.home, self._events, place, self._slots)

    def _feed(self) -> None:
        wanted = self._wanted()
        # While more workers may come, they shall find something to do.
        in_flight = IN_FLIGHT if wanted >= self._settings.processes else 1
        for waiting in range(in_flight):  # each gets its first batch before any gets a second
            while self._has_next() and len(self._crew) < wanted:
                self._crew.append(self._hire())
                self._give(self._crew[-1])
            for worker in self._crew:
                if len(worker.batches) <= waiting and self._has_next():
                    self._give(worker)
        if self._suspects and not (self._solo and self._solo.batches):
            self._solo = self._solo or self._hire()
            self._solo.give(next(self._numbers), (self._suspects.popleft(),), self._order)

    def _wanted(self) -> int:
        """How many workers there should be by now."""
        since = self._ready_since
        late = since is not None and time.monotonic() - since > LATER_SECONDS
        return self._settings.processes if late else self._at_once

    def _has_next(self) -> bool:
        return bool(self._queue) and self._may_begin(self._queue[0])

    def _give(self, worker: Worker) -> None:
        worker.give(next(self._numbers), self._queue.popleft(), self._order)

    def _step(self) -> Iterator[Tables]:
        try:
            worker, event = self._events.get(timeout=POLL_SECONDS)
        except Empty:
            pass
        else:
            if worker in self._workers():  # else it spoke before it was replaced
                yield from self._hear(worker, event)
        if time.monotonic() - self._checked > POLL_SECONDS:
            self._checked = time.monotonic()
            yield from self._look_at_the_clock()

    def _hear(self, worker: Worker, event: Event) -> Iterator[Tables]:
        worker.note(event)
        if event.kind == "ready":
            self._ready_since = self._ready_since or time.monotonic()
        elif event.kind == "died":
            yield from self._lose(worker, "crashed", f"{worker.last_words()}, also when tried alone")
        elif event.kind == "fault":
            raise SmaltiError(f"a fault in smalti, not in an image: {event.text}")
        elif event.kind == "done":
            self._fruitless = 0
            yield event.tables

    def _look_at_the_clock(self) -> Iterator[Tables]:
        limit = self._settings.timeout
        for worker in self._workers():
            if worker.silent_seconds() > limit:
                text = f"no plane finished within {limit:g} s, also when tried alone"
                yield from self._lose(worker, "timeout", text)
            elif worker.has_ended and self._events.empty():
                yield from self._lose(worker, "crashed", f"{worker.last_words()}, also when tried alone")
            elif worker.starting_seconds > START_SECONDS:
                raise SmaltiError(f"a worker process was not ready {START_SECONDS:g} s after its start")

    def _lose(self, worker: Worker, status: str, text: str) -> Iterator[Tables]:
        """End a worker: a suspect that it ran alone becomes a row; else the rest of its work is kept.

        A batch that was lost is halved: a group of planes that crashes together is laid to any of its files,
        which would else be tried one by one for as long as the guilty one stays among the rest.
        """
        suspect = worker.begun()
        worker.stop()
        _LOG.warning("a worker was lost at %s: %s", suspect.path if suspect else "no file", text)
        if worker is self._solo:
            self._solo = None
            for refs in worker.batches.values():
                yield self._job.failed(refs, status, text)
            return
        self._crew.remove(worker)
        self._fruitless = 0 if suspect else self._fruitless + 1
        if self._fruitless > self._settings.processes:
            raise SmaltiError(f"the worker processes do not start: {text}")
        if suspect:
            self._suspects.append(suspect)
        for refs in worker.batches.values():
            rest = tuple(ref for ref in refs if ref is not suspect)
            half = (len(rest) + 1) // 2 if suspect in refs else len(rest)
            self._queue.extendleft(part for part in (rest[half:], rest[:half]) if part)
