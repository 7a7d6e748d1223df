"""The worker process: reads batches from stdin, measures them in threads, writes frames to stdout.

Started as ``python -m smalti.processing.worker``. What libraries print cannot spoil the stream: file
descriptor 1 is moved aside first and then points at stderr. The end of stdin ends the process at once,
so a killed driver leaves no orphan.
"""

import os
import sys
import time
from dataclasses import fields
from queue import SimpleQueue
from threading import Lock, Thread
from typing import Any, BinaryIO

__all__ = ["main"]

SWITCH_SECONDS = 0.001
"""A thread that leaves a kernel waits no longer for the interpreter: 5 ms, the default, made two threads on
small images as slow as one (2,000 PNG of 256²: 7.9 s instead of 6.0 s)."""

BEAT_SECONDS = 1.0
"""A slow image says that it is alive at most this often."""


def main() -> None:
    """Serve batches until stdin ends."""
    sys.setswitchinterval(SWITCH_SECONDS)
    results = os.fdopen(os.dup(1), "wb")  # buffered: a raw write may stop half way when a signal comes
    os.dup2(2, 1)
    orders = os.fdopen(os.dup(0), "rb")
    os.close(0)
    os.open(os.devnull, os.O_RDONLY)
    try:
        _serve(orders, results)
    finally:
        sys.stderr.flush()
        os._exit(0)


def _serve(orders: BinaryIO, results: BinaryIO) -> None:
    from smalti.core.image import ImageRef
    from smalti.processing.budget import Budget
    from smalti.processing.metric_set import choose_metrics
    from smalti.processing.settings import Settings
    from smalti.processing.wire import receive, send

    first = receive(orders)
    if first is None:
        return
    settings = Settings.from_dict(first[0]["settings"])
    lock = Lock()

    def say(header: dict[str, Any], frames: dict[str, Any] | None = None) -> None:
        with lock:
            send(results, header, frames)

    crew = _Crew(settings, choose_metrics(settings), Budget(settings.memory_bytes), say)
    for number in range(settings.threads):
        Thread(target=crew.work, args=(number,), daemon=True).start()
    Thread(target=crew.warm, daemon=True).start()
    names = [field.name for field in fields(ImageRef)]
    while (message := receive(orders)) is not None:
        refs = [ImageRef(**dict(zip(names, values, strict=True))) for values in message[0]["refs"]]
        crew.queue.put((message[0]["batch"], refs))


class _Crew:
    """Threads that take batches from one queue."""

    def __init__(self, settings: Any, metrics: Any, budget: Any, say: Any) -> None:
        self.queue: SimpleQueue[tuple[int, list[Any]]] = SimpleQueue()
        self._settings = settings
        self._metrics = metrics
        self._budget = budget
        self._say = say

    def warm(self) -> None:
        """Load or compile the kernels while the first files are decoded."""
        from smalti.kernels.measure import warm

        try:
            warm()
        except Exception as error:
            self._say({"fault": f"{type(error).__name__}: {error}"})
        self._say({"ready": os.getpid()})

    def work(self, thread: int) -> None:
        from smalti.processing.batch import process_batch

        while True:
            batch, refs = self.queue.get()
            begin = _Begin(self._say, thread, batch)
            try:
                tables = process_batch(refs, self._settings, self._metrics, self._budget, begin)
            except Exception as error:  # a fault of ours, not of a file: the driver must hear of it
                self._say({"fault": f"{type(error).__name__}: {error}", "thread": thread, "batch": batch})
            else:
                self._say({"done": batch, "thread": thread}, tables)


class _Begin:
    """Says which file a thread is at; repeats of one file are told at most once a second."""

    def __init__(self, say: Any, thread: int, batch: int) -> None:
        self._say = say
        self._thread = thread
        self._batch = batch
        self._last = (-1, 0.0)

    def __call__(self, number: int) -> None:
        now = time.monotonic()
        if number != self._last[0] or now - self._last[1] > BEAT_SECONDS:
            self._last = (number, now)
            self._say({"begin": number, "thread": self._thread, "batch": self._batch})


if __name__ == "__main__":
    main()
