"""The driver over a dask scheduler: submits batches, takes their frames, and survives lost workers."""

from __future__ import annotations

import io
import os
import time
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any
from uuid import uuid4

from smalti import __version__
from smalti.core.child import search_path
from smalti.core.errors import SmaltiError, UsageError
from smalti.core.image import ImageRef
from smalti.processing.batch import failed_rows
from smalti.processing.cluster.task import Order, end_run, measure_batch, sees
from smalti.processing.job import Tables
from smalti.processing.metric_set import MetricSet
from smalti.processing.plan import cut_batches
from smalti.processing.settings import Settings
from smalti.processing.wire import receive

__all__ = ["run_on_client"]

IN_FLIGHT = 3
"""Batches a thread has at once: one at work, two waiting or on the way."""

MIN_IN_FLIGHT = 16
"""So that a cluster that grows with what waits begins to grow."""

POLL_SECONDS = 1.0

PATIENCE_SECONDS = 300.0
"""A scheduler without any worker so long will hardly get one."""


def run_on_client(
    refs: Sequence[ImageRef],
    settings: Settings,
    metrics: MetricSet,
    client: Any,
    size: int | None = None,
    patience: float = PATIENCE_SECONDS,
) -> Generator[Tables]:
    """Measure on the workers of a dask scheduler, one file a thread at a time.

    Parameters
    ----------
    refs
        One per file or store.
    settings, metrics
        How to read and what to measure; `settings.workers` means nothing here, and memory is that of each
        dask worker.
    client
        A `distributed.Client`.
    size
        Files a batch; None for batches of about equal cost.
    patience
        Seconds to wait for a first worker, or for another when the last has gone.

    Yields
    ------
    dict
        Frames of one batch, in order of completion.

    Raises
    ------
    UsageError
        Workers lack smalti, have another one, or do not see the files.
    SmaltiError
        The scheduler went away or has no workers, or a later worker is no good for the same reasons.
    """
    order = Order(
        run=uuid4().hex,
        version=__version__,
        settings=settings.to_dict(),
        folder=common_folder(refs),
        path=tuple(search_path()),
    )
    from distributed.client import ClosedClientError

    driver = _Driver(client, order, metrics, patience)
    try:
        check_workers(client, order)
        yield from driver.run(cut_batches(refs, threads(client) or MIN_IN_FLIGHT, size))
    except (OSError, ClosedClientError) as error:  # of asking the scheduler: files are read elsewhere
        raise driver.lost() from error
    finally:
        driver.stop()


def common_folder(refs: Sequence[ImageRef]) -> str | None:
    """A folder that the first and the last local file share; None where none is local, or nothing shared."""
    local = [Path(ref.uri).parent for ref in (refs[0], refs[-1]) if "://" not in ref.uri]
    with suppress(ValueError):  # none is local, or they are on two drives of Windows
        return os.path.commonpath(local)
    return None


def check_workers(client: Any, order: Order) -> None:
    """Raise UsageError when the scheduler or a worker that is there now cannot do its part."""
    found = client.get_versions(packages=["smalti"])
    programs = {f"scheduler at {client.scheduler.address}": found["scheduler"]}
    programs |= {f"worker at {address}": facts for address, facts in found["workers"].items()}
    for program, facts in programs.items():
        version = facts["packages"]["smalti"]
        if version != order.version:
            there = f"has smalti {version}" if version else "has no smalti"
            raise UsageError(f"the dask {program} {there}, this is {order.version}; install the same there")
    if order.folder:
        blind = [address for address, can in client.run(sees, order.folder).items() if not can]
        if blind:
            raise UsageError(
                f"{len(blind)} of {len(found['workers'])} dask workers do not see {order.folder}, the first "
                f"is {blind[0]}; give a folder that all of them have at this path"
            )


def threads(client: Any) -> int:
    """Threads of all workers there are now."""
    return sum(client.nthreads().values())


