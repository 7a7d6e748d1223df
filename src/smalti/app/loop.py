"""Threads for what takes long, and the way back to a session's event loop."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

import panel as pn

from smalti.processing.machine import usable_cores

__all__ = ["Soon", "pool", "scheduler", "served", "who_visits"]

Soon = Callable[[Callable[[], None]], Any]


@cache
def pool() -> ThreadPoolExecutor:
    """Shared by all sessions of this process, each of which has one change at work."""
    return ThreadPoolExecutor(usable_cores(), thread_name_prefix="smalti-view")


def scheduler() -> Soon | None:
    """How to call something on this session's event loop from any thread; None where there is no loop."""
    if served():
        return pn.state.curdoc.add_next_tick_callback  # type: ignore[no-any-return]
    try:
        return asyncio.get_running_loop().call_soon_threadsafe
    except RuntimeError:
        return None


def served() -> bool:
    """Whether this runs for a visitor of a server, who has a window of its own; in a notebook nobody has."""
    document = pn.state.curdoc
    return document is not None and document.session_context is not None


def who_visits() -> str:
    """The name that a visitor logged in with; empty where the server asks for none, and in a notebook."""
    named = pn.state.user if served() else None
    return "" if named in (None, "guest") else str(named)
