"""Files in, pictures out in the order of the files, read by processes ahead of whoever takes them."""

import os
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import accumulate
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from smalti.core.image import ImageRef
from smalti.core.progress import Progress, State
from smalti.export.asked import Reading, Wanted
from smalti.export.reading import READING
from smalti.processing.budget import slot_files
from smalti.processing.crew import Crew
from smalti.processing.plan import cut_batches
from smalti.processing.settings import Settings

__all__ = ["Readers", "Stored", "readers"]

BATCH_BYTES = 16 << 20
"""Pixels that one batch of files leaves in its spool."""
BATCH_FILES = 64
MANY_PNG = 800
"""A process: numba takes 0.6 s to import, and saves 0.8 ms a PNG of 256² in colours."""
AHEAD_BYTES = 64 << 20
"""Pixels a process that may be read before they are taken; they wait in files, not in memory."""


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

    def look(
        self, refs: Sequence[ImageRef], progress: Progress, step: str = "scan", **order: Any
    ) -> Iterator[dict[str, Any]]:
        """What is told of the pictures of all files, without keeping pixels; files in any order.

        Parameters
        ----------
        refs
            The files.
        progress
            Told how far it is.
        step, order
            ``"scan"``; ``"describe"``, which fills ``about``; or ``"limits"`` with ``percent``, which reads
            all pixels and fills ``lows`` and ``highs``.

        Yields
        ------
        dict
            A row of `FOUND`.
        """
        done, message = 0, "measuring" if step == "limits" else "looking into files"
        progress.update(State(0, len(refs), message=message))
        batches = cut_batches(refs, self._workers)
        for tables in self._crew.run(batches, self._order | {"step": step, **order}):
            yield from tables["found"].iter_rows(named=True)
            done += tables["found"]["of"].n_unique()
            progress.update(State(done, len(refs), message=message))

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
        size_of = {ref.image_id: size for ref, size in zip(refs, n_bytes, strict=True)}
        starts = [0, *accumulate(sum(size_of[ref.image_id] for ref in batch) for batch in batches)]
        ahead = self._workers * AHEAD_BYTES
        done: dict[str, list[dict[str, Any]]] = {}
        pixels = _Spool(spool)
        waiting = iter(refs)
        current = next(waiting, None)

        def may_begin(batch: Sequence[ImageRef]) -> bool:
            if current is None:
                return True
            now, wanted_batch = batch_of[current.image_id], batch_of[batch[0].image_id]
            return wanted_batch <= now or starts[wanted_batch] < starts[now] + ahead

        told = {"step": "read", "spool": str(spool), "wanted": wanted.to_dict()}
        order = self._order | told | {"many_png": n_png > MANY_PNG * self._workers}
        for tables in self._crew.run(batches, order, may_begin):
            for facts in tables["found"].iter_rows(named=True):
                if facts["errno"] is not None:
                    raise OSError(facts["errno"], os.strerror(facts["errno"]), str(spool))
                done.setdefault(facts["of"], []).append(facts)
                pixels.expect(facts)
            while current is not None and current.image_id in done:
                for facts in done.pop(current.image_id):
                    yield Stored(current, facts, pixels.take(facts))
                current = next(waiting, None)


class _Spool:
    """Files of pixels that processes left, mapped into memory: reading them took 0.5 ms for 0.5 MB."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._left: Counter[str] = Counter()
        self._mapped: dict[str, np.ndarray] = {}

    def expect(self, facts: Mapping[str, Any]) -> None:
        """Note that a picture will be taken."""
        if facts["file"] is not None:
            self._left[facts["file"]] += 1

    def take(self, facts: Mapping[str, Any]) -> np.ndarray | None:
        """The pixels of a picture, None where it failed; a file that has no more is taken away."""
        name = facts["file"]
        if name is None:
            return None
        if name not in self._mapped:
            self._mapped[name] = np.memmap(self._folder / name, np.uint8, "r")
        shape, dtype = facts["stored_shape"], np.dtype(facts["stored_dtype"])
        end = facts["offset"] + prod(shape) * dtype.itemsize
        pixels: np.ndarray = self._mapped[name][facts["offset"] : end].view(np.ndarray).view(dtype)
        self._left[name] -= 1
        if not self._left[name]:
            del self._mapped[name]
            with suppress(OSError):  # Windows keeps what is mapped; the folder goes at the end
                (self._folder / name).unlink()
        return pixels.reshape(shape)


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
