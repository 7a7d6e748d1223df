"""What can go wrong, said in full: what was found, what was expected, what to do."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import ClassVar

__all__ = [
    "CrashedError",
    "MissingExtraError",
    "NothingFoundError",
    "PluginClashError",
    "SmaltiError",
    "TimedOutError",
    "TooLargeError",
    "UnknownNameError",
    "UnreadableError",
    "UsageError",
]


class SmaltiError(Exception):
    """The base of every error smalti raises on purpose."""

    status: ClassVar[str] = "unreadable"
    """The status of the row of an image whose reading ends so."""


class UsageError(SmaltiError):
    """The call itself is wrong; the CLI ends with exit code 2."""


class NothingFoundError(UsageError):
    """A base folder is missing, empty, or holds no image."""


class UnknownNameError(UsageError):
    """A name that does not exist, answered with the nearest that does.

    Parameters
    ----------
    kind
        What was named: ``"column"``, ``"metric"``, ``"loader"``.
    name
        The name that was given.
    known
        All names that would have been accepted.
    """

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        self.kind = kind
        self.name = name
        self.known = tuple(sorted(known))
        near = get_close_matches(name, self.known, n=1, cutoff=0.5)
        if near:
            hint = f"did you mean {near[0]!r}?"
        else:
            shown = ", ".join(self.known[:12]) + (", …" if len(self.known) > 12 else "")
            hint = f"known: {shown or 'none'}"
        super().__init__(f"no {kind} named {name!r}; {hint}")


class UnreadableError(SmaltiError):
    """A file that no reader could turn into pixels.

    Parameters
    ----------
    path
        The file, as it stands in the table.
    reader
        The reader that tried.
    reason
        What the reader said.
    """

    def __init__(self, path: str, reader: str, reason: str) -> None:
        self.path = path
        self.reader = reader
        self.reason = reason
        super().__init__(f"{reader}: {reason}")


class TooLargeError(SmaltiError):
    """An image declares more bytes than may be used for it.

    Parameters
    ----------
    needed
        Bytes that one read would take, as the file declares them.
    allowed
        Bytes that may be used.
    what
        What would be read: ``"one plane"``, ``"one chunk"``.
    """

    status = "skipped"

    def __init__(self, needed: int, allowed: int, what: str = "one plane") -> None:
        self.needed = needed
        self.allowed = allowed
        self.what = what
        super().__init__(
            f"{what} needs {needed:,} bytes as declared, {allowed:,} are allowed; "
            "raise --memory if the file is what it says"
        )


class CrashedError(SmaltiError):
    """A reader took its process down with it.

    Parameters
    ----------
    path
        The file, as it stands in the table.
    reader
        The reader that did.
    end
        How its process ended: exit code or signal, and the last line that it wrote.
    """

    status = "crashed"

    def __init__(self, path: str, reader: str, end: str) -> None:
        self.path = path
        self.reader = reader
        self.end = end
        super().__init__(f"{reader}: {end}; the file was alone in it")


class TimedOutError(SmaltiError):
    """A reader did not answer in time.

    Parameters
    ----------
    path
        The file, as it stands in the table.
    reader
        The reader that was asked.
    seconds
        How long it was waited for.
    """

    status = "timeout"

    def __init__(self, path: str, reader: str, seconds: float) -> None:
        self.path = path
        self.reader = reader
        self.seconds = seconds
        super().__init__(f"{reader}: no answer within {seconds:g} s; its process was ended")


class MissingExtraError(SmaltiError):
    """A library that only some formats need is not installed."""

    def __init__(self, library: str, extra: str) -> None:
        self.library = library
        self.extra = extra
        super().__init__(f"{library} is not installed; run: pip install 'smalti[{extra}]'")


class PluginClashError(SmaltiError):
    """Two plugins of one kind claim one name."""

    def __init__(self, kind: str, name: str, first: str, second: str) -> None:
        self.kind = kind
        self.name = name
        self.modules = (first, second)
        super().__init__(
            f"two {kind}s are named {name!r}: one in {first}, one in {second}; rename or remove one"
        )
