"""Files in, pictures out in the order of the files, read by processes ahead of whoever takes them."""

import os
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from smalti.core.image import ImageRef
from smalti.export.asked import Reading, Wanted
from smalti.export.reading import READING
from smalti.processing.budget import slot_files
from smalti.processing.engine import Crew
from smalti.processing.plan import cut_batches
from smalti.processing.settings import Settings

__all__ = ["Readers", "Stored", "readers"]

BATCH_BYTES = 16 << 20
"""Pixels that one batch of files leaves in its spool."""
BATCH_FILES = 64
MANY_PNG = 800
"""A process: numba takes 0.6 s to import, and saves 0.8 ms a PNG of 256² in colours."""
AHEAD_BATCHES = 4
"""Of batches a process that may be read before they are taken: pixels wait in files, not in memory."""


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of one picture.

    Parameters
    ----------
    ref
        Its file.
    facts
        Its row of `smalti.export.reading.FOUND`.
    pixels
        Ready to be stored; None where it failed.
    """

    ref: ImageRef
    facts: dict[str, Any]
    pixels: np.ndarray | None


class Readers:
    """Processes that read files for a collection.

    Parameters
    ----------
    crew
        The processes.
    workers
        How many.
    reading, single
        How images become pictures, and whether each reference stands for one series.
    """

    def __init__(self, crew: Crew, workers: int, reading: Reading, single: bool) -> None:
        self._crew = crew
        self._workers = workers
        self._order = {"reading": reading.to_dict(), "single": single}

    def scan(self, refs: Sequence[ImageRef]) -> Iterator[pl.DataFrame]:
        """What files hold, without their pixels; frames of `FOUND`, in any order."""
        batches = cut_batches(refs, self._workers)
        for tables in self._crew.run(batches, self._order | {"step": "scan"}):
            yield tables["found"]

    def read(
        self,
        refs: Sequence[ImageRef],
        n_bytes: Sequence[int],
        wanted: Wanted,
        spool: Path,
        n_png: int = 0,
    ) -> Iterator[Stored]:
        """All pictures, in the order of their files.

        Parameters
        ----------
        refs
            The files.
        n_bytes
            Bytes of the pixels of each, for batches of about equal size.
        wanted
            What pixels must be.
        spool
            A folder for pixels on their way; made when it is not there.
        n_png
            How many of them are PNG, whose fast decoder takes a while to import.

        Raises
        ------
        OSError
            The spool cannot be written: its disk is full.
        """
        spool.mkdir(parents=True, exist_ok=True)
        batches = list(_cut(refs, n_bytes))
        batch_of = {ref.image_id: number for number, batch in enumerate(batches) for ref in batch}
        ahead = self._workers * AHEAD_BATCHES
        done: dict[str, list[dict[str, Any]]] = {}
        left: Counter[str] = Counter()
        waiting = iter(refs)
        current = next(waiting, None)

        def may_begin(batch: Sequence[ImageRef]) -> bool:
            return current is None or batch_of[batch[0].image_id] < batch_of[current.image_id] + ahead

        told = {"step": "read", "spool": str(spool), "wanted": wanted.to_dict()}
        order = self._order | told | {"many_png": n_png > MANY_PNG * self._workers}
        for tables in self._crew.run(batches, order, may_begin):
            for facts in tables["found"].iter_rows(named=True):
                if facts["errno"] is not None:
                    raise OSError(facts["errno"], os.strerror(facts["errno"]), str(spool))
                done.setdefault(facts["of"], []).append(facts)
                if facts["file"] is not None:
                    left[facts["file"]] += 1
            while current is not None and current.image_id in done:
                for facts in done.pop(current.image_id):
                    yield Stored(current, facts, _pixels(spool, facts, left))
                current = next(waiting, None)


def _pixels(spool: Path, facts: dict[str, Any], left: Counter[str]) -> np.ndarray | None:
    """The pixels of one picture; a file of the spool that has no more is taken away."""
    if facts["file"] is None:
        return None
    path = spool / facts["file"]
    shape, dtype = facts["stored_shape"], np.dtype(facts["stored_dtype"])
    pixels = np.fromfile(path, dtype, int(np.prod(shape)), offset=facts["offset"]).reshape(shape)
    left[facts["file"]] -= 1
    if not left[facts["file"]]:
        path.unlink()
    return pixels


def _cut(refs: Sequence[ImageRef], n_bytes: Sequence[int]) -> Iterator[tuple[ImageRef, ...]]:
    batch: list[ImageRef] = []
    filled = 0
    for ref, size in zip(refs, n_bytes, strict=True):
        batch.append(ref)
        filled += size
        if filled >= BATCH_BYTES or len(batch) == BATCH_FILES:
            yield tuple(batch)
            batch, filled = [], 0
    if batch:
        yield tuple(batch)


@contextmanager
def readers(reading: Reading, single: bool, settings: Settings) -> Iterator[Readers]:
    """Processes for the length of a with block."""
    with tempfile.TemporaryDirectory(prefix="smalti-", ignore_cleanup_errors=True) as folder:
        place = Path(folder)
        crew = Crew(settings, READING, place, slot_files(place, settings.processes))
        try:
            yield Readers(crew, settings.processes, reading, single)
        finally:
            crew.stop()
