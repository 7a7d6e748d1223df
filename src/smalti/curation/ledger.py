"""What a step made of which source, so that the same command goes on, and takes only what is new or changed.

While a run is under way each thing that happens is a line of a journal: what will be written, before it is;
what became of an item, after. At the end all becomes one table, ``STEP.parquet``, and the journal goes. A
line that a kill cut is left out when the journal is read again.
"""

import json
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePosixPath
from threading import Lock
from typing import IO, Any

import filelock

from smalti import __version__
from smalti.core.errors import SmaltiError, UsageError
from smalti.curation.records import COLUMNS, Record, frame_of, record_of, records_of
from smalti.table.parquet import commit, read_metadata, scan, stage
from smalti.writers.aside import partial_of

__all__ = ["Ledger", "ledger_of", "stamp_at"]

HIDDEN = ".curation"
"""Folder of journals and locks, beside what is made."""


@dataclass(slots=True)
class Ledger:
    """The records of one step in one folder.

    Parameters
    ----------
    folder, step
        Where what is made goes, and the step.
    asked
        Version and options of the step; a folder is filled with one only.
    is_in_place
        Whether what is made takes the place of sources, and is never taken away.
    """

    folder: Path
    step: str
    asked: Mapping[str, Any]
    is_in_place: bool = False
    records: dict[str, Record] = field(default_factory=dict)
    notes: dict[str, Any] = field(default_factory=dict)
    _begun: dict[str, str] = field(default_factory=dict)
    _before: dict[str, str] = field(default_factory=dict)
    _claimed: dict[str, str] = field(default_factory=dict)
    _places: dict[str, set[str]] = field(default_factory=dict)
    _owners: dict[str, str] = field(default_factory=dict)
    _journal: IO[str] | None = None
    _one: Lock = field(default_factory=Lock)

    def key_for(self, key: str, uri: str) -> str:
        """What tells an item from others, also from one that is called the same and lies elsewhere."""
        known = self.records.get(key)
        same = known is None or known.uri in ("", uri) or not Path(known.uri).exists()
        return key if same else f"{key} {uri}"

    def done(self, key: str, stamp: str) -> Record | None:
        """The record of an item that has not changed and whose files are there; None of one that failed."""
        record = self.records.get(key)
        if record is None or record.status == "failed" or record.stamp != stamp:
            return None
        return record if all((self.folder / one["file"]).exists() for one in record.files) else None

    def claim(self, key: str, uri: str, name: str) -> Path:
        """Say that a file will be written, and where; one that others made is left alone.

        Raises
        ------
        SmaltiError
            It is another's.
        """
        path = self.folder / name
        if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
            raise SmaltiError(f"its name {name!r} leads out of {self.folder}; rename it")
        with self._one:
            other = self._claimed.get(name, key)
            if other != key:
                raise SmaltiError(f"{name} is made of {other} too; rename one of them")
            owner = self._begun.get(name) or self._before.get(name)
            if owner is None and path.exists() and str(path) != uri:
                raise SmaltiError(f"{path} is there and was not made by this step; give another -o")
            if owner and owner != uri and Path(owner).exists():
                raise SmaltiError(
                    f"{path} was made of {owner}, which is another file; give the folder above both, or "
                    "another -o"
                )
            self._claimed[name] = key
            self._places.setdefault(key, set()).add(name)
            self._begun[name] = uri
            self._write({"begin": name, "uri": uri})
        return path

    def end(self, record: Record) -> None:
        """Keep what became of an item; files that were made of it before, or of one that failed, go."""
        with self._one:
            old = self.records.get(record.key)
            ours = {str(one["file"]) for one in old.files} if old else set()
            ours |= self._places.pop(record.key, set())
            for name in () if self.is_in_place else sorted(ours - {one["file"] for one in record.files}):
                if self._claimed.get(name, record.key) == record.key:
                    _drop(self.folder / name)
            self._keep(record)
            self._write({"end": asdict(record)})

    def intend(self, record: Record) -> None:
        """Say what will be the record of an item whose source is about to be replaced by what was made."""
        with self._one:
            self._write({"will": asdict(record)})

    def _keep(self, record: Record) -> None:
        """A file is of one item, the last that it was made of."""
        for one in record.files:
            owner = self._owners.get(one["file"])
            if owner is not None and owner != record.key:
                self.records.pop(owner, None)
            self._owners[one["file"]] = record.key
        self.records[record.key] = record

    def remember(self, name: str, value: Any) -> None:
        """Keep something that must not be found anew."""
        with self._one:
            self.notes[name] = value
            self._write({"note": name, "value": value})

    def finish(self, keys: Collection[str]) -> None:
        """Write the table; records whose files are gone, and files of which none tells any more, go.

        Parameters
        ----------
        keys
            Items of this run; of others only those that have files are kept.
        """
        kept = [
            record
            for record in self.records.values()
            if (record.files or record.key in keys)
            and all((self.folder / one["file"]).exists() for one in record.files)
        ]
        self.records = {record.key: record for record in kept}
        self._clear({str(one["file"]) for record in kept for one in record.files})
        place = self.table
        footer = {"smalti": __version__, "asked": json.dumps(self.asked), "notes": json.dumps(self.notes)}
        commit(stage(frame_of(kept).lazy(), place, COLUMNS, footer), place)
        if self._journal is not None:
            self._journal.close()
            self._journal = None
        self._journal_path.unlink(missing_ok=True)

    def _clear(self, kept: Collection[str]) -> None:
        """Take away what kills left, and what was made before all was made anew and is no more."""
        for name in self._begun:
            partial = partial_of(self.folder / name)
            if partial.is_file():
                partial.unlink()
            if not self.is_in_place and name not in kept:
                _drop(self.folder / name)

    @property
    def table(self) -> Path:
        """The table of what was made."""
        return self.folder / f"{self.step}.parquet"

    @property
    def _journal_path(self) -> Path:
        return self.folder / HIDDEN / f"{self.step}.jsonl"

    def load(self, fresh: bool) -> None:
        """Read what earlier runs left.

        Raises
        ------
        UsageError
            They had other options.
        """
        if self.table.exists():
            info = read_metadata(self.table)
            self._check(json.loads(info.footer.get("asked", "{}")), fresh)
            self.notes = json.loads(info.footer.get("notes", "{}"))
            for record in records_of(scan(self.table).collect()).values():
                self._keep(record)
        for line in _lines(self._journal_path):
            self._take(line, fresh)
        self._before = {str(one["file"]): r.uri for r in self.records.values() for one in r.files}
        if fresh:
            self._before |= self._begun
            self._begun = dict(self._before)
            self.records, self.notes = {}, {}
            self._journal_path.unlink(missing_ok=True)
        whole = self._journal_path.exists()
        if whole:
            _mend(self._journal_path)
        self._journal = self._journal_path.open("a", encoding="utf-8")
        if not whole:
            self._write({"asked": self.asked})
            for name, uri in self._before.items() if fresh else ():
                self._write({"begin": name, "uri": uri})

    def close(self) -> None:
        """Let go of the journal, which stays for the next run."""
        if self._journal is not None:
            self._journal.close()

    def _take(self, line: Mapping[str, Any], fresh: bool) -> None:
        if "asked" in line:
            self._check(line["asked"], fresh)
        elif "begin" in line:
            self._begun[line["begin"]] = line["uri"]
        elif "note" in line:
            self.notes[line["note"]] = line["value"]
        elif "end" in line:
            self._keep(record_of(line["end"]))
        elif "will" in line:
            record = record_of(line["will"])
            if all(stamp_at(self.folder / one["file"]) == one["file_stamp"] for one in record.files):
                self._keep(record)  # it took its place before the kill

    def _check(self, asked: Mapping[str, Any], fresh: bool) -> None:
        wanted = json.loads(json.dumps(self.asked))
        other = sorted(name for name in {*asked, *wanted} if asked.get(name) != wanted.get(name))
        if other and not fresh:
            name = other[0]
            raise UsageError(
                f"{self.folder} was filled with {name}={asked.get(name)!r}, now {wanted.get(name)!r} is "
                "asked for; give another -o, or --fresh to make it anew"
            )

    def _write(self, line: Mapping[str, Any]) -> None:
        assert self._journal is not None
        self._journal.write(json.dumps(line) + "\n")
        self._journal.flush()


