"""The run that cuts sources to patches: piece by piece, then near-duplicates, then pixels.

Where near-duplicates are looked for, pixels are written only of what is kept, so sources are read twice, but
for volumes that are one slab; else pixels are written as they are cut.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from smalti import __version__
from smalti.core.ahead import in_order
from smalti.core.errors import UsageError
from smalti.core.image import Image
from smalti.core.progress import Progress
from smalti.core.progress import State as Stage
from smalti.core.remote import is_url, shown
from smalti.curation import manifest
from smalti.curation.duplicates import CLUSTER_COLUMNS, DuplicateOptions, clustered
from smalti.curation.hashes import described
from smalti.curation.outcome import Outcome
from smalti.curation.pending import Columns, Cut, Patches, Places
from smalti.curation.plans import Box, Plan, SkipError
from smalti.curation.sources import Given, Source, images_of, sources_of
from smalti.curation.state import Made, State, alone_in
from smalti.curation.store import Store, Write, store_in
from smalti.processing.frames import reason
from smalti.processing.machine import usable_cores

__all__ = ["Cutting", "cut"]

AHEAD = 2
"""Boxes of patches that wait to be taken; each may be a hundred slices."""

SMALL = 8 << 20
"""Images up to this size are read side by side; of larger ones, and of volumes, the patches are cut so."""


@dataclass(frozen=True, slots=True)
class Cutting:
    """What a step asks of the run.

    Parameters
    ----------
    asked
        Name of the step and the options that decide what is cut; a set is made with one only.
    plan
        Makes the plan of an image, or raises `SkipError`.
    write
        Where pixels go.
    duplicates
        How near-duplicates are found, and of hashes how they are made.
    dedupe, fresh
        Whether they are looked for; whether all is made anew.
    workers
        Threads; 0 for all cores.
    by_group
        Whether near-duplicates are looked for in folders rather than in files.
    """

    asked: Mapping[str, Any]
    plan: Callable[[Source, Image], Plan]
    write: Write
    duplicates: DuplicateOptions
    dedupe: bool
    fresh: bool
    workers: int
    by_group: bool = False

    @property
    def threads(self) -> int:
        """As many as work."""
        return self.workers or usable_cores()


def cut(given: Sequence[Given], out: str, cutting: Cutting, progress: Progress) -> Outcome:
    """Cut everything that is new or changed into the set of patches in a folder.

    Raises
    ------
    UsageError
        There is nothing to cut, or the folder cannot be used; nothing is written then.
    """
    started = time.monotonic()
    if not out.strip() or is_url(out):
        raise UsageError("give the folder of patches with -o, on this machine")
    folder = Path(out).expanduser().absolute()
    sources, problems = sources_of(given, str(folder), by_group=cutting.by_group)
    with alone_in(folder):
        state = State.open(folder, cutting.asked, fresh=cutting.fresh)
        store = store_in(folder, cutting.write, state.lengths, cutting.threads)
        try:
            run = _Run(state, store, cutting, progress, len(sources), started)
            run.scan(sources)
            while not run.fetch(sources, frame := run.decided(state.rows(sources))):
                pass  # a source could not be read again: what it stood for is decided anew
            frame = state.placed(frame)
            store.finish()
            items = state.items(sources, frame)
            state.finish(manifest.fitted(frame), sources)
        finally:
            store.close()
    kept = int((frame["decision"].fill_null("keep") == "keep").sum())
    notes = (f"{frame.height:,} patches were cut, {kept:,} are kept",) if cutting.dedupe else ()
    return Outcome(str(folder), items, kept, "patch", (*problems, *notes), time.monotonic() - started)


@dataclass(slots=True)
class _Run:
    """A run under way."""

    state: State
    store: Store
    cutting: Cutting
    progress: Progress
    total: int
    started: float
    done: int = 0
    failed: int = 0

    @property
    def is_eager(self) -> bool:
        """Whether a source can be decided on as soon as it was cut, with its pixels still in memory."""
        how = self.cutting
        alone = how.dedupe and how.duplicates.scope == "dataset" and not how.by_group
        return alone and how.write != "none"

    def scan(self, sources: Sequence[Source]) -> None:
        """Cut sources that are new; what they are made of is in the state then."""
        new = [source for source in sources if self.state.finished(source) is None]
        again = [s for s in sources if self.is_eager and self.state.is_new(s) and self.state.finished(s)]
        self.done = self.total - len(new)
        part = Patches(self.state, self.store)
        with ThreadPoolExecutor(self.cutting.threads) as pool:
            for source in again:  # a run was stopped before their pixels were written
                self.fetch([source], self.decided(self.state.rows([source])))
            for source, cuts in self._cuts(new, pool):
                part.end(self._made(source, cuts, part))
                if self.is_eager:
                    part.commit()
                    self.fetch([source], self.decided(self.state.rows([source])))
                self._tell("cutting")
        part.commit()

    def _made(self, source: Source, cuts: Iterable[Cut], part: Patches) -> Made:
        """Have a source cut, and say what became of it."""
        notes: list[str] = []
        try:
            for one in cuts:
                part.take(source, one)
                notes += one.notes
        except SkipError as skip:
            return Made.of(source, "skipped", str(skip))
        except Exception as error:  # a reader may raise anything; it costs this file only
            self.failed += 1
            return Made.of(source, "failed", reason(error))
        return Made.of(source, "ok", "; ".join(dict.fromkeys(notes)))

    def decided(self, frame: pl.DataFrame) -> pl.DataFrame:
        """A manifest with clusters, or without any."""
        if self.cutting.dedupe:
            return clustered(frame, self.cutting.duplicates, self.cutting.threads)
        return manifest.fitted(frame.drop(CLUSTER_COLUMNS))

    def fetch(self, sources: Sequence[Source], frame: pl.DataFrame) -> bool:
        """Read and write the pixels of what is kept and nowhere yet; says whether all could be read."""
        if self.cutting.write == "none":
            return True
        kept = pl.col("decision").fill_null("keep") == "keep"
        wanted = frame.filter(kept, pl.col("array").is_null(), pl.col("file").is_null())
        by_source = {key[0]: set(rows["patch_id"]) for key, rows in wanted.group_by("source_id")}
        places, lost = Places(self.state, self.store), list[Made]()
        with ThreadPoolExecutor(self.cutting.threads) as pool:
            for source in sources:
                if ids := by_source.get(source.ref.image_id):
                    try:
                        self._fetch(source, ids, places, pool)
                    except Exception as error:  # as while it was cut
                        self.failed += 1
                        lost.append(Made.of(source, "failed", reason(error)))
        places.commit()
        if lost:
            self.state.commit(manifest.empty(), (), lost)
        return not lost

    def _fetch(self, source: Source, ids: set[str], places: Places, pool: ThreadPoolExecutor) -> None:
        for image in images_of(source):
            try:
                plan = self.cutting.plan(source, image)
            except SkipError:
                continue
            series = image.ref.series
            for piece in range(plan.n_pieces):
                wanted = [part for box in plan.boxes(piece) if (part := box.of(ids, source, series))]
                if not wanted:
                    continue
                cut_out = partial(_with_box, plan, piece, plan.read(piece))
                for box, stack in in_order(pool, cut_out, wanted, AHEAD):
                    names, found = box.names(source, plan.digits), box.ids(source, series)
                    for patch, name, pixels in zip(found, names, stack, strict=True):
                        places.take(patch, self.store.add(source.dataset, name, pixels), pixels.nbytes)
                places.maybe_commit()

    def _cuts(
        self, sources: Sequence[Source], pool: ThreadPoolExecutor
    ) -> Iterator[tuple[Source, Iterable[Cut]]]:
        """What sources are cut to, in order; small files side by side."""
        waiting, most = iter(sources), SMALL if self.cutting.by_group else -1
        while batch := list(islice(waiting, 2 * self.cutting.threads)):
            small = {s.ref.image_id: pool.submit(self._all, s) for s in batch if s.ref.size_bytes <= most}
            for source in batch:
                ahead = small.pop(source.ref.image_id, None)
                yield source, (_kept(*ahead.result()) if ahead else self._cut(source, pool))

    def _all(self, source: Source) -> tuple[list[Cut], Exception | None]:
        """All pieces of a source, and what it ended with."""
        found: list[Cut] = []
        try:
            found.extend(self._cut(source, None))
        except Exception as error:  # told of in its turn
            return found, error
        return found, None

    def _cut(self, source: Source, pool: ThreadPoolExecutor | None) -> Iterator[Cut]:
        """Pieces of a source that are not done."""
        any_image = False
        skipped: SkipError | None = None
        for image in images_of(source):
            try:
                plan = self.cutting.plan(source, image)
            except SkipError as skip:
                skipped = skip
                continue
            any_image = True
            yield Cut(notes=plan.notes)
            for piece in range(plan.n_pieces):
                unit = (*source.key, image.ref.series, piece)
                if not self.state.has(unit):
                    yield from self._piece(source, plan, piece, pool)
                    yield Cut(unit)
        if not any_image:
            raise skipped or SkipError("it holds no image")

    def _piece(
        self, source: Source, plan: Plan, piece: int, pool: ThreadPoolExecutor | None
    ) -> Iterator[Cut]:
        """Its patches, box by box."""
        boxes = plan.boxes(piece)
        pixels = plan.read(piece) if boxes else np.zeros(0, np.uint8)
        keeps = not self.cutting.dedupe and self.cutting.write != "none"

        def measured(box: Box) -> Cut:
            stack = plan.patches(piece, pixels, box)
            return Cut(None, self._rows(source, plan, box, stack), tuple(stack) if keeps else ())

        yield from map(measured, boxes) if pool is None else in_order(pool, measured, boxes, AHEAD)

    def _rows(self, source: Source, plan: Plan, box: Box, stack: np.ndarray) -> Columns:
        """Columns of the manifest, without a place for pixels."""
        how = self.cutting.duplicates
        ref = plan.image.ref
        one = {
            "dataset": source.dataset,
            "group": source.group,
            "source_id": source.ref.image_id,
            "source_path": source.ref.path,
            "source_uri": shown(source.ref.uri),
            "series": ref.series,
            "time": box.time,
            "channel": box.channel,
            "level": 0,
            "axis": box.axis,
            "y0": box.rows[0],
            "y1": box.rows[1],
            "x0": box.columns[0],
            "x1": box.columns[1],
            "low": plan.window.low,
            "high": plan.window.high,
            "voxel_size": plan.voxel_size,
            "version": __version__,
        }
        each: Columns = {
            "patch_id": box.ids(source, ref.series),
            "name": box.names(source, plan.digits),
            "slice": list(box.slices),
            **described(stack, int(how.bits), how.compatible),
        }
        return each | {name: [value] * len(stack) for name, value in one.items()}

    def _tell(self, message: str) -> None:
        self.done += 1
        seconds = time.monotonic() - self.started
        self.progress.update(Stage(min(self.done, self.total), self.total, self.failed, seconds, message))


def _with_box(plan: Plan, piece: int, pixels: np.ndarray, box: Box) -> tuple[Box, np.ndarray]:
    return box, plan.patches(piece, pixels, box)


def _kept(found: list[Cut], error: Exception | None) -> Iterator[Cut]:
    yield from found
    if error is not None:
        raise error
