"""Files opened in a process of their own, so that a reader that crashes or hangs costs its file only.

Pixels come through a pipe: 5 GB/s for a plane of 1 MB and 2.5 to 3.5 for one of 16 MB, against 1.7 through
memory that both processes map, which must be made and touched anew for each answer.
"""

from collections.abc import Callable, Generator
from dataclasses import fields
from functools import partial
from typing import Any

import numpy as np

from smalti.core.child import search_path
from smalti.core.errors import (
    CrashedError,
    MissingExtraError,
    SmaltiError,
    TimedOutError,
    TooLargeError,
    UnreadableError,
)
from smalti.core.image import Image, ImageRef
from smalti.core.plugin import Plugin
from smalti.core.served import OWN_BYTES
from smalti.loaders._child import LIGHT, Answer, Child, borrow, give_back
from smalti.loaders._plain import from_plain, to_plain
from smalti.loaders.isolation import Isolation

__all__ = ["read_apart"]

START_SECONDS = 60.0
REUSE_SECONDS = 5.0
"""How long a process that was left in good order may take to let go of its last file."""

_ERRORS: dict[str, type[Exception]] = {
    "unreadable": UnreadableError,
    "too large": TooLargeError,
    "missing extra": MissingExtraError,
    "memory": MemoryError,
}


def read_apart(
    plugin: Plugin,
    ref: ImageRef,
    limit: int,
    head: bytes,
    isolation: Isolation,
    left_open: list[Callable[[], None]],
) -> Generator[Image, None, None]:
    """Images of one loader that runs in another process.

    They can be read until that fails, or what this adds to `left_open` is called.

    Raises
    ------
    CrashedError, TimedOutError
        Its process ended, or was ended because it did not answer; so does every later read of pixels.
    SmaltiError, MemoryError
        What the loader raised there.
    """
    question = {
        "do": "open",
        "path": search_path(),
        "module": plugin.module,
        "name": plugin.name,
        "ref": {field.name: to_plain(getattr(ref, field.name)) for field in fields(ImageRef)},
        "limit": limit,
        "memory": 2 * limit + OWN_BYTES,
        "head": to_plain(head),
    }
    file = _File(ref.path, plugin, isolation)
    left_open.append(file.close)
    try:
        file.open(question)
        while (image := file.next()) is not None:
            yield image
    except BaseException:
        file.close()
        raise


class _File:
    """A file that another process has open."""

    def __init__(self, path: str, plugin: Plugin, isolation: Isolation) -> None:
        self._path = path
        self._reader = plugin.name
        self._process = plugin.name if plugin.options["isolated"] else LIGHT
        self._isolation = isolation
        self._child: Child | None = None
        self._done_with: list[int] = []
        self._lost: SmaltiError = UnreadableError(path, plugin.name, "it was read after it had been closed")

    def open(self, question: dict[str, Any]) -> None:
        """Have a process take the file up; where a kept one does not, a new one must."""
        kept = borrow(self._process, self._isolation.seconds)
        if kept and not self._refused_by(kept, question, REUSE_SECONDS):
            return
        new = Child(self._process, self._isolation.seconds)
        if words := self._refused_by(new, question, START_SECONDS):
            reason = f"the process to read it in does not start: {words}"
            raise UnreadableError(self._path, self._reader, reason)

    def _refused_by(self, child: Child, question: dict[str, Any], seconds: float) -> str:
        """How the process ended instead of taking the file up; empty when it does."""
        self._child = child
        child.new_file()
        try:
            child.ask(question, seconds, self._isolation.waiting)
        except (TimeoutError, EOFError):
            words = child.last_words()
            self.close()
            return words
        return ""

    def next(self) -> Image | None:
        """The next image, its pixels read by question and answer."""
        header, _ = self._ask({"do": "next"})
        plain = header["image"]
        if plain is None:
            return None
        ref = ImageRef(**{name: from_plain(value) for name, value in plain.pop("ref").items()})
        dtype = None if plain["dtype"] is None else np.dtype(plain.pop("dtype"))
        pixels = _Pixels(self, header["number"]) if plain.pop("has_pixels") else None
        details = partial(self.details, header["number"], pixels) if plain.pop("has_details") else None
        values = {name: from_plain(value) for name, value in plain.items()}
        return Image(**values | {"ref": ref, "dtype": dtype, "pixels": pixels, "details": details})

    def read(self, number: int, index: tuple[int | slice, ...], level: int) -> np.ndarray:
        """A region of the image of this number."""
        picks = [[pick.start, pick.stop, pick.step] if isinstance(pick, slice) else pick for pick in index]
        done_with, self._done_with = self._done_with, []
        question = {"do": "read", "number": number, "index": picks, "level": level, "done_with": done_with}
        _, array = self._ask(question)
        assert array is not None
        return array

    def details(self, number: int, _pixels: "_Pixels | None") -> Any:
        """What the image of this number says of itself; its pixels are held, so that it is not let go."""
        return from_plain(self._ask({"do": "details", "number": number})[0]["details"])

    def let_go(self, number: int) -> None:
        """Nobody will read the image of this number again; the process is told with the next question."""
        self._done_with.append(number)

    def close(self) -> None:
        """Leave the process to the next file."""
        if self._child:
            give_back(self._child)
        self._child = None

    def _ask(self, question: dict[str, Any]) -> Answer:
        if self._child is None:
            raise self._lost
        try:
            header, array = self._child.ask(question, self._isolation.seconds, self._isolation.waiting)
        except TimeoutError:
            raise self._lose(TimedOutError(self._path, self._reader, self._isolation.seconds)) from None
        except EOFError:
            end = self._child.last_words()
            raise self._lose(CrashedError(self._path, self._reader, end)) from None
        if error := header.get("error"):
            raise _ERRORS.get(error["kind"], SmaltiError)(*error["facts"])
        return header, array

    def _lose(self, error: SmaltiError) -> SmaltiError:
        """End the process; whatever is asked of the file from now on has the same answer."""
        self._lost = error
        self.close()
        return error


class _Pixels:
    """Reads pixels of one image; the other process lets go of the image when this is let go."""

    def __init__(self, file: _File, number: int) -> None:
        self._file = file
        self._number = number

    def __call__(self, index: tuple[int | slice, ...], level: int) -> np.ndarray:
        return self._file.read(self._number, index, level)

    def __del__(self) -> None:
        self._file.let_go(self._number)
