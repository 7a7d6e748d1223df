"""Work that comes in on other threads, done on the one it belongs to."""

import asyncio
from collections.abc import Callable
from threading import get_ident

__all__ = ["at_home"]


def at_home() -> Callable[[Callable[[], object]], None]:
    """A way to have something run on this thread's event loop, from whatever thread; at once without a loop.

    JupyterLab has what is done on screen answered on a thread of its own, beside the one that runs cells;
    what is not made for two threads must be brought home.
    """
    here = get_ident()
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        return _at_once

    def run(work: Callable[[], object]) -> None:
        if get_ident() == here:
            work()
        else:
            loop.call_soon_threadsafe(work)

    return run


def _at_once(work: Callable[[], object]) -> None:
    work()
