"""The worker process: reads batches from stdin, measures them in threads, writes frames to stdout.

Started as ``python -m smalti.processing.worker``. What libraries print cannot spoil the stream: file
descriptor 1 is moved aside first and then points at stderr. The end of stdin ends the process at once,
so a killed driver leaves no orphan.
"""

import faulthandler
import os
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import fields
from queue import SimpleQueue
from threading import Lock, Thread
from typing import Any, BinaryIO

__all__ = ["main"]

SWITCH_SECONDS = 0.001
"""A thread that leaves a kernel waits no longer for the interpreter. With 5 ms, the default, 2,000 PNG of
256² took 7.9 s instead of 6.0 s on a machine busy with other work; on a quiet one it makes no difference."""

BEAT_SECONDS = 1.0
"""A slow image says that it is alive at most this often."""

PULSE_SECONDS = 10.0
FAULT = 70
"""Exit code when it was not the driver that ended the process."""


def main() -> None:
    """Serve batches until stdin ends."""
    sys.setswitchinterval(SWITCH_SECONDS)
    results = os.fdopen(os.dup(1), "wb")  # buffered: a raw write may stop half way when a signal comes
    os.dup2(2, 1)
    orders = os.fdopen(os.dup(0), "rb")
    os.close(0)
    os.open(os.devnull, os.O_RDONLY)
    _or_leave(_serve, orders, results)
    os._exit(0)  # threads may be in the middle of a file that nobody waits for


def _or_leave(work: Callable[..., None], *arguments: Any) -> None:
    """Do the work; what stops it ends the whole process at once and is left on stderr."""
    try:
        work(*arguments)
    except BaseException:  # also SystemExit from a plugin: a thread that ends in silence would look hung
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(FAULT)


def _serve(orders: BinaryIO, results: BinaryIO) -> None:
    from smalti.core.image import ImageRef
    from smalti.processing.budget import Budget
    from smalti.processing.metric_set import choose_metrics
    from smalti.processing.settings import Settings
    from smalti.processing.wire import receive, send

    first = receive(orders)
    if first is None:
        return
    sys.path += [path for path in first[0]["path"] if path not in sys.path]
    settings = Settings.from_dict(first[0]["settings"])
    Thread(target=_pulse, args=(2 * settings.timeout + 6 * PULSE_SECONDS,), daemon=True).start()
    lock = Lock()

    def say(header: dict[str, Any], frames: dict[str, Any] | None = None) -> None:
        with lock:
            send(results, header, frames)

    crew = _Crew(settings, choose_metrics(settings), Budget(settings.memory_bytes), say)
    if settings.threads == 1:  # a suspect, tried alone: the clock must run before it begins
        crew.warm()
    else:
        Thread(target=_or_leave, args=(crew.warm,), daemon=True).start()
    for number in range(settings.threads):
        Thread(target=_or_leave, args=(crew.work, number), daemon=True).start()
    names = [field.name for field in fields(ImageRef)]
    while (message := receive(orders)) is not None:
        refs = [ImageRef(**dict(zip(names, values, strict=True))) for values in message[0]["refs"]]
        crew.queue.put((message[0]["batch"], refs))


def _pulse(limit: float) -> None:
    """End the process when no Python thread could run for `limit` seconds.

    A library that hangs while it holds the interpreter keeps even the end of stdin from being seen; the
    driver, if it lives, gives such a process up after half as long.
    """
    while True:
        faulthandler.dump_traceback_later(limit, exit=True)
        time.sleep(PULSE_SECONDS)


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

        warm()
        self._say({"ready": os.getpid()})

    def work(self, thread: int) -> None:
        from smalti.processing.batch import process_batch

        while True:
            batch, refs = self.queue.get()
            begin = _Begin(self._say, thread, batch, min(BEAT_SECONDS, self._settings.timeout / 4))
            try:
                tables = process_batch(refs, self._settings, self._metrics, self._budget, begin)
            except Exception as error:  # a fault of ours, not of a file: the driver must hear of it
                self._say({"fault": f"{type(error).__name__}: {error}", "thread": thread, "batch": batch})
            else:
                self._say({"done": batch, "thread": thread}, tables)


class _Begin:
    """Says which file a thread is at; one file is told again only after `every` seconds."""

    def __init__(self, say: Any, thread: int, batch: int, every: float) -> None:
        self._every = every
        self._say = say
        self._thread = thread
        self._batch = batch
        self._last = (-1, 0.0)

    def __call__(self, number: int) -> None:
        now = time.monotonic()
        if number != self._last[0] or now - self._last[1] > self._every:
            self._last = (number, now)
            self._say({"begin": number, "thread": self._thread, "batch": self._batch})


if __name__ == "__main__":
    main()
