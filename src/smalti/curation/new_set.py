"""A new set of patches made of one that is there: all its rows, and the pixels of what is kept."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from smalti import __version__
from smalti.core.errors import UsageError
from smalti.core.progress import Progress, State
from smalti.curation import manifest
from smalti.curation.outcome import Item
from smalti.curation.state import alone_in
from smalti.curation.store import Place, Store, Write, store_in
from smalti.processing.frames import reason
from smalti.table.parquet import TableInfo

__all__ = ["NewSet", "refuse_set"]

NOTHING = TableInfo((), {})

_PLACES = {"array": pl.String, "row": pl.Int64, "file": pl.String}
_NOWHERE: Place = (None, None, None)


@dataclass(frozen=True, slots=True, eq=False)
class NewSet:
    """What a new set is made of.

    Parameters
    ----------
    frame
        Its rows, decided on; pixels of those that nothing decided to drop are written.
    read
        Pixels of a row: uint8 (height, width).
    write
        How pixels are written.
    asked
        What the set was made with, for its footer.
    known
        What the manifest of the old one says: meanings of further columns, and entries of the footer.
    """

    frame: pl.DataFrame
    read: Callable[[int], np.ndarray]
    write: Write
    asked: Mapping[str, Any]
    known: TableInfo = NOTHING

    def put(self, folder: Path, threads: int, progress: Progress) -> tuple[Item, ...]:
        """Write it to a folder; the manifest last. Gives patches whose pixels could not be read.

        Raises
        ------
        UsageError
            The folder holds a set, or other things, or another run is at work on it.
        """
        with alone_in(folder):
            refuse_set(folder)
            store = store_in(folder, self.write, {}, threads)
            try:
                places, failed = self._stored(store, progress)
                store.finish()
            finally:
                store.close()
            where = pl.DataFrame(places, schema=_PLACES, orient="row")
            frame = self.frame.drop(*_PLACES, strict=False).hstack(where)
            facts = {"curation": json.dumps(self.asked), "lengths": json.dumps(store.lengths)}
            more = [column for column in self.known.columns if column.name not in manifest.SCHEMA]
            footer = {**self.known.footer, **facts, "gone": "[]", "smalti": __version__}
            manifest.write(frame, folder / manifest.FILE_NAME, footer, more)
        return failed

    def _stored(self, store: Store, progress: Progress) -> tuple[list[Place], tuple[Item, ...]]:
        """Where each patch lies now, and those that could not be read."""
        kept = (self.frame["decision"].fill_null("keep") == "keep").to_list()
        facts = self.frame.select("dataset", "name").iter_rows()
        places, failed, started = list[Place](), list[Item](), time.monotonic()
        for i, (dataset, name) in enumerate(facts):
            place = _NOWHERE
            if kept[i]:
                try:
                    place = store.add(dataset, name, self.read(i))
                except Exception as error:  # a reader may raise anything; it costs this patch only
                    failed.append(Item(name, "failed", reason(error), 0))
            places.append(place)
            progress.update(State(i + 1, len(kept), len(failed), time.monotonic() - started, "writing"))
        return places, tuple(failed)


def refuse_set(folder: Path) -> None:
    """Raise UsageError where a folder holds a set."""
    if (folder / manifest.FILE_NAME).exists():
        raise UsageError(f"{folder} holds a set of patches already; give the name of a new folder")