@contextmanager
def ledger_of(
    folder: Path, step: str, asked: Mapping[str, Any], *, fresh: bool = False, in_place: bool = False
) -> Iterator[Ledger]:
    """The ledger of a step in a folder, which is made; no other run of the step gets it meanwhile.

    Raises
    ------
    UsageError
        Another run is at work, the folder is a file, or it was filled with other options.
    """
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file; give the name of a folder that may be made")
    hidden = folder / HIDDEN
    hidden.mkdir(parents=True, exist_ok=True)
    lock = filelock.FileLock(hidden / f"{step}.lock", blocking=False)
    try:
        lock.acquire()
    except filelock.Timeout:
        raise UsageError(f"another run is at work on {folder}; wait for it, or give another -o") from None
    ledger = Ledger(folder, step, asked, in_place)
    try:
        ledger.load(fresh)
        yield ledger
    finally:
        ledger.close()
        lock.release()


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    if not path.exists():
        return
    for line in path.read_bytes().split(b"\n")[:-1]:  # the last is empty, or was cut by a kill
        with suppress(ValueError):
            yield json.loads(line)


def _mend(path: Path) -> None:
    """Take away a line that was cut."""
    data = path.read_bytes()
    if data and not data.endswith(b"\n"):
        with path.open("rb+") as file:
            file.truncate(data.rfind(b"\n") + 1)


def stamp_at(path: Path) -> str:
    """Size and last change of a file, or "" where there is none."""
    try:
        facts = path.stat()
    except FileNotFoundError:
        return ""
    return f"{facts.st_size} {facts.st_mtime!r}"


def _drop(path: Path) -> None:
    if path.is_dir():
        import shutil

        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
