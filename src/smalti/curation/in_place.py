"""Copies that take the place of their originals: read back first, and noted before anything goes.

Of one whose name stays, the copy replaces the original in one step; of others the original goes last. After a
kill at any moment there is the original, or the copy that was found right.
"""

import os
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from smalti.core.errors import UsageError
from smalti.core.progress import Progress
from smalti.core.remote import is_url
from smalti.curation.each import Each, folder_at, item_of, stamp_of, worked
from smalti.curation.ledger import Ledger, ledger_of, stamp_at
from smalti.curation.outcome import Outcome
from smalti.curation.records import Record
from smalti.curation.sources import Given, Source, sources_of

__all__ = ["in_place"]


def in_place(given: Sequence[Given], plan: Each, progress: Progress) -> Outcome:
    """Do the work of a step in the folder that is given; each original goes when its copy is kept.

    Raises
    ------
    UsageError
        It is no folder, or the originals would be needed again.
    """
    started = time.monotonic()
    if plan.fresh:
        raise UsageError("--fresh would need the originals, which --in-place replaced; give -o")
    place = os.fspath(given[0]) if len(given) == 1 else ""
    if not place or is_url(place) or not Path(place).expanduser().is_dir():
        raise UsageError("--in-place takes one folder of this machine")
    folder = folder_at(place)
    found, problems = sources_of(given)
    if any(source.single for source in found):
        raise UsageError(f"{folder} is a project, its images lie elsewhere; give their folder")
    with ledger_of(folder, plan.step, plan.asked, in_place=True) as ledger:
        sources = _originals(ledger, found)
        keys = worked(ledger, sources, plan, progress, started)
        for source, key in zip(sources, keys, strict=True):
            _replace(folder, source, ledger.records[key])
        ledger.finish(set(keys))
        items = tuple(item_of(ledger.records[key]) for key in sorted(ledger.records))
    return Outcome(str(folder), items, notes=problems, seconds=time.monotonic() - started)


def _originals(ledger: Ledger, found: Sequence[Source]) -> list[Source]:
    """Sources without what this step put among them, named as they were when all originals were there."""
    made = {str(one["file"]): one.get("file_stamp") for r in ledger.records.values() for one in r.files}
    sources = [source for source in found if made.get(source.ref.path) != stamp_of(source)]
    stems = Counter(map(_stem, {source.ref.path for source in sources} | set(ledger.records)))
    names = [(source, _stem(source.ref.path)) for source in sources]
    return [replace(s, dataset=stem if stems[stem] == 1 else s.ref.path) for s, stem in names]


def _stem(path: str) -> str:
    stem = PurePosixPath(path).with_suffix("")
    return str(stem.with_suffix("") if stem.suffix.lower() == ".ome" else stem)


def _replace(folder: Path, source: Source, record: Record) -> None:
    """Take an original away whose copy was found right."""
    names = [str(one["file"]) for one in record.files]
    if record.status != "ok" or not names or source.ref.path in names:
        return
    if all(stamp_at(folder / str(one["file"])) == one["file_stamp"] for one in record.files):
        Path(source.ref.uri).unlink(missing_ok=True)
