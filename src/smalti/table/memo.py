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


class Memo:
    """Values by key, each computed once by whichever thread asks first; the others wait for it.

    Parameters
    ----------
    most_bytes
        Above this the values that were asked for longest ago are dropped; None to keep all.
    """

    def __init__(self, most_bytes: int | None = None) -> None:
        self._most = most_bytes
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
            return found[0].result()  # type: ignore[no-any-return]  # one future a key, whose type the caller knows
        try:
            value = make()
        except BaseException as error:
            with self._lock:
                self._held.pop(key, None)
            job.set_exception(error)
            raise
        job.set_result(value)
        self._weigh(key, job, _size(value))
        return value

    def _weigh(self, key: Hashable, job: Future[Any], size: int) -> None:
        if self._most is None:
            return
        with self._lock:
            if key in self._held:
                self._held[key] = (job, size)
            total = sum(size for _, size in self._held.values())
            for old in list(self._held)[:-1]:
                if total <= self._most:
                    break
                job, size = self._held[old]
                if job.done():
                    total -= size
                    del self._held[old]


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
