"""Recordings into training shards: ``smalti shards``."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from math import prod
from typing import Any

import numpy as np
import xxhash

from smalti.core.image import ImageRef
from smalti.core.plugin import exporter
from smalti.core.progress import Progress
from smalti.export.asked import Wanted
from smalti.export.images import Chosen
from smalti.export.report import Report
from smalti.export.shards.before import check_free
from smalti.export.shards.naming import Naming
from smalti.export.shards.options import ShardOptions
from smalti.export.shards.plan import plan_lines
from smalti.export.shards.recordings import Recording, limited, recordings_of
from smalti.export.shards.run import Run, running
from smalti.export.shards.samples import Failure, Item, items, schema_of
from smalti.export.stream import Readers, readers
from smalti.processing.settings import Settings

__all__ = ["shards"]


@exporter("shards", title="Training shards", options=ShardOptions)
def shards(images: Chosen, out: str, options: ShardOptions, progress: Progress) -> Report:
    """Every frame as a sample of WebDataset tar files, with all that is known of it and an index.

    Raises
    ------
    UsageError
        A name does not fit the template; or there are shards, or something else, in the folder.
    """
    naming = Naming.of(options.template, options.transforms, options.on_mismatch)
    paths = list(dict.fromkeys(ref.path for ref in images.refs))
    fields = dict(zip(paths, naming.fields(paths), strict=True))
    settings = Settings(workers=options.workers, memory=options.memory_bytes)
    try:
        name = check_free(out, options)
        with readers(options.reading, images.single, settings) as reading:
            found = _in_order(images.refs, reading.look(images.refs, progress, "describe"))
            recordings = recordings_of(found, images, fields, options)
            failures = [Failure(row["path"], row["series"], row["error"]) for row in found if row["error"]]
            schema = schema_of(recordings, options.schema)
            if options.dry_run:
                lines = plan_lines(recordings, failures, schema, options)
                return Report(name, plan=lines, problems=images.problems)
            told = {"schema": schema, "sources": list(images.origins), "digest": _digest(images.refs)}
            with running(out, options, options.creation() | told, schema, progress) as run:
                run.problems += images.problems
                failures += [
                    Failure(one.movie.source, one.series, one.error) for one in recordings if one.error
                ]
                work = _Work(run, images, recordings, reading, progress)
                return run.take(work.items(failures), sum(one.n_frames for one in recordings))
    finally:
        progress.close()


def _in_order(refs: Sequence[ImageRef], rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows of `smalti.export.reading.FOUND` with ``path``, in the order of the files.

    Those of one image are one, with the greatest of their t and z: a million frames would take gigabytes.
    """
    path_of = {ref.image_id: ref.path for ref in refs}
    held: dict[str, list[dict[str, Any]]] = {of: [] for of in path_of}
    for row in rows:
        own = held[row["of"]]
        if own and row["error"] is own[-1]["error"] is None and row["series"] == own[-1]["series"]:
            own[-1] |= {axis: max(row[axis] or 0, own[-1][axis] or 0) for axis in "tz"}
            own[-1]["about"] = own[-1]["about"] or row["about"]
        else:
            own.append(row | {"path": path_of[row["of"]]})
    return [row for of in path_of for row in held[of]]


def _digest(refs: Sequence[ImageRef]) -> str:
    """Of paths, sizes and times of all files, which a run that goes on must find as they were."""
    digest = xxhash.xxh3_64()
    for ref in refs:
        told = f"{ref.path}\0{ref.series}\0{ref.size_bytes}\0{ref.mtime}\n"
        digest.update(told.encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


class _Work:
    """What is left to do of a run.

    Parameters
    ----------
    run, images, recordings, reading, progress
        The run, what it is of, and who reads.
    """

    def __init__(
        self, run: Run, images: Chosen, recordings: Sequence[Recording], reading: Readers, progress: Progress
    ) -> None:
        self._run, self._images, self._reading, self._progress = run, images, reading, progress
        self._known = {(one.of, one.series): one for one in recordings if one.n_frames}
        self._of_file: dict[str, list[Recording]] = {}
        for one in self._known.values():
            self._of_file.setdefault(one.of, []).append(one)
        self._done, self._failed = run.done, run.failed

    def items(self, failures: Sequence[Failure]) -> Iterator[Item | Failure]:
        """What cannot be read, then the samples of all files that are not done, in order."""
        yield from (one for one in failures if (one.source, one.series) not in self._failed)
        left = [ref for ref in self._images.refs if self._is_left(ref)]
        unmeasured = self._measure(left) if self._run.options.uint8 else {}
        yield from unmeasured.values()
        left = [ref for ref in left if ref.image_id not in unmeasured]
        n_bytes = [sum(map(_pixel_bytes, self._of(ref))) for ref in left]
        spool = self._run.place.target.scratch / "spool"
        stored = self._reading.read(left, n_bytes, Wanted(), spool)
        yield from items(stored, self._known, self._run.schema, self._images.single)

    def _of(self, ref: ImageRef) -> list[Recording]:
        return self._of_file.get(ref.image_id, [])

    def _is_left(self, ref: ImageRef) -> bool:
        series = ref.series if self._images.single else None
        if (ref.path, series) in self._failed:
            return False
        return any(not self._done.issuperset(one.keys) for one in self._of(ref))

    def _measure(self, refs: Sequence[ImageRef]) -> dict[str, Failure]:
        """Find the limits of all recordings that have none of their own; gives the files that failed."""
        percent = self._run.options.uint8_percent or 0.0
        if self._run.options.fixed_limits:
            return {}
        open_ = [ref for ref in refs if percent or any(one.movie.dtype != "uint8" for one in self._of(ref))]
        failed = {}
        path_of = {ref.image_id: ref.path for ref in open_}
        for row in self._reading.look(open_, self._progress, "limits", percent=percent):
            if row["error"] and row["series"] is None:  # else a plane, which will fail once more
                failed[row["of"]] = Failure(path_of[row["of"]], None, row["error"])
            elif row["error"]:
                continue
            elif one := self._known.get((row["of"], row["series"])):
                pairs = zip(row["lows"], row["highs"], strict=True)
                limits = tuple(None if low is None else (low, high) for low, high in pairs)
                self._known[row["of"], row["series"]] = replace(one, limits=limits)
        self._known = {key: limited(one, one.limits) for key, one in self._known.items()}
        return failed


def _pixel_bytes(one: Recording) -> int:
    movie = one.movie
    values = prod((*one.lengths, movie.size_y, movie.size_x, max(1, len(movie.colours))))
    return values * np.dtype(movie.dtype).itemsize