class _Driver:
    """Batches on their way, and those that took workers down, which are tried again file by file."""

    def __init__(self, client: Any, order: Order, metrics: MetricSet, patience: float) -> None:
        self._client = client
        self._patience = patience
        self._order = order
        self._metrics = metrics
        self._queue: deque[tuple[ImageRef, ...]] = deque()
        self._suspects: deque[ImageRef] = deque()
        self._batches: dict[Any, tuple[ImageRef, ...]] = {}
        self._done: SimpleQueue[Any] = SimpleQueue()
        self._most = MIN_IN_FLIGHT
        self._asked = self._manned = time.monotonic() - POLL_SECONDS

    def run(self, batches: Iterator[tuple[ImageRef, ...]]) -> Iterator[Tables]:
        self._queue.extend(batches)
        while self._queue or self._suspects or self._batches:
            self._feed()
            with suppress(Empty):
                future = self._done.get(timeout=POLL_SECONDS)
                yield from self._hear(future, self._batches.pop(future))
            if self._client.status != "running":
                raise self.lost()

    def stop(self) -> None:
        """Take back what is not done; those at it end within a second."""
        if self._client.status == "running":
            with suppress(OSError):  # the scheduler went away just now
                self._client.cancel(list(self._batches))
                self._client.run(end_run, self._order.run, on_error="ignore")

    def _feed(self) -> None:
        """Keep every thread busy; a suspect is tried when nothing else is under way.

        When a worker dies, dask suspects all that it had or was to have, so that only who was alone is
        guilty for sure.
        """
        if time.monotonic() - self._asked > POLL_SECONDS:
            self._asked = time.monotonic()
            self._look_for_workers()
        while self._queue and len(self._batches) < self._most:
            self._submit(self._queue.popleft())
        if self._suspects and not self._batches:
            self._submit((self._suspects.popleft(),))

    def _look_for_workers(self) -> None:
        """Have more under way where there are more; raise SmaltiError when none comes for too long."""
        number = threads(self._client)
        self._most = max(MIN_IN_FLIGHT, IN_FLIGHT * number)
        if number:
            self._manned = time.monotonic()
        elif time.monotonic() - self._manned > self._patience:
            raise SmaltiError(
                f"the dask scheduler at {self._client.scheduler.address} has had no workers for "
                f"{self._patience:g} s; start some, and the same call goes on where it was"
            )

    def _submit(self, batch: tuple[ImageRef, ...]) -> None:
        future = self._client.submit(measure_batch, self._order, batch, pure=False)
        self._batches[future] = batch
        future.add_done_callback(self._done.put)

    def _hear(self, future: Any, batch: tuple[ImageRef, ...]) -> Iterator[Tables]:
        from distributed import KilledWorker

        try:
            message = future.result()  # it is measured again where its worker died since
        except KilledWorker as error:
            yield from self._suspect(batch, error.allowed_failures + 1)
        except CancelledError:
            raise self.lost() from None
        except SmaltiError:
            raise
        except Exception as error:
            raise SmaltiError(f"a batch failed on a dask worker: {type(error).__name__}: {error}") from error
        else:
            yield unpacked(message)

    def _suspect(self, batch: tuple[ImageRef, ...], n_died: int) -> Iterator[Tables]:
        """A file that was alone becomes a row; those of a batch are tried one by one."""
        if len(batch) == 1 and not self._batches:
            text = f"{n_died} dask workers died at it, also when it was tried alone"
            yield failed_rows(batch, "crashed", text, self._metrics)
        else:
            self._suspects.extend(batch)

    def lost(self) -> SmaltiError:
        """What to say when the scheduler is gone."""
        return SmaltiError(
            f"the dask scheduler at {self._client.scheduler.address} went away; what was done is kept, "
            "and the same call goes on where it was"
        )


def unpacked(message: bytes) -> Tables:
    """Frames that `measure_batch` sent."""
    received = receive(io.BytesIO(message))
    assert received is not None
    return received[1]
