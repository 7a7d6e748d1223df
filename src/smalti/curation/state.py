"""What a set of patches knows of its sources, so that the same command goes on, and takes only what is new.

While a run is under way it writes parts: rows of patches, and a record that says which units of work they
are of. The record is renamed last and is the mark that a part is whole. At the end all becomes
``patches.parquet`` and ``sources.parquet``, and the parts go. A unit is a file, or a slab of a volume.
"""

import json
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import filelock
import polars as pl

from smalti import __version__
from smalti.core.columns import Column
from smalti.core.errors import UsageError
from smalti.curation import manifest
from smalti.curation.outcome import Item, Status
from smalti.curation.patchset import STORE
from smalti.curation.sources import Source
from smalti.table.parquet import TableInfo, commit, scan, stage, stage_part
from smalti.table.schema import polars_schema

__all__ = ["Made", "State", "alone_in", "alone_in_whole"]

PARTS = ".parts"
LOCK = ".lock"
SOURCES = "sources.parquet"

_COLUMNS = (
    Column("source_id", "String", "", "As in the manifest.", "same"),
    Column("source_path", "String", "", "Relative to what was given.", "same"),
    Column("size_bytes", "Int64", "byte", "Its size when it was read.", "same"),
    Column("mtime", "Float64", "s", "Its last change when it was read, since 1970.", "same"),
    Column("status", "String", "", "ok, skipped or failed.", "same"),
    Column("why", "String", "", "The reason, or what a person should know.", "same"),
)

Unit = tuple[str, int, float, int, int]
"""A source's key, a series of it, and the number of a piece of that."""


