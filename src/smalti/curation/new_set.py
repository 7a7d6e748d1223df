"""A new set of patches made of one that is there: all its rows, and the pixels of what is kept."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from smalti.core.columns import Column
from smalti.core.errors import UsageError
from smalti.core.progress import Progress, State
from smalti.curation import manifest
from smalti.curation.outcome import Item
from smalti.curation.state import alone_in
from smalti.curation.store import Place, Store, Write, store_in
from smalti.processing.frames import reason

__all__ = ["NewSet", "refuse_set"]

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
    more
        Meanings of columns beside those of every manifest.
    footer
        Further entries.
    """

    frame: pl.DataFrame
    read: Callable[[int], np.ndarray]
    write: Write
    asked: Mapping[str, Any]
    more: Sequence[Column] = ()
    footer: Mapping[str, str] = field(default_factory=dict)

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
            manifest.write(frame, folder / manifest.FILE_NAME, {**self.footer, **facts}, self.more)
        return failed

    def _stored(self, store: Store, progress: Progress) -> tuple[list[Place], tuple[Item, ...]]:
        """Where each patch lies now, and those that could not be read."""
        kept = (self.frame["decision"].fill_null("keep") == "keep").to_list()
        places, failed, started = list[Place](), list[Item](), time.monotonic()
        for i, (dataset, name) in enumerate(self.frame.select("dataset", "name").iter_rows()):
            if not kept[i]:
                places.append(_NOWHERE)
                continue
            try:
                pixels = self.read(i)
            except Exception as error:  # a reader may raise anything; it costs this patch only
                failed.append(Item(name, "failed", reason(error), 0))
                places.append(_NOWHERE)
            else:
                places.append(store.add(dataset, name, pixels))
            progress.update(State(len(places), len(kept), len(failed), time.monotonic() - started, "writing"))
        return places, tuple(failed)


def refuse_set(folder: Path) -> None:
    """Raise UsageError where a folder holds a set."""
    if (folder / manifest.FILE_NAME).exists():
        raise UsageError(f"{folder} holds a set of patches already; give the name of a new folder")
