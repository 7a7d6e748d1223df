"""The worker process: reads batches from stdin, does its job with each in turn, writes frames to stdout.

Started as ``python -m smalti.processing.worker``. The end of stdin ends the process at once, so a killed
driver leaves no orphan.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import fields
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, Any, BinaryIO

from smalti.core.served import OWN_BYTES, cap_memory, end_when_stuck, or_leave, take_streams

if TYPE_CHECKING:  # heavy, and not before the streams are moved aside
    from smalti.core.image import ImageRef
    from smalti.processing.settings import Settings

__all__ = ["main"]


def main() -> None:
    """Serve batches until stdin ends."""
    orders, results = take_streams()
    or_leave(_serve, orders, results)
    os._exit(0)  # threads may be in the middle of a file that nobody waits for


def _serve(orders: BinaryIO, results: BinaryIO) -> None:
    from smalti.core.image import ImageRef, Stack
    from smalti.processing.settings import Settings
    from smalti.processing.wire import receive

    first = receive(orders)
    if first is None:
        return
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
    while True:
        batch, refs, order = batches.get()
        try:
            tables = work(refs, order, partial(at.begin, batch))
        except Exception as error:  # a fault of ours, not of a file: the driver must hear of it
            send(results, {"fault": f"{type(error).__name__}: {error}", "batch": batch})
        else:
            at.end()
            send(results, {"done": batch}, tables)


if __name__ == "__main__":
    main()