@dataclass(frozen=True, slots=True)
class Made:
    """What became of a source."""

    source_id: str
    source_path: str
    size_bytes: int
    mtime: float
    status: Status
    why: str = ""

    @classmethod
    def of(cls, source: Source, status: Status, why: str = "") -> "Made":
        """Of a source as it is now."""
        ref = source.ref
        return cls(ref.image_id, ref.path, ref.size_bytes, ref.mtime, status, why)

    @property
    def key(self) -> tuple[str, int, float]:
        """As `Source.key`."""
        return self.source_id, self.size_bytes, self.mtime


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Keep other runs away from a folder, which is made.

    Raises
    ------
    UsageError
        Another run is at work on it, or it holds other things.
    """
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file; give the name of a folder that may be made")
    if folder.is_dir() and any(folder.iterdir()) and not (folder / LOCK).exists():
        raise UsageError(f"{folder} holds other things than a set of patches; give the name of a new folder")
    folder.mkdir(parents=True, exist_ok=True)
    lock = filelock.FileLock(folder / LOCK, blocking=False)
    try:
        lock.acquire()
    except filelock.Timeout:
        raise UsageError(f"another run is at work on {folder}; wait for it, or give another -o") from None
    try:
        yield
    finally:
        lock.release()


@contextmanager
def alone_in_whole(folder: Path) -> Iterator[None]:
    """As `alone_in`, for what changes a set that is there.

    Raises
    ------
    UsageError
        The run that makes the set was stopped; and as `alone_in`.
    """
    with alone_in(folder):
        if (folder / PARTS).exists():
            raise UsageError(
                f"the run that makes {folder} was stopped; let it end first, by the same command"
            )
        yield


@dataclass(slots=True)
class State:
    """The parts and tables of one folder.

    Parameters
    ----------
    folder
        Where they are.
    asked
        Name, version and options of the step; a set is made with one only.
    """

    folder: Path
    asked: Mapping[str, Any]
    lengths: dict[str, int] = field(default_factory=dict)
    _before: dict[str, Made] = field(default_factory=dict)
    _now: dict[str, Made] = field(default_factory=dict)
    _units: set[Unit] = field(default_factory=set)
    _homes: dict[str, set[int]] = field(default_factory=dict)
    _parts: list[int] = field(default_factory=list)
    _stored: list[int] = field(default_factory=list)

    @classmethod
    def open(cls, folder: Path, asked: Mapping[str, Any], *, fresh: bool = False) -> "State":
        """What is there.

        Raises
        ------
        UsageError
            It was made with other options.
        """
        state = cls(folder, asked)
        if fresh:
            state.forget()
        if (folder / manifest.FILE_NAME).exists():
            footer = manifest.info(folder / manifest.FILE_NAME).footer
            state._check(json.loads(footer.get("curation", "{}")))
            state.lengths = json.loads(footer.get("lengths", "{}"))
            state._remove(json.loads(footer.get("gone", "[]")))
            rows = scan(folder / SOURCES).collect().rows(named=True)
            state._before = {row["source_id"]: Made(**row) for row in rows}
        for number in sorted(int(path.stem[5:]) for path in (folder / PARTS).glob("part-*.json")):
            state._take(number)
        return state

    def forget(self) -> None:
        """Take everything that was made away."""
        shutil.rmtree(self.folder / PARTS, ignore_errors=True)
        shutil.rmtree(self.folder / STORE, ignore_errors=True)
        for name in (manifest.FILE_NAME, SOURCES):
            (self.folder / name).unlink(missing_ok=True)

    @property
    def is_begun(self) -> bool:
        """Whether a run was stopped."""
        return bool(self._parts)

    def finished(self, source: Source) -> Made | None:
        """What became of a source that has not changed since; None of one that is new, or failed before."""
        made = self._now.get(source.ref.image_id) or self._before.get(source.ref.image_id)
        if made is None or made.key != source.key:
            return None
        return None if made.status == "failed" and source.ref.image_id not in self._now else made

    def is_new(self, source: Source) -> bool:
        """Whether this run, or the one that was stopped, made something of a source."""
        return source.ref.image_id in self._now

    def has(self, unit: Unit) -> bool:
        """Whether a unit is in a part."""
        return unit in self._units

    def commit(
        self, rows: pl.DataFrame, units: Iterable[Unit], made: Sequence[Made], stored: bool = False
    ) -> None:
        """Write a part; after a kill it is there as a whole or not at all.

        Parameters
        ----------
        rows
            Patches of its units; with `stored`, where patches of the manifest lie now.
        units, made
            Pieces of work, and sources, that are done.
        stored
            See `rows`.
        """
        number = (self._parts[-1] + 1) if self._parts else 1
        units = list(units)
        home = self.folder / PARTS
        home.mkdir(exist_ok=True)
        self._rows_of(number).unlink(missing_ok=True)  # what a killed run left without its record
        if rows.height:
            commit(stage_part(rows, self._rows_of(number)), self._rows_of(number))
        facts = {
            "asked": self.asked,
            "units": units,
            "made": [asdict(one) for one in made],
            "lengths": self.lengths,
            "stored": stored,
        }
        temporary = home / f"part-{number:06d}.json.tmp"
        with temporary.open("w", encoding="utf-8") as file:
            json.dump(facts, file)
        commit(temporary, temporary.with_suffix(""))
        self._parts.append(number)
        if stored:
            self._stored.append(number)
        self._count(number, units)
        self._now.update({one.source_id: one for one in made})

    def rows(self, sources: Sequence[Source]) -> pl.DataFrame:
        """Patches of the sources that went well and have not changed, in the order of the sources.

        In a source they are ordered by series, time, channel, axis, slice, rows and columns.
        """
        good = {s.ref.image_id: s for s in sources if (made := self.finished(s)) and made.status == "ok"}
        frames = [manifest.empty()]
        old = [name for name in good if name not in self._now]
        if old and (self.folder / manifest.FILE_NAME).exists():
            before = manifest.read(self.folder / manifest.FILE_NAME)
            frames.append(before.filter(pl.col("source_id").is_in(old)))
        new = [name for name in good if name in self._now]
        for number in sorted(set().union(*(self._homes.get(name, set()) for name in new))):
            if self._rows_of(number).exists():
                rows = manifest.fitted(pl.read_parquet(self._rows_of(number)))
                frames.append(rows.filter(pl.col("source_id").is_in(new)))
        order = pl.DataFrame(
            {
                "source_id": list(good),
                "dataset": [s.dataset for s in good.values()],
                "group": [s.group for s in good.values()],
                "_order": range(len(good)),
            },
            schema={"source_id": pl.String, "dataset": pl.String, "group": pl.String, "_order": pl.Int64},
        )
        merged = pl.concat(frames, how="diagonal").drop("dataset", "group").join(order, on="source_id")
        keys = ["_order", "series", "time", "channel", "axis", "slice", "y0", "x0"]
        rows = merged.unique("patch_id", keep="last", maintain_order=True).sort(keys, maintain_order=True)
        return manifest.fitted(self.placed(rows.drop("_order")))

    def items(self, sources: Sequence[Source], frame: pl.DataFrame) -> tuple[Item, ...]:
        """What became of each source."""
        counts = dict(frame.group_by("source_id").len().iter_rows())
        found = []
        for source in sources:
            made = self._now.get(source.ref.image_id) or self._before.get(source.ref.image_id)
            assert made is not None
            found.append(Item(source.ref.path, made.status, made.why, counts.get(source.ref.image_id, 0)))
        return tuple(found)

    def finish(self, frame: pl.DataFrame, sources: Sequence[Source]) -> None:
        """Write the tables and take the parts away."""
        became = self._before | self._now
        rows = [asdict(became[source.ref.image_id]) for source in sources]
        facts = pl.DataFrame(rows, schema=polars_schema(_COLUMNS))
        place = self.folder / SOURCES
        commit(stage(facts.lazy(), place, _COLUMNS, {"smalti": __version__}), place)
        gone = sorted(self._files() - set(frame["file"].drop_nulls()))
        facts_of = {"curation": self.asked, "lengths": self.lengths, "gone": gone}
        footer = {name: json.dumps(value) for name, value in facts_of.items()}
        place = self.folder / manifest.FILE_NAME
        known = manifest.info(place) if place.exists() else TableInfo((), {})
        more = [column for column in known.columns if column.name not in manifest.SCHEMA]
        if known.columns:
            frame = _with_added(frame, scan(place), ["score", *(column.name for column in more)])
        manifest.write(frame, place, {**known.footer, **footer, "smalti": __version__}, more)
        self._remove(gone)
        shutil.rmtree(self.folder / PARTS, ignore_errors=True)

    def _files(self) -> set[str]:
        """Files of patches that were written, by runs before and this one."""
        tables = [self.folder / manifest.FILE_NAME, *map(self._rows_of, self._parts)]
        found = [
            pl.read_parquet(path, columns=["file"])["file"].drop_nulls() for path in tables if path.exists()
        ]
        return set().union(*found)

    def _remove(self, files: Iterable[str]) -> None:
        """Take files away that no patch lies in any more; those of the last run, where it was killed here."""
        for name in files:
            (self.folder / name).unlink(missing_ok=True)

    def _take(self, number: int) -> None:
        """Take up a part."""
        facts = json.loads((self.folder / PARTS / f"part-{number:06d}.json").read_text(encoding="utf-8"))
        self._check(facts["asked"])
        self._parts.append(number)
        if facts["stored"]:
            self._stored.append(number)
        self._count(number, [(a, b, c, d, e) for a, b, c, d, e in facts["units"]])
        self._now.update({one["source_id"]: Made(**one) for one in facts["made"]})
        self.lengths = facts["lengths"]

    def _count(self, number: int, units: Iterable[Unit]) -> None:
        for unit in units:
            self._units.add(unit)
            self._homes.setdefault(unit[0], set()).add(number)

    def _check(self, asked: Mapping[str, Any]) -> None:
        wanted = json.loads(json.dumps(self.asked))
        other = sorted(name for name in {*asked, *wanted} if asked.get(name) != wanted.get(name))
        if other:
            name = other[0]
            raise UsageError(
                f"{self.folder} was made with {name}={asked.get(name)!r}, now {wanted.get(name)!r} is asked "
                "for; give another -o, or --fresh to make it anew"
            )

    def placed(self, frame: pl.DataFrame) -> pl.DataFrame:
        """With where patches lie that were stored after they were chosen."""
        parts = [pl.read_parquet(self._rows_of(n)) for n in self._stored if self._rows_of(n).exists()]
        if not parts:
            return frame
        places = pl.concat(parts)
        frame = frame.join(places, on="patch_id", how="left", maintain_order="left", suffix="_now")
        now = {name: pl.coalesce(f"{name}_now", name) for name in ("array", "row", "file")}
        return frame.with_columns(**now).drop([f"{name}_now" for name in now])

    def _rows_of(self, number: int) -> Path:
        return self.folder / PARTS / f"part-{number:06d}.parquet"


def _with_added(frame: pl.DataFrame, before: pl.LazyFrame, names: Sequence[str]) -> pl.DataFrame:
    """With what was found for patches whose pixels are the same, also of a source that was read anew."""
    key = ["patch_id", "pixel_hash"]
    added = before.select(*key, *names).collect()
    return frame.drop(names, strict=False).join(added, on=key, how="left", maintain_order="left")
