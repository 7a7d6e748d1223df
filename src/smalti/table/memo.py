"""Results kept for whoever asks next, from whatever thread."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from threading import Lock
from typing import Any, TypeVar

import numpy as np
import polars as pl

__all__ = ["Memo"]

T = TypeVar("T")

LEAST = 1_000
"""Bytes that any value counts with, for its key and place."""


class Memo:
    """Values by key, each computed once by whichever thread asks first; the others wait for it.

    Parameters
    ----------
    most_bytes
        Above this the values that were asked for longest ago are dropped; None to keep all.
    """

    def __init__(self, most_bytes: int | None = None) -> None:
        self._most = most_bytes
        self._total = 0
        self._held: OrderedDict[Hashable, tuple[Future[Any], int]] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """The value of a key, made now if nobody asked before; an error is not kept."""
        with self._lock:
            found = self._held.get(key)
            if found is not None:
                self._held.move_to_end(key)
            else:
                job: Future[Any] = Future()
                self._held[key] = (job, 0)
        if found is not None:
            return found[0].result()  # type: ignore[no-any-return]  # one type a key, known to the caller
        try:
            value = make()
        except BaseException as error:
            with self._lock:
                del self._held[key]
            job.set_exception(error)
            raise
        job.set_result(value)
        self._weigh(key, job, LEAST + _size(value))
        return value

    def _weigh(self, key: Hashable, job: Future[Any], size: int) -> None:
        """Note the size of a new value, and drop old ones while all together are too large."""
        if self._most is None:
            return
        with self._lock:
            self._held[key] = (job, size)
            self._total += size
            while self._total > self._most:
                oldest = next(other for other, (_, size) in self._held.items() if size)
                if oldest == key:  # larger than all that may be kept
                    break
                self._total -= self._held.pop(oldest)[1]


def _size(value: Any) -> int:
    """Bytes of arrays and frames, also within tuples and frozen records."""
    if isinstance(value, np.ndarray):
        return value.nbytes
    if isinstance(value, pl.DataFrame | pl.Series):
        return int(value.estimated_size())
    if isinstance(value, tuple):
        return sum(map(_size, value))
    fields = getattr(value, "__dataclass_fields__", ())
    return sum(_size(getattr(value, name)) for name in fields)
