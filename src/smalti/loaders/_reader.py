"""The process that opens a file for another one: ``python -m smalti.loaders._reader``.

It serves one file at a time, and the next one after that. Its answers are of one shape, in the order of the
questions: a header of plain values, and the bytes of the pixels where these were asked for.
"""

import os
import signal
import sys
from collections.abc import Generator
from contextlib import suppress
from dataclasses import fields
from importlib import import_module
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, BinaryIO

import numpy as np

from smalti.core.errors import MissingExtraError, SmaltiError, TooLargeError, UnreadableError
from smalti.core.image import Image, ImageRef
from smalti.core.plugin import collect
from smalti.core.served import cap_memory, end_when_stuck, or_leave, take_streams
from smalti.core.wire import read_header, write
from smalti.loaders._guard import guarded
from smalti.loaders._plain import from_plain, to_plain

__all__ = ["main"]

IDLE_SECONDS = 30.0
"""Without a question for so long the process ends; starting another takes 0.2 s."""


_FIELDS = [field.name for field in fields(Image) if field.name not in ("pixels", "details")]


def main() -> None:
    """Serve until stdin ends, or nothing was asked for a while."""
    orders, results = take_streams()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's; the end of stdin follows from it
    questions: SimpleQueue[dict[str, Any]] = SimpleQueue()
    Thread(target=or_leave, args=(_listen, orders, questions), daemon=True).start()
    or_leave(_serve, questions, results)
    os._exit(0)


def _listen(orders: BinaryIO, questions: SimpleQueue[dict[str, Any]]) -> None:
    """Pass questions on; the end of stdin ends the process, whatever it is at."""
    while (message := read_header(orders)) is not None:
        questions.put(message)
    os._exit(0)


def _serve(questions: SimpleQueue[dict[str, Any]], results: BinaryIO) -> None:
    end_when_stuck(questions.get()["seconds"])
    file = None
    while True:
        try:
            asked = questions.get(timeout=IDLE_SECONDS)
        except Empty:
            return
        if asked["do"] == "open":
            if file is not None:
                file.close()
            file = _File(asked)
            write(results, {})
        else:
            assert file is not None
            _answer(file, asked, results)


def _answer(file: "_File", asked: dict[str, Any], results: BinaryIO) -> None:
    try:
        if asked["do"] == "next":
            write(results, file.next())
            return
        if asked["do"] == "details":
            write(results, {"details": file.details(asked)})
            return
        array = file.read(asked)
        flat = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
    except (SmaltiError, MemoryError) as error:
        write(results, {"error": _described(error)})
    else:
        write(results, {"dtype": array.dtype.str, "shape": array.shape}, [flat.data])


class _File:
    """An open file and those of its images that are still asked for."""

    def __init__(self, asked: dict[str, Any]) -> None:
        self._asked = asked
        self._opened: Generator[Image, None, None] | None = None
        self._images: dict[int, Image] = {}
        self._number = 0

    def next(self) -> dict[str, Any]:
        """The next image as plain values, by the number that names it in a question; none at the end."""
        if self._opened is None:
            self._opened = self._open()
        image = next(self._opened, None)
        if image is None:
            return {"image": None}
        self._number += 1
        self._images[self._number] = image
        return {"image": _plain_image(image), "number": self._number}

    def _open(self) -> Generator[Image, None, None]:
        asked = self._asked
        cap_memory(asked["memory"])
        sys.path += [path for path in asked["path"] if path not in sys.path]
        module = import_module(asked["module"])
        plugin = next(found for found in collect(module) if found.name == asked["name"])
        ref = ImageRef(**{name: from_plain(value) for name, value in asked["ref"].items()})
        return guarded(plugin, ref, asked["limit"], from_plain(asked["head"]))

    def read(self, asked: dict[str, Any]) -> np.ndarray:
        """The pixels asked for; images that are done with are let go first."""
        for number in asked["done_with"]:
            self._images.pop(number, None)
        pixels = self._images[asked["number"]].pixels
        assert pixels is not None
        index = tuple(slice(*pick) if isinstance(pick, list) else pick for pick in asked["index"])
        return pixels(index, asked["level"])

    def details(self, asked: dict[str, Any]) -> Any:
        """What an image says of itself, as plain values."""
        details = self._images[asked["number"]].details
        assert details is not None
        return to_plain(details())

    def close(self) -> None:
        """Let go of the file; what its loader says then is of no use to the next one."""
        self._images.clear()
        if self._opened is not None:
            with suppress(Exception):
                self._opened.close()


def _plain_image(image: Image) -> dict[str, Any]:
    """All fields but those that are asked for."""
    values = {name: getattr(image, name) for name in _FIELDS}
    ref = {field.name: to_plain(getattr(image.ref, field.name)) for field in fields(ImageRef)}
    dtype = None if image.dtype is None else image.dtype.str
    plain = {name: to_plain(value) for name, value in values.items() if name not in ("ref", "dtype")}
    asked_for = {"has_pixels": image.pixels is not None, "has_details": image.details is not None}
    return {**plain, "ref": ref, "dtype": dtype, **asked_for}


def _described(error: Exception) -> dict[str, Any]:
    """An error's kind and facts, as `_apart` makes it anew."""
    match error:
        case UnreadableError():
            return {"kind": "unreadable", "facts": [error.path, error.reader, error.reason]}
        case TooLargeError():
            return {"kind": "too large", "facts": [error.needed, error.allowed, error.what]}
        case MissingExtraError():
            return {"kind": "missing extra", "facts": [error.library, error.extra]}
        case MemoryError():
            return {"kind": "memory", "facts": [str(error)]}
    return {"kind": "other", "facts": [str(error)]}


if __name__ == "__main__":
    main()
