"""What runs on a dask worker: batches, measured by supervised processes of its own.

A process of its own stands between the reader of a file and dask: a file that crashes or hangs its reader
costs a row here as it does without dask, and no dask worker. Each thread of a dask worker has one; it is
kept from batch to batch, and ends with the run, with the dask worker, or when nothing comes for it.
"""

import io
import platform
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock, Thread
from typing import Any

import polars as pl

from smalti import __version__
from smalti.core.errors import SmaltiError
from smalti.core.image import ImageRef
from smalti.processing.budget import slot_files
from smalti.processing.crew import Crew
from smalti.processing.machine import machine_memory
from smalti.processing.measuring import measuring
from smalti.processing.metric_set import choose_metrics
from smalti.processing.settings import Settings
from smalti.processing.wire import send

__all__ = ["Order", "end_run", "measure_batch", "sees"]

IDLE_SECONDS = 30.0
"""Processes without a batch so long are ended: their driver was killed, or has no more work for them."""


@dataclass(frozen=True, slots=True)
class Order:
    """What all batches of a run have in common.

    Parameters
    ----------
    run
        A name that no other run has.
    version
        The smalti of the driver.
    settings
        As `Settings.to_dict` gives them.
    folder
        One that holds all files, and must be there; None where they are remote.
    path
        Folders that the driver imports from.
    """

    run: str
    version: str
    settings: Mapping[str, Any]
    folder: str | None
    path: tuple[str, ...]


def sees(folder: str) -> bool:
    """Whether this machine has the folder."""
    return Path(folder).is_dir()


def measure_batch(order: Order, refs: Sequence[ImageRef]) -> bytes:
    """Frames of a batch as one message of `smalti.processing.wire`.

    Raises
    ------
    SmaltiError
        The smalti of this worker is another, it does not see the files, or the run was stopped.
    """
    try:
        check(order)
        with _one(order) as crew:
            parts = list(crew.run([tuple(refs)]))
    except SmaltiError as error:  # its children take other arguments than the text, which unpickling gives
        raise SmaltiError(str(error)) from None
    message = io.BytesIO()
    send(message, {}, {name: pl.concat([part[name] for part in parts]) for name in parts[0]})
    return message.getvalue()


def check(order: Order) -> None:
    """Raise SmaltiError when a batch could not be measured here as it would be at the driver's."""
    if order.version != __version__:
        raise SmaltiError(
            f"the dask worker on {platform.node()} has smalti {__version__}, here it is {order.version}; "
            "install the same on both"
        )
    if order.folder and not sees(order.folder):
        raise SmaltiError(
            f"the dask worker on {platform.node()} does not see {order.folder}; "
            "mount it there, or take that worker away"
        )


def end_run(run: str) -> None:
    """End the processes of a run; those at work end as soon as they notice."""
    with _lock:
        if run in _runs:
            _runs.pop(run).end()


@contextmanager
def _one(order: Order) -> Iterator[Crew]:
    """A crew of the run that no other thread has, for the length of a with block."""
    with _lock:
        crews = _runs.get(order.run) or _runs.setdefault(order.run, _Crews(order))
        crew = crews.take()
    whole = False
    try:
        yield crew
        whole = True
    finally:
        with _lock:
            crews.give_back(crew, whole)


class _Crews:
    """The processes of one run on this dask worker; whoever calls holds the lock."""

    def __init__(self, order: Order) -> None:
        from distributed import get_worker

        sys.path += [path for path in order.path if path not in sys.path]
        worker, settings = get_worker(), Settings.from_dict(order.settings)
        memory = settings.memory or (worker.memory_manager.memory_limit or machine_memory()) // 2
        self._settings = replace(settings, workers=1, memory=memory)
        self._job = measuring(choose_metrics(self._settings))
        self._folder = tempfile.TemporaryDirectory(prefix="smalti-", ignore_cleanup_errors=True)
        self._slots = slot_files(Path(self._folder.name), worker.state.nthreads)
        self._run = order.run
        self._taken = 0
        self._idle: list[Crew] = []
        self._working: list[Crew] = []
        self._ended = False
        Thread(target=self._watch, daemon=True).start()

    def take(self) -> Crew:
        """One that waits, or a new one."""
        crew = self._idle.pop() if self._idle else self._hire()
        self._working.append(crew)
        self._taken += 1
        return crew

    def give_back(self, crew: Crew, whole: bool) -> None:
        """Keep it for the next batch; unless it is in the middle of one, or the run has ended."""
        self._working.remove(crew)
        if whole and not self._ended:
            self._idle.append(crew)
        else:
            crew.stop()
        if self._ended and not self._working:
            self._folder.cleanup()

    def end(self) -> None:
        """End those that wait now, and those at work soon."""
        self._ended = True
        for crew in self._working:
            crew.give_up()
        for crew in self._idle:
            crew.stop()
        self._idle.clear()
        if not self._working:
            self._folder.cleanup()

    def _hire(self) -> Crew:
        folder = Path(self._folder.name) / f"crew-{self._taken}"
        folder.mkdir()
        return Crew(self._settings, self._job, folder, self._slots)

    def _watch(self) -> None:
        """End the run here when nothing comes for it."""
        taken = -1
        while not self._ended:
            with _lock:
                if not self._working and taken == self._taken:
                    _runs.pop(self._run, None)
                    self.end()
                taken = self._taken
            time.sleep(IDLE_SECONDS)


_runs: dict[str, _Crews] = {}
_lock = Lock()
