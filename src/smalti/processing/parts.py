"""Frames gathered for a while, then written as one part."""

import time
from pathlib import Path

import polars as pl

from smalti.processing.job import Tables
from smalti.table import store

__all__ = ["Parts"]

FLUSH_SECONDS = 2.0
"""A kill loses at most the work of so long."""


class Parts:
    """The parts of a run, written as it goes.

    Parameters
    ----------
    folder
        The project folder.
    every
        Images after which a part is written; None for every two seconds.
    """

    def __init__(self, folder: Path, every: int | None = None) -> None:
        self._folder = folder
        self._every = every
        self._number = store.next_part(folder)
        self._waiting: list[Tables] = []
        self._images = 0
        self._last = time.monotonic()

    def add(self, tables: Tables) -> None:
        """Take the frames of a batch; a part is written when it is time."""
        self._waiting.append(tables)
        self._images += tables["images"].height
        if self._is_time():
            self.flush()

    def flush(self) -> None:
        """Write what waits."""
        if self._waiting:
            merged = {
                name: pl.concat([tables[name] for tables in self._waiting]) for name in self._waiting[0]
            }
            store.write_part(self._folder, self._number, merged)
            self._number += 1
            self._waiting = []
            self._images = 0
        self._last = time.monotonic()

    def _is_time(self) -> bool:
        if self._every is not None:
            return self._images >= self._every
        return time.monotonic() - self._last > FLUSH_SECONDS
