"""What a process that serves another does first: keep its streams clean, and end when it should."""

import faulthandler
import os
import sys
import time
import traceback
from collections.abc import Callable
from threading import Thread
from typing import Any, BinaryIO

__all__ = ["FAULT", "OWN_BYTES", "cap_memory", "end_when_stuck", "or_leave", "take_streams"]

PULSE_SECONDS = 10.0
FAULT = 70
"""Exit code when it was not the parent that ended the process."""

OWN_BYTES = 3 << 30
"""What a process may take beside decoded planes: a worker with kernels and common readers 0.55 GB, with those
of bioio 1.6, most of it promised to threads and never touched (measured as VmData, which the cap counts)."""


def take_streams() -> tuple[BinaryIO, BinaryIO]:
    """Where orders come from and where results go to.

    What libraries print cannot spoil the results: file descriptor 1 points at stderr afterwards, and 0 at
    nothing.
    """
    results = os.fdopen(os.dup(1), "wb")  # buffered: a raw write may stop half way when a signal comes
    os.dup2(2, 1)
    orders = os.fdopen(os.dup(0), "rb")
    os.close(0)
    os.open(os.devnull, os.O_RDONLY)
    return orders, results


def or_leave(work: Callable[..., None], *arguments: Any) -> None:
    """Do the work; what stops it ends the whole process at once and is left on stderr."""
    try:
        work(*arguments)
    except BaseException:  # also SystemExit from a plugin: a thread that ends in silence would look hung
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(FAULT)


def end_when_stuck(limit: float) -> None:
    """End the process when no Python thread could run for `limit` seconds.

    A library that hangs while it holds the interpreter keeps even the end of stdin from being seen; the
    parent, if it lives, gives such a process up earlier.
    """
    Thread(target=_pulse, args=(limit + 6 * PULSE_SECONDS,), daemon=True).start()


def _pulse(limit: float) -> None:
    while True:
        faulthandler.dump_traceback_later(limit, exit=True)
        time.sleep(PULSE_SECONDS)


def cap_memory(n_bytes: int) -> None:
    """Let this process, and those it starts, take so much memory of their own: more is a `MemoryError`.

    Private writable memory is counted (``RLIMIT_DATA``), so that files mapped for reading do not. Linux only;
    elsewhere nothing is capped.
    """
    if sys.platform == "linux":
        import resource

        hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
        soft = n_bytes if hard == resource.RLIM_INFINITY else min(n_bytes, hard)
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))
