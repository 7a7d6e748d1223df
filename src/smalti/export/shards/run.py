"""One run that writes shards: new, or gone on with after it was stopped.

While it runs, ``.<stem>.run`` holds what was asked (``run.json``) and the rows of each shard. The rows of
a shard are written before it is put in place: a shard with its rows is whole, anything else is written again.
At the end come the index, a card for ``datasets``, and ``dataset.yaml``, which says that all is there.
"""

import io
import json
import logging
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any

import polars as pl
import yaml

from smalti import __version__
from smalti.core.errors import SmaltiError
from smalti.core.progress import Progress, State
from smalti.export.report import Report
from smalti.export.shards.before import rows_before
from smalti.export.shards.card import CARD, card
from smalti.export.shards.dataset import described
from smalti.export.shards.encode import ENCODERS
from smalti.export.shards.index import INDEX, PART
from smalti.export.shards.options import ShardOptions
from smalti.export.shards.place import DATASET, Place, place_of
from smalti.export.shards.samples import Failure, Item
from smalti.table.parquet import stage
from smalti.writers.tar import Member, TarShards
from smalti.writers.target import alone

__all__ = ["Run", "running"]

_LOG = logging.getLogger(__name__)

ERRORS_SHOWN = 10


@dataclass(slots=True)
class Run:
    """A run that writes.

    Parameters
    ----------
    place, options, creation, schema
        Where to, how, what of it is kept, and which of `RECORDS` is written.
    progress
        Told how far it is.
    parts
        Rows of samples and failures up to the last shard that is in place.
    problems
        Sentences for the report.
    started
        When, by `time.monotonic`.
    """

    place: Place
    options: ShardOptions
    creation: Mapping[str, Any]
    schema: str
    progress: Progress
    parts: list[pl.DataFrame]
    shards: TarShards = field(init=False)
    problems: list[str] = field(default_factory=list)
    started: float = field(default_factory=time.monotonic)
    _rows: list[dict[str, Any]] = field(default_factory=list)
    _done: int = 0
    _failed: int = 0
    _last: float = 0.0

    @property
    def done(self) -> frozenset[str]:
        """Keys of the samples that were stored, or could not be, by a run that was stopped."""
        return frozenset(key for part in self.parts for key in part["key"].drop_nulls())

    @property
    def failed(self) -> frozenset[tuple[str, int | None]]:
        """Path and series of what failed as a whole in a run that was stopped."""
        whole = (part.filter(pl.col("key").is_null()) for part in self.parts)
        return frozenset(row for part in whole for row in part.select("source", "series").iter_rows())

    def take(self, found: Iterable[Item | Failure], total: int) -> Report:
        """Write all samples, of about `total`, and finish the set."""
        done, self._done = self.done, sum(part.height for part in self.parts)
        for one in found:
            if isinstance(one, Failure):
                if one.key is None or one.key not in done:
                    self.fail(one)
            elif one.record.key not in done:
                self._add(one)
            self._done += 1
            self._tell(total)
        return self._finish()

    def _add(self, sample: Item) -> None:
        record = sample.record
        try:
            pieces = ENCODERS[self.options.image_format](sample.pixels)
            told = record.model_dump_json().encode()
            members = [
                Member(f"{record.key}.{self.options.image_format}", pieces),
                Member(f"{record.key}.json", [told]),
            ]
            place = self.shards.add(members)
        except SmaltiError as error:
            self.fail(Failure(sample.source, sample.series, f"{record.key}: {error}", record.key))
            return
        self._rows.append(
            {
                "key": record.key,
                "shard": place.shard.rpartition("/")[2],
                "offset": place.offset,
                "size": place.size,
                "source": sample.source,
                "series": sample.series,
                **{name: getattr(record, name) for name in _OF_RECORD},
                "colours": sample.pixels.shape[2] if sample.pixels.ndim == 3 else None,
                "dtype": record.stored_dtype,
                "error": None,
            }
        )

    def fail(self, failure: Failure) -> None:
        """Note what gave no sample."""
        self._failed += 1
        self._rows.append(asdict(failure))

    def _tell(self, total: int) -> None:
        now = time.monotonic()
        if now - self._last > 0.05:
            self._last = now
            self.progress.update(
                State(self._done, total, self._failed, now - self.started, "writing samples")
            )

    def keep(self, number: int, size: int) -> None:
        """Write the rows of a shard that is complete, before it is put in place."""
        made = io.BytesIO()
        name = self.shards.shard_name(number).rpartition("/")[2]
        last = max((at for at, row in enumerate(self._rows) if row.get("shard") == name), default=-1)
        rows = pl.DataFrame(self._rows[: last + 1], PART, orient="row")
        rows.write_parquet(made, metadata={"bytes": str(size)})
        self.place.target.write(self.place.part(number), made.getvalue())
        self.parts.append(rows)
        self._rows = self._rows[last + 1 :]

    def _finish(self) -> Report:
        self.shards.finish()
        target, place = self.place.target, self.place
        index = pl.concat([*self.parts, pl.DataFrame(self._rows, PART, orient="row")])
        good = index.filter(pl.col("error").is_null()).drop("error")
        target.scratch.mkdir(parents=True, exist_ok=True)
        aside = target.scratch / place.index
        target.put(
            place.at(place.index), stage(good.lazy(), aside, INDEX, {"smalti": __version__}, through=False)
        )
        readme = card(place, good, self.options.image_format, self.options.compressed)
        if readme is not None:
            target.write(place.at(CARD), readme)
        told = described(place, index, self.schema, self.creation)
        target.write(
            place.at(DATASET),
            yaml.safe_dump(told, sort_keys=False, allow_unicode=True).encode("utf-8", "replace"),
        )
        target.remove(place.run)
        return self._report(good.height, index)

    def _report(self, n: int, index: pl.DataFrame) -> Report:
        failed = index.filter(pl.col("error").is_not_null()).select("source", "error")
        seconds = round(time.monotonic() - self.started, 3)
        for problem in self.problems:
            _LOG.warning("%s", problem)
        _LOG.info("%s samples in %s after %s s, %s failed", n, self.place.name, seconds, failed.height)
        errors = tuple(failed.head(ERRORS_SHOWN).iter_rows())
        return Report(
            self.place.name,
            n,
            failed.height,
            n,
            errors,
            tuple(self.problems),
            seconds,
            what="sample",
            told_in=DATASET,
        )


_OF_RECORD = ("recording", "frame", "t", "z", "c", "channel", "height", "width")


@contextmanager
def running(
    out: str, options: ShardOptions, creation: Mapping[str, Any], schema: str, progress: Progress
) -> Iterator[Run]:
    """A run that alone writes to a folder, for the length of a with block.

    Raises
    ------
    UsageError
        There are shards already, or something else; or another process writes there.
    """
    place = place_of(out, options)
    try:
        with alone(place.target, place.folder):
            place.target.close()  # what a killed run left
            creation = json.loads(json.dumps(dict(creation)))
            parts = rows_before(place, options, creation)
            place.target.write(f"{place.run}/run.json", json.dumps(creation, indent=2).encode())
            run = Run(place, options, creation, schema, progress, parts)
            run.shards = TarShards(
                place.target,
                place.at(place.stem),
                options.limit,
                compressed=options.compressed,
                number=len(parts),
                before_commit=run.keep,
            )
            try:
                yield run
            finally:
                run.shards.close()
    finally:
        place.target.close()
