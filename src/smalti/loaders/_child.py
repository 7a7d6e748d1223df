"""Processes that read for this one: kept from file to file, replaced when they die."""

import atexit
import os
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from typing import Any

import numpy as np

from smalti.core.child import exit_words, start
from smalti.core.wire import read_header, write

__all__ = ["LIGHT", "Answer", "Child", "borrow", "give_back"]

LIGHT = ""
"""What all readers are called that are in a process of their own only because everything is to be."""

POLL_SECONDS = 0.5

ONE_THREAD = {"OMP_NUM_THREADS": "1", "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS": "1"}

Answer = tuple[dict[str, Any], np.ndarray | None]
"""The header of an answer, and the pixels that were asked for."""


class Child:
    """One process that reads files for this one, one at a time.

    Parameters
    ----------
    reader
        Name of the loader it is for, or `LIGHT`.
    seconds
        The longest that it will be waited for; should this process die, it ends itself some time after.
    """

    def __init__(self, reader: str, seconds: float) -> None:
        self.reader = reader
        self.seconds = seconds
        self._owner = os.getpid()
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the process
        self._process = start("smalti.loaders._reader", os.environ | ONE_THREAD, self._log)
        self._answers: SimpleQueue[Answer | MemoryError | None] = SimpleQueue()
        self._asking = Lock()
        self._listener = Thread(target=self._listen, daemon=True)
        self._listener.start()
        self._say({"seconds": seconds})
        self.waits = False

    @property
    def is_usable(self) -> bool:
        """Whether it lives, is this very process's own, and every question had its answer."""
        return self._owner == os.getpid() and not self.waits and self._process.poll() is None

    def ask(self, question: dict[str, Any], seconds: float, waiting: Callable[[], None]) -> Answer:
        """The answer to a question.

        Raises
        ------
        TimeoutError
            There was none in time.
        EOFError
            The process ended.
        MemoryError
            There is no room here for the pixels; the process is ended.
        """
        with self._asking:
            self.waits = True
            self._say(question)
            answer = self._wait(seconds, waiting)
            if isinstance(answer, MemoryError):
                raise answer
            self.waits = False
        return answer

    def _wait(self, seconds: float, waiting: Callable[[], None]) -> Answer | MemoryError:
        end = time.monotonic() + seconds
        while True:
            try:
                answer = self._answers.get(timeout=max(0.0, min(POLL_SECONDS, end - time.monotonic())))
            except Empty:
                if time.monotonic() >= end:
                    raise TimeoutError from None
                waiting()
                continue
            if answer is None:
                raise EOFError
            return answer

    def new_file(self) -> None:
        """Forget what was written to stderr so far."""
        self._log.seek(0)
        self._log.truncate()

    def last_words(self) -> str:
        """How the process ended, and the last line it wrote to stderr; ends it if it has not."""
        return exit_words(self._process, self._log)

    def stop(self) -> None:
        """End the process now; one that another process started (this one is its fork) is left alone."""
        if self._owner != os.getpid():
            return
        self._process.kill()
        self._process.wait()
        self._listener.join(timeout=5)
        heard_all = not self._listener.is_alive()  # else a grandchild holds the pipe, and closing would wait
        for stream in (self._process.stdin, self._log, *([self._process.stdout] if heard_all else [])):
            with suppress(OSError):  # unsent bytes for a dead process
                stream.close()  # type: ignore[union-attr] # both are pipes

    def _say(self, message: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        with suppress(OSError):  # it died; the listener tells
            write(self._process.stdin, message)

    def _listen(self) -> None:
        """Take answers until the process ends; of its own, so that waiting for one can be given up."""
        stream = self._process.stdout
        assert stream is not None
        try:
            while (header := read_header(stream)) is not None:
                array = _pixels(header, stream) if "shape" in header else None
                self._answers.put((header, array))
        except (OSError, ValueError):
            pass  # closed or cut in the middle of an answer: the same as its end
        except MemoryError as error:  # no room for the answer here; what follows of it cannot be read
            self._process.kill()
            self._answers.put(error)
        self._answers.put(None)


def _pixels(header: dict[str, Any], stream: Any) -> np.ndarray:
    array = np.empty(header["shape"], header["dtype"])
    if stream.readinto(array.reshape(-1).view(np.uint8).data) < array.nbytes:
        raise ValueError("the stream ended in the middle of the pixels")
    return array


_idle: list[Child] = []
_changing = Lock()


def borrow(reader: str, seconds: float) -> Child | None:
    """A process kept from the last file of this reader; nobody else asks it until it is given back.

    Of readers with libraries of their own one process is kept: bioio's take 150 MB, SimpleITK's 100.
    """
    with _changing:
        for child in tuple(_idle):
            if child.reader == reader:
                _idle.remove(child)
                if child.is_usable and child.seconds >= seconds:
                    return child
                child.stop()
            elif LIGHT not in (reader, child.reader):
                _idle.remove(child)
                child.stop()
    return None


def give_back(child: Child) -> None:
    """Keep it for the next file, or end it."""
    with _changing:
        if child.is_usable and all(kept.reader != child.reader for kept in _idle):
            _idle.append(child)
            return
    child.stop()


@atexit.register
def _stop_all() -> None:
    with _changing:
        while _idle:
            _idle.pop().stop()
