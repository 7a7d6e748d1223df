"""The worker process: reads batches from stdin, does its job with each in turn, writes frames to stdout.

Started as ``python -m smalti.processing.worker [MODULE:FUNCTION …]``; these are called before the first order
is waited for. The end of stdin ends the process at once, so a killed driver leaves no orphan.
"""

from __future__ import annotations

import gc
import os
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import fields
from functools import cache, partial
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, Any, BinaryIO

from smalti.core.served import OWN_BYTES, cap_memory, end_when_stuck, or_leave, take_streams

if TYPE_CHECKING:  # heavy, and not before the streams are moved aside
    from smalti.core.image import ImageRef
    from smalti.processing.place import Place
    from smalti.processing.settings import Settings

__all__ = ["main"]

FIRST_SECONDS = 1.0
"""Garbage is collected from the end of the first batch on, or from so long after its begin: what is imported
until then stays for good, and to look through it again and again took 0.1 s of the 0.8 before a first file is
done."""


def main() -> None:
    """Serve batches until stdin ends."""
    gc.disable()  # see FIRST_SECONDS
    orders, results = take_streams()
    or_leave(_serve, orders, results)
    os._exit(0)  # threads may be in the middle of a file that nobody waits for


def _serve(orders: BinaryIO, results: BinaryIO) -> None:
    from smalti.core.image import ImageRef, Stack
    from smalti.processing.job import at_home
    from smalti.processing.settings import Settings
    from smalti.processing.wire import receive

    for home in sys.argv[1:]:
        at_home(home)()
    first = receive(orders)
    if first is None:
        return
    tempfile.tempdir = os.environ["TMPDIR"] = first[0]["folder"]  # what is fetched goes with the run
    sys.path += [path for path in first[0]["path"] if path not in sys.path]
    settings = Settings.from_dict(first[0]["settings"])
    cap_memory(settings.memory_bytes + OWN_BYTES)
    end_when_stuck(2 * settings.timeout)
    batches: SimpleQueue[tuple[int, list[ImageRef], Mapping[str, Any]]] = SimpleQueue()
    slots = [Path(slot) for slot in first[0]["slots"]]
    told = (settings, first[0]["job"], Path(first[0]["place"]), slots)
    Thread(target=or_leave, args=(_work, batches, results, *told), daemon=True).start()
    names = [field.name for field in fields(ImageRef)]
    while (message := receive(orders)) is not None:
        given = [dict(zip(names, values, strict=True)) for values in message[0]["refs"]]
        for facts in given:
            facts["stack"] = Stack.of_lists(facts["stack"]) if facts["stack"] else None
        batches.put((message[0]["batch"], [ImageRef(**facts) for facts in given], message[0]["order"]))


def _work(
    batches: SimpleQueue[tuple[int, list[ImageRef], Mapping[str, Any]]],
    results: BinaryIO,
    settings: Settings,
    job: str,
    place: Path,
    slots: list[Path],
) -> None:
    """Take batches from the queue for good."""
    from smalti.processing.budget import Budget
    from smalti.processing.job import begin_job
    from smalti.processing.place import Place
    from smalti.processing.wire import send

    work, at = begin_job(job, settings, Budget(settings.memory_bytes, slots)), Place(place)
    send(results, {"ready": os.getpid()})
    collect_from = time.monotonic() + FIRST_SECONDS
    while True:
        batch, refs, order = batches.get()
        try:
            tables = work(refs, order, partial(_begin, at, collect_from, batch))
        except Exception as error:  # a fault of ours, not of a file: the driver must hear of it
            send(results, {"fault": f"{type(error).__name__}: {error}", "batch": batch})
        else:
            at.end()
            _collect_from_now()
            send(results, {"done": batch}, tables)


def _begin(at: Place, collect_from: float, batch: int, number: int) -> None:
    """See `Place.begin`."""
    at.begin(batch, number)
    if not gc.isenabled() and time.monotonic() > collect_from:
        gc.enable()


@cache
def _collect_from_now() -> None:
    """Have garbage collected, but of what is there: no image is open now, whose pixels would be kept."""
    gc.freeze()
    gc.enable()


if __name__ == "__main__":
    main()
