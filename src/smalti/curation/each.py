"""The run of a step that makes files of each source by itself, side by side; it goes on after a kill."""

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from smalti.core.errors import UsageError
from smalti.core.progress import Progress, State
from smalti.core.remote import is_url, shown
from smalti.curation.ledger import Ledger, ledger_of
from smalti.curation.outcome import Item, Outcome, Status
from smalti.curation.plans import SkipError
from smalti.curation.records import Record
from smalti.curation.sources import Given, Source, sources_of
from smalti.processing.frames import reason

__all__ = ["Desk", "Each", "each", "folder_at", "item_of", "key_of", "stamp_of"]


@dataclass(slots=True)
class Desk:
    """Where the work on one source says what it makes.

    Parameters
    ----------
    ledger, source, key
        Where it is kept, the source, and what it is called there.
    """

    ledger: Ledger
    source: Source
    key: str
    files: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def place(self, name: str) -> Path:
        """Where a file goes; see `Ledger.claim` for errors."""
        return self.ledger.claim(self.key, self.source.ref.uri, name)

    def made(self, path: Path, **facts: Any) -> None:
        """Say that a file is there; `facts` as in `smalti.curation.records.COLUMNS`."""
        self.files.append({"file": path.relative_to(self.ledger.folder).as_posix(), **facts})

    def intend(self, path: Path, **facts: Any) -> None:
        """Say that a file is about to take the place of its source; see `Ledger.intend`."""
        file = {"file": path.relative_to(self.ledger.folder).as_posix(), **facts}
        self.ledger.intend(self.record("ok", "; ".join(self.notes), (file,)))

    def record(self, status: Status, why: str = "", files: tuple[dict[str, Any], ...] = ()) -> Record:
        """What became of the source."""
        ref = self.source.ref
        return Record(self.key, ref.path, shown(ref.uri), stamp_of(self.source), status, why, files)

    def say(self, note: str) -> None:
        """Say what a person should know."""
        if note and note not in self.notes:
            self.notes.append(note)


@dataclass(frozen=True, slots=True)
class Each:
    """What a step asks of the run.

    Parameters
    ----------
    step, what
        Its name, and what it makes, in the singular.
    asked
        Its version and the options that decide what is made.
    work
        Makes the files of a source; raises `SkipError` where it is right that there are none.
    threads
        Sources that are worked on side by side.
    fresh
        Whether all is made anew.
    before
        Called with all sources, and those that are not done, before the first is worked on.
    """

    step: str
    what: str
    asked: Mapping[str, Any]
    work: Callable[[Source, Desk], None]
    threads: int = 1
    fresh: bool = False
    before: Callable[[Ledger, Sequence[Source], Sequence[Source]], None] | None = None


def folder_at(out: str) -> Path:
    """The folder to write to.

    Raises
    ------
    UsageError
        None is given, or it is not of this machine.
    """
    if not out.strip() or is_url(out):
        raise UsageError("give a folder of this machine to write to, with -o")
    return Path(out).expanduser().absolute()


def each(given: Sequence[Given], out: str, plan: Each, progress: Progress) -> Outcome:
    """Work on every source that is new or changed.

    Raises
    ------
    UsageError
        There is nothing to work on, or the folder cannot be used; nothing is written then.
    """
    started = time.monotonic()
    folder = folder_at(out)
    sources, problems = sources_of(given, str(folder))
    with ledger_of(folder, plan.step, plan.asked, fresh=plan.fresh) as ledger:
        keys = worked(ledger, sources, plan, progress, started)
        ledger.finish(set(keys))
        items = tuple(item_of(ledger.records[key]) for key in keys)
    return Outcome(str(folder), items, what=plan.what, notes=problems, seconds=time.monotonic() - started)


def worked(
    ledger: Ledger, sources: Sequence[Source], plan: Each, progress: Progress, started: float
) -> list[str]:
    """Work on the sources that are not done; gives what each is called in the ledger, which tells of it."""
    keys = [ledger.key_for(key_of(source), shown(source.ref.uri)) for source in sources]
    pairs = zip(sources, keys, strict=True)
    waiting = [(source, key) for source, key in pairs if ledger.done(key, stamp_of(source)) is None]
    if plan.before is not None and waiting:
        plan.before(ledger, sources, [source for source, _ in waiting])
    failed = 0
    with ThreadPoolExecutor(max(1, plan.threads)) as pool:
        ahead = [pool.submit(_one, Desk(ledger, source, key), plan) for source, key in waiting]
        try:
            for number, future in enumerate(ahead, start=len(sources) - len(waiting) + 1):
                failed += future.result().status == "failed"
                seconds = time.monotonic() - started
                progress.update(State(number, len(sources), failed, seconds, plan.step))
        finally:
            for future in ahead:  # of an interrupted run nothing more is begun
                future.cancel()
    return keys


def _one(desk: Desk, plan: Each) -> Record:
    try:
        plan.work(desk.source, desk)
        record = desk.record("ok", "; ".join(desk.notes), tuple(desk.files))
    except UsageError:
        raise
    except SkipError as skip:
        record = desk.record("skipped", str(skip))
    except Exception as error:  # a reader may raise anything; it costs this source only
        record = desk.record("failed", reason(error))
    desk.ledger.end(record)
    return record


def key_of(source: Source) -> str:
    """What tells a source from others: its path, and its series where only one is meant."""
    return f"{source.ref.path}:{source.ref.series}" if source.single else source.ref.path


def stamp_of(source: Source) -> str:
    """What changes when the file does."""
    return f"{source.ref.size_bytes} {source.ref.mtime!r}"


def item_of(record: Record) -> Item:
    """A record as a person may read it."""
    return Item(record.path, record.status, record.why, len(record.files))
