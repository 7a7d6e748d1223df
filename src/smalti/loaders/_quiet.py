"""Keep what image libraries warn and log off the user's screen, and remember it."""

import logging
import warnings
from contextvars import ContextVar

__all__ = ["Quiet", "mute"]

LOGGERS = (
    "tifffile",
    "imagecodecs",
    "PIL.TiffImagePlugin",
    "PIL.PngImagePlugin",
    "zarr",
    "zarr.core.group",
    "imageio",
    "bioio",
    "bioio_base.reader",
    "ome_types",
)


_said: ContextVar[list[str] | None] = ContextVar("said", default=None)
"""What was said while this context reads a file; None while it does not.

A context, not a thread: zarr reads in a thread of its own and takes the context there.
"""


class _ReadingHere(type):
    """A class that every warning is a subclass of while this context reads a file.

    `warnings.catch_warnings` swaps the filters of the whole process and is not safe among threads; a
    filter for a category that answers by context is.
    """

    def __subclasscheck__(cls, subclass: type) -> bool:
        return _said.get() is not None


class _WarningWhileReading(Warning, metaclass=_ReadingHere):
    """The category of the one filter that is set."""


def _keep(record: logging.LogRecord) -> bool:
    """Log filter: take the record away from the handlers while this context reads a file."""
    said = _said.get()
    if said is None:
        return True
    if record.levelno >= logging.WARNING:
        said.append(record.getMessage())
    return False


def mute(logger: str) -> None:
    """Mute one more logger while its library reads; for those that must not exist before their library does.

    astropy cannot be imported any more once a logger of its name is there.
    """
    logging.getLogger(logger).addFilter(_keep)


for _name in LOGGERS:
    mute(_name)


class Quiet:
    """Mute warnings and the log of image libraries in this context; entering gives what is logged.

    A class: a generator would take twice as long, and each file enters it three times.
    """

    __slots__ = ("_before",)

    def __enter__(self) -> list[str]:
        if not warnings.filters or warnings.filters[0][2] is not _WarningWhileReading:
            warnings.simplefilter("ignore", _WarningWhileReading)
        said: list[str] = []
        self._before = _said.set(said)
        return said

    def __exit__(self, *_: object) -> None:
        _said.reset(self._before)
