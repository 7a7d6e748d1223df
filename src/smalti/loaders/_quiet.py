"""Keep what image libraries warn and log off the user's screen, and remember it."""

import logging
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["quiet"]

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


class _Here(threading.local):
    """What was said while this thread reads a file; None while it does not."""

    said: list[str] | None = None


_here = _Here()


class _ReadingHere(type):
    """A class that every warning is a subclass of while this thread reads a file.

    `warnings.catch_warnings` swaps the filters of the whole process and is not safe among threads; a
    filter for a category that answers by thread is.
    """

    def __subclasscheck__(cls, subclass: type) -> bool:
        return _here.said is not None


class _WarningWhileReading(Warning, metaclass=_ReadingHere):
    """The category of the one filter that is set."""


def _keep(record: logging.LogRecord) -> bool:
    """Log filter: take the record away from the handlers while this thread reads a file."""
    if _here.said is None:
        return True
    if record.levelno >= logging.WARNING:
        _here.said.append(record.getMessage())
    return False


for _name in LOGGERS:
    logging.getLogger(_name).addFilter(_keep)


@contextmanager
def quiet() -> Iterator[list[str]]:
    """Mute warnings and the log of image libraries in this thread; yields what was logged."""
    if not warnings.filters or warnings.filters[0][2] is not _WarningWhileReading:
        warnings.simplefilter("ignore", _WarningWhileReading)
    before, said = _here.said, []
    _here.said = said
    try:
        yield said
    finally:
        _here.said = before
