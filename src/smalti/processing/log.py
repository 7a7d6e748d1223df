"""What happens in a run, as lines of a log file: time, level, what."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl

from smalti import __version__
from smalti.processing.job import Tables
from smalti.processing.record import Record

__all__ = ["RunLog", "logged_to"]

_ROOT = logging.getLogger("smalti")
_ROOT.addHandler(logging.NullHandler())  # who asks for no log sees none
_LOG = logging.getLogger(__name__)

EVERY_SECONDS = 60.0


@contextmanager
def logged_to(path: Path | None) -> Iterator[None]:
    """Add a line to a file for each thing logged below ``smalti``; None leaves it to who set up logging.

    Raises
    ------
    OSError
        The file cannot be written; also later, when its disk is full.
    """
    if path is None:
        yield
        return
    handler = _Handler(path, encoding="utf-8", errors="backslashreplace")
    handler.setFormatter(_OneLine("%(asctime)s %(levelname)s %(message)s", "%Y-%m-%d %H:%M:%S"))
    before = _ROOT.level
    _ROOT.addHandler(handler)
    _ROOT.setLevel(logging.INFO)
    try:
        yield
    except BaseException as error:
        _LOG.error("stopped: %s", str(error) or type(error).__name__)
        raise
    finally:
        _ROOT.setLevel(before)
        _ROOT.removeHandler(handler)
        handler.close()


class _Handler(logging.FileHandler):
    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """Raise: the usual traceback on stderr would be the only sign of a log with holes."""
        raise  # noqa: PLE0704 - called where an exception is being handled


class _OneLine(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        """One line, whatever stands in the name of a file."""
        return super().format(record).replace("\n", "\\n").replace("\r", "\\r")


class RunLog:
    """Says how a run begins, goes and ends.

    Parameters
    ----------
    record
        As it is when the run begins.
    total
        Files to measure.
    """

    def __init__(self, record: Record, total: int) -> None:
        self._total = total
        self._done = self._failed = self._batches = 0
        self._started = self._told = time.monotonic()
        _LOG.info("smalti %s measures %s of %s files of %s", __version__, total, record.files, record.base)
        _LOG.info("settings: %s", ", ".join(f"{name}={value}" for name, value in record.settings.items()))
        for problem in record.problems:
            _LOG.warning("%s", problem)

    def add(self, tables: Tables, done: int, failed: int) -> None:
        """Say which images of a batch are not ok, and once a minute how far the run is."""
        self._done, self._failed = done, failed
        self._batches += 1
        bad = tables["images"].filter(pl.col("status") != "ok")
        for path, series, status, error in bad.select("path", "series", "status", "error").iter_rows():
            _LOG.warning("%s: %s%s: %s", status, path, f", series {series}" if series else "", error)
        if time.monotonic() - self._told > EVERY_SECONDS:
            self.tell("so far")

    def tell(self, when: str) -> None:
        """Say how far the run is."""
        self._told = time.monotonic()
        minutes = max(self._told - self._started, 1e-3) / 60
        rate = self._batches / minutes
        _LOG.info(
            "%s: %s of %s files, %s images failed, %s batches in %.2f min, %.1f a minute",
            *(when, self._done, self._total, self._failed, self._batches, minutes, rate),
        )
