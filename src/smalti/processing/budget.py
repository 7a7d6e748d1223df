"""A share of memory that worker processes take before they decode and give back after."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from pathlib import Path

from filelock import FileLock, Timeout

__all__ = ["Budget", "slot_files"]

SMALL_CHANGE = 1024
"""Requests below this part of the whole cost more to count than they could do harm."""

POLL_SECONDS = 0.02

_NOTHING = nullcontext()


def slot_files(folder: Path, number: int) -> tuple[Path, ...]:
    """Lock files that stand for equal shares of the whole; every worker is told of all of them."""
    return tuple(folder / f"memory-{slot}.lock" for slot in range(number))


class Budget:
    """Bytes that may be in use at once by all processes with the same slots; who asks for more waits.

    The system frees a slot when the process that holds it dies.

    Parameters
    ----------
    total
        Bytes in all. A request above it is granted when nobody else holds any.
    slots
        From `slot_files`; with less than two, nothing is waited for.
    """

    def __init__(self, total: int, slots: Sequence[Path] = ()) -> None:
        self._total = total
        self._slots = slots

    def counts(self, n_bytes: int) -> bool:
        """Whether so many are waited for, rather than just taken."""
        return len(self._slots) > 1 and n_bytes > self._total // SMALL_CHANGE

    def hold(self, n_bytes: int, beat: Callable[[], None]) -> AbstractContextManager[None]:
        """Hold `n_bytes` for the length of a with block; `beat` is called while it has to wait."""
        return self._held(n_bytes, beat) if self.counts(n_bytes) else _NOTHING

    @contextmanager
    def _held(self, n_bytes: int, beat: Callable[[], None]) -> Iterator[None]:
        with ExitStack() as held:
            share = -(-self._total // len(self._slots))
            self._gather(min(len(self._slots), -(-n_bytes // share)), held, beat)
            yield

    def _gather(self, wanted: int, held: ExitStack, beat: Callable[[], None]) -> None:
        """Take so many slots; only one process gathers at a time, so that no two wait for each other's."""
        gate = FileLock(self._slots[0].with_suffix(".gate"))
        free = [FileLock(slot) for slot in self._slots]
        with _first_free([gate], beat):
            for _ in range(wanted):
                lock = _first_free(free, beat)
                held.callback(lock.release)
                free.remove(lock)


def _first_free(locks: Sequence[FileLock], beat: Callable[[], None]) -> FileLock:
    """The first lock that could be had; it is held."""
    while True:
        for lock in locks:
            try:
                lock.acquire(blocking=False)
            except Timeout:
                continue
            return lock
        beat()
        time.sleep(POLL_SECONDS)
