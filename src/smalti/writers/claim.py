"""A claim on a place at a URL, where there are no locks: an object that one makes, and keeps fresh."""

import json
import os
import platform
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from threading import Event, Thread
from typing import Any
from uuid import uuid4

from smalti.core.errors import UsageError

__all__ = ["claimed"]

FRESH_SECONDS = 60.0
"""How often a claim is made anew; one that was not for five times as long is of a run that was killed."""


@contextmanager
def claimed(files: Any, path: str, name: str) -> Iterator[None]:
    """Hold the claim of `path` for the length of a with block.

    Parameters
    ----------
    files
        The fsspec filesystem.
    path
        Of the object on it.
    name
        What is claimed, for the message.

    Raises
    ------
    UsageError
        Somebody else holds it.
    """
    token = uuid4().hex
    _take(files, path, name, token)
    ended = Event()
    keeper = Thread(target=_keep, args=(files, path, token, ended), daemon=True)
    keeper.start()
    try:
        yield
    finally:
        ended.set()
        keeper.join()
        with suppress(Exception):  # what a cloud's library raises; the claim ages by itself
            if _read(files, path).get("token") == token:
                files.rm_file(path)


def _take(files: Any, path: str, name: str, token: str) -> None:
    with suppress(FileExistsError):
        files.pipe_file(path, _words(token), mode="create")
        return
    held = _read(files, path)
    if not _is_dead(held):
        since = datetime.fromtimestamp(held.get("time", 0)).astimezone().isoformat(" ", "seconds")
        raise UsageError(
            f"another process is writing to {name}: process {held.get('process')} on {held.get('machine')}, "
            f"last seen {since}; wait for it (one that was killed is forgotten after "
            f"{5 * FRESH_SECONDS / 60:g} minutes), or give another --out"
        )
    files.pipe_file(path, _words(token))
    time.sleep(1.0)  # two that saw the same dead claim: the later one holds it
    if _read(files, path).get("token") != token:
        raise UsageError(f"another process is writing to {name}; wait for it, or give another --out")


def _keep(files: Any, path: str, token: str, ended: Event) -> None:
    while not ended.wait(FRESH_SECONDS):
        with suppress(Exception):  # it is tried again
            if _read(files, path).get("token") == token:  # else it was slept through, and is another's
                files.pipe_file(path, _words(token))


def _words(token: str) -> bytes:
    held = {"token": token, "machine": platform.node(), "process": os.getpid(), "time": time.time()}
    return json.dumps(held).encode()


def _read(files: Any, path: str) -> dict[str, Any]:
    try:
        held = json.loads(files.cat_file(path))
    except (FileNotFoundError, ValueError):
        return {}
    return held if isinstance(held, dict) else {}


def _is_dead(held: dict[str, Any]) -> bool:
    """Whether nobody holds it: it is old, or of a process of this machine that is gone."""
    if time.time() - float(held.get("time", 0)) > 5 * FRESH_SECONDS:
        return True
    if held.get("machine") != platform.node() or os.name != "posix":
        return False
    try:
        os.kill(int(held.get("process", 0)), 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False
