"""A share of memory that threads take before they decode and give back after."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from threading import Condition, Lock

__all__ = ["Budget"]


SMALL_CHANGE = 1024
"""Requests below this part of the whole cost more to count than they could do harm."""

SMALL_PLANE = 256 * 1024
"""Bytes of a plane up to which Python takes more time between the kernels than they do."""


class Budget:
    """Bytes that may be in use at once; who asks for more than is free waits.

    Parameters
    ----------
    total
        Bytes in all. A request above it is granted when nobody else holds any.
    """

    def __init__(self, total: int) -> None:
        self._total = total
        self._used = 0
        self._changed = Condition()
        self._turn = Lock()

    def turn(self, n_bytes: int) -> AbstractContextManager[object]:
        """For small planes, one thread at a time; for others, no waiting.

        Measuring a small plane is a dozen short kernels with Python between. Two threads that hand the
        interpreter to and fro at each spent 7.2 s of CPU on 2,000 PNG of 256², in turns 6.5 s; decoding,
        where most of the time goes, runs side by side all the same.
        """
        return self._turn if n_bytes <= SMALL_PLANE else nullcontext()

    @contextmanager
    def hold(self, n_bytes: int) -> Iterator[None]:
        """Hold `n_bytes` for the length of a with block; small change is not counted."""
        if n_bytes < self._total // SMALL_CHANGE:
            yield
            return
        with self._changed:
            self._changed.wait_for(lambda: self._used == 0 or self._used + n_bytes <= self._total)
            self._used += n_bytes
        try:
            yield
        finally:
            with self._changed:
                self._used -= n_bytes
                self._changed.notify_all()
