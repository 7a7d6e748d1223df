"""The worker process: reads batches from stdin, measures them one by one, writes frames to stdout.

Started as ``python -m smalti.processing.worker``. The end of stdin ends the process at once, so a killed
driver leaves no orphan.
"""

from __future__ import annotations

import os
import sys
from dataclasses import fields
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, BinaryIO

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
    batches: SimpleQueue[tuple[int, list[ImageRef]]] = SimpleQueue()
    told = (settings, Path(first[0]["place"]), [Path(slot) for slot in first[0]["slots"]])
    Thread(target=or_leave, args=(_work, batches, results, *told), daemon=True).start()
    names = [field.name for field in fields(ImageRef)]
    while (message := receive(orders)) is not None:
        given = [dict(zip(names, values, strict=True)) for values in message[0]["refs"]]
        for facts in given:
            facts["stack"] = Stack.of_lists(facts["stack"]) if facts["stack"] else None
        batches.put((message[0]["batch"], [ImageRef(**facts) for facts in given]))


def _work(
    batches: SimpleQueue[tuple[int, list[ImageRef]]],
    results: BinaryIO,
    settings: Settings,
    place: Path,
    slots: list[Path],
) -> None:
    """Take batches from the queue for good."""
    from smalti.processing.batch import process_batch
    from smalti.processing.budget import Budget
    from smalti.processing.metric_set import choose_metrics
    from smalti.processing.place import Place
    from smalti.processing.wire import send

    metrics, budget, at = choose_metrics(settings), Budget(settings.memory_bytes, slots), Place(place)
    _warm()
    send(results, {"ready": os.getpid()})
    while True:
        batch, refs = batches.get()
        try:
            tables = process_batch(refs, settings, metrics, budget, partial(at.begin, batch))
        except Exception as error:  # a fault of ours, not of a file: the driver must hear of it
            send(results, {"fault": f"{type(error).__name__}: {error}", "batch": batch})
        else:
            at.end()
            send(results, {"done": batch}, tables)


def _warm() -> None:
    """Compile the kernels when this kind of processor never did; one worker does, the others wait.

    After that each kernel is loaded from numba's cache when a file first needs it, which spares most runs
    most of them: 0.2 s of CPU a worker.
    """
    from filelock import FileLock
    from llvmlite.binding import get_host_cpu_name

    from smalti.kernels.measure import warm

    folder = Path(os.environ["NUMBA_CACHE_DIR"])
    done = folder / f"complete-{get_host_cpu_name()}"
    if done.exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / "compiling.lock"):
        if not done.exists():
            warm()
            done.touch()


if __name__ == "__main__":
    main()
