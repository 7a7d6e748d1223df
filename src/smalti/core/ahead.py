"""Work done by a pool ahead of whoever takes its results."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future
from contextlib import suppress
from typing import TypeVar

__all__ = ["in_order", "result_of"]

T = TypeVar("T")
R = TypeVar("R")

_GLANCE = 0.2
"""Seconds after which a wait begins again."""


def in_order(pool: Executor, function: Callable[[T], R], items: Iterable[T], ahead: int) -> Iterator[R]:
    """What `function` makes of each item, in their order, of which at most `ahead` wait to be taken."""
    waiting: deque[Future[R]] = deque()
    for item in items:
        waiting.append(pool.submit(function, item))
        if len(waiting) > ahead:
            yield result_of(waiting.popleft())
    while waiting:
        yield result_of(waiting.popleft())


def result_of(future: Future[R]) -> R:
    """What comes of it, waited for so that Ctrl-C is heard.

    Polars has signals restart what they interrupt: a wait without an end would go on until its own.
    """
    while not future.done():
        with suppress(TimeoutError):
            return future.result(_GLANCE)
    return future.result()
