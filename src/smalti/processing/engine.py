"""The driver: feeds one supervised worker, replaces it when it dies, and tries its suspects alone."""

import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import count
from queue import Empty, SimpleQueue

from smalti.core.errors import SmaltiError
from smalti.core.image import ImageRef
from smalti.processing.batch import Tables, failed_rows, process_batch
from smalti.processing.budget import Budget
from smalti.processing.metric_set import MetricSet
from smalti.processing.plan import cut_batches
from smalti.processing.settings import Settings
from smalti.processing.supervised import Event, Worker

__all__ = ["run_inline", "run_supervised"]

IN_FLIGHT_A_THREAD = 3
POLL_SECONDS = 0.5
START_SECONDS = 300.0
"""A worker that is not ready so long after its start is given up; a cold compile takes about 20."""


def run_inline(refs: Sequence[ImageRef], settings: Settings, metrics: MetricSet) -> Iterator[Tables]:
    """Measure in this process and thread: for tests, debugging, and metrics of a notebook's ``__main__``."""
    budget = Budget(settings.memory_bytes)
    for batch in cut_batches(refs, 1):
        yield process_batch(batch, settings, metrics, budget, lambda number: None)


def run_supervised(refs: Sequence[ImageRef], settings: Settings, metrics: MetricSet) -> Iterator[Tables]:
    """Measure in a worker process; what kills it or hangs costs one row.

    Yields
    ------
    dict
        Frames of one batch, in order of completion.
    """
    driver = _Driver(settings, metrics)
    try:
        yield from driver.run(refs)
    finally:
        driver.stop()


class _Driver:
    """One main worker for the queue, and one for suspects, who are tried alone beside it."""

    def __init__(self, settings: Settings, metrics: MetricSet) -> None:
        self._settings = settings
        self._metrics = metrics
        self._queue: deque[tuple[ImageRef, ...]] = deque()
        self._suspects: deque[ImageRef] = deque()
        self._numbers = count()
        self._events: SimpleQueue[tuple[Worker, Event]] = SimpleQueue()
        self._main: Worker | None = None
        self._solo: Worker | None = None
        self._fruitless = 0
        self._checked = time.monotonic()

    def run(self, refs: Sequence[ImageRef]) -> Iterator[Tables]:
        self._queue.extend(cut_batches(refs, self._settings.threads))
        while self._queue or self._suspects or any(worker.batches for worker in self._workers()):
            self._feed()
            yield from self._step()

    def stop(self) -> None:
        for worker in self._workers():
            worker.stop()

    def _workers(self) -> list[Worker]:
        return [worker for worker in (self._main, self._solo) if worker]

    def _feed(self) -> None:
        if self._queue:
            self._main = self._main or Worker(self._settings, self._events)
        while (
            self._main
            and self._queue
            and len(self._main.batches) < IN_FLIGHT_A_THREAD * self._settings.threads
        ):
            self._main.give(next(self._numbers), self._queue.popleft())
        if self._suspects and not (self._solo and self._solo.batches):
            self._solo = self._solo or Worker(replace(self._settings, workers=1), self._events)
            self._solo.give(next(self._numbers), (self._suspects.popleft(),))

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
        if event.kind == "died":
            yield from self._lose(worker, "crashed", f"{worker.last_words()}, also when tried alone", [])
        elif event.kind == "fault":
            raise SmaltiError(f"a fault in smalti, not in an image: {event.text}")
        elif event.kind == "done":
            self._fruitless = 0
            yield event.tables

    def _look_at_the_clock(self) -> Iterator[Tables]:
        for worker in self._workers():
            limit = self._settings.timeout
            if late := worker.overdue(limit):
                text = f"no plane finished within {limit:g} s, also when tried alone"
                yield from self._lose(worker, "timeout", text, late)
            elif worker.has_ended and self._events.empty():
                yield from self._lose(worker, "crashed", f"{worker.last_words()}, also when tried alone", [])
            elif worker.starting_seconds > START_SECONDS:
                if not worker.begun():
                    raise SmaltiError(f"the worker process was not ready {START_SECONDS:g} s after its start")
                yield from self._lose(worker, "timeout", "", worker.begun())

    def _lose(self, worker: Worker, status: str, text: str, late: list[ImageRef]) -> Iterator[Tables]:
        """End a worker: a suspect that it ran alone becomes a row; else the rest of its work is kept.

        Suspects of the main worker are the `late`, else all files begun and not ended.
        """
        words = worker.last_words() if status == "crashed" else ""
        worker.stop()
        if worker is self._solo:
            self._solo = None
            for refs in worker.batches.values():
                yield failed_rows(refs, status, text, self._metrics)
            return
        self._main = None
        suspects = late or worker.begun()
        self._fruitless = 0 if suspects else self._fruitless + 1
        if self._fruitless > 1:
            raise SmaltiError(f"the worker process does not start: {words}")
        self._suspects.extend(suspects)
        for refs in worker.batches.values():
            if rest := tuple(ref for ref in refs if ref not in suspects):
                self._queue.appendleft(rest)
