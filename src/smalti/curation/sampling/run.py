"""The volumes of one run of ``sample``: how many boxes each gets, and what became of them."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from smalti.core.errors import SmaltiError, UsageError
from smalti.core.progress import Progress, State
from smalti.core.words import count
from smalti.curation.ledger import Ledger
from smalti.curation.outcome import Item, Status
from smalti.curation.plans import SkipError
from smalti.curation.records import Record
from smalti.curation.sampling.box_lists import BoxList, list_of
from smalti.curation.sampling.levels import Box
from smalti.curation.sampling.opened import How
from smalti.curation.sampling.places import place_of
from smalti.curation.sampling.shares import Part, share_out
from smalti.curation.sampling.volume_list import Wanted
from smalti.processing.frames import reason

__all__ = ["Budget", "Sampled", "planned"]

_SHARES = "shares"
_STEP = "sample"


@dataclass(frozen=True, slots=True)
class Budget:
    """Bytes that are taken at most: of each volume, and of all; None for no limit."""

    each: float
    total: float | None = None


@dataclass(slots=True, eq=False)
class Sampled:
    """A volume on its way.

    Parameters
    ----------
    row, boxes
        What is wanted, and its boxes.
    n, most
        How many of these are taken, and how many the budget of a volume allows.
    status, why
        Of a volume of which nothing is fetched.
    """

    row: Wanted
    boxes: BoxList
    n: int = 0
    most: int = 0
    status: Status = "ok"
    why: str = ""

    def fail(self, error: BaseException) -> None:
        """Keep why nothing is fetched of it."""
        skipped = isinstance(error, SkipError)
        self.status, self.why = ("skipped", str(error)) if skipped else ("failed", reason(error))

    @property
    def chosen(self) -> tuple[Box, ...]:
        """Boxes that are taken."""
        return self.boxes.choice.boxes[: self.n] if self.status == "ok" else ()

    def lacking(self, ledger: Ledger) -> list[Box]:
        """Those that are not there."""
        stamp = self.boxes.stamp
        return [box for box in self.chosen if ledger.done(self.boxes.key(box), stamp) is None]

    def record(self) -> Record:
        """What became of a volume of which nothing is fetched."""
        return Record(self.row.name, self.row.name, _url(self.row), "", self.status, self.why)

    def items(self, ledger: Ledger) -> list[Item]:
        """One for the volume, and one for each box that failed."""
        if self.status != "ok":
            return [Item(self.row.name, self.status, self.why, self._there(ledger))]
        records = [ledger.records[self.boxes.key(box)] for box in self.chosen]
        failed = [Item(record.path, "failed", record.why, 0) for record in records if not record.files]
        made = len(records) - len(failed)
        if not failed:
            return [Item(self.row.name, "ok", self._told(records), made)]
        why = f"{len(failed):,} of {count(len(records), 'cube')} could not be fetched"
        return [Item(self.row.name, "ok" if made else "failed", why, made), *failed]

    def _there(self, ledger: Ledger) -> int:
        """How many earlier runs left."""
        boxes = self.boxes.choice.boxes
        return sum(ledger.done(self.boxes.key(box), self.boxes.stamp) is not None for box in boxes)

    @property
    def is_short(self) -> bool:
        """Whether the volume holds fewer boxes than the budget."""
        if self.status != "ok" or self.row.whole or not self.boxes.choice.ended:
            return False
        return self.n == len(self.boxes.choice.boxes) < self.most

    def _told(self, records: Sequence[Record]) -> str:
        notes = [*self.boxes.notes, *dict.fromkeys(record.why for record in records if record.why)]
        if self.is_short:
            notes.append(f"it has no more than {count(self.n, 'cube')} to take")
        return "; ".join(notes)


def planned(
    rows: Sequence[Wanted], how: How, budget: Budget, ledger: Ledger, progress: Progress
) -> list[Sampled]:
    """Volumes with as many boxes as each gets; when this returns, the lists of boxes are stored."""
    started = time.monotonic()
    volumes = [Sampled(row, BoxList(row, how)) for row in rows]
    for number, volume in enumerate(volumes):
        seconds = time.monotonic() - started
        progress.update(State(number, len(volumes), 0, seconds, f"looking at {volume.row.name}"))
        try:
            _plan(volume, how, budget, ledger)
        except Exception as error:  # a server may answer anything; it costs this volume only
            volume.fail(error)
    _share(volumes, budget, ledger)
    for volume in volumes:
        _look_back(volume, how)
    return volumes


def _plan(volume: Sampled, how: How, budget: Budget, ledger: Ledger) -> None:
    """Find out what one box of it is."""
    if volume.row.trouble:
        raise SmaltiError(volume.row.trouble)
    boxes = volume.boxes = list_of(volume.row, how, ledger)
    boxes.plan()
    if volume.row.whole and boxes.size > budget.each and not boxes.choice.boxes:
        boxes.cubes()
    if boxes.size > budget.each:
        raise SkipError(
            f"one box of it has {boxes.size / 1e9:.3g} GB, --gigabytes allows {budget.each / 1e9:g}; give "
            "more, or a smaller --crop"
        )
    volume.most = int(budget.each // boxes.size)


def _share(volumes: Sequence[Sampled], budget: Budget, ledger: Ledger) -> None:
    """As many boxes for each as the budget has; after a kill as many as before."""
    live = [volume for volume in volumes if volume.status == "ok"]
    asked: list[Any] = [budget.each, budget.total, [volume.row.name for volume in live]]
    known = ledger.notes.get(_SHARES)
    if known is not None and known["asked"] == asked:
        for volume, n in zip(live, known["n"], strict=True):
            volume.n = n
        return
    parts = [_part(volume, ledger) for volume in live]
    share_out(parts, float("inf") if budget.total is None else budget.total)
    for volume, part in zip(live, parts, strict=True):
        volume.n = part.n
    if all(volume.status == "ok" for volume in live):
        ledger.remember(_SHARES, {"asked": asked, "n": [volume.n for volume in live]})


def _part(volume: Sampled, ledger: Ledger) -> Part:
    """What is there counts, also what a larger budget left."""
    boxes = volume.boxes
    keys = map(boxes.key, boxes.choice.boxes)
    done = [i for i, key in enumerate(keys, start=1) if ledger.done(key, boxes.stamp)]

    def more(n: int) -> int:
        lacking = part.n + n - len(boxes.choice.boxes)
        try:
            if lacking > 0 and not boxes.choice.ended:
                boxes.extend(lacking)
                boxes.store(ledger)
        except Exception as error:  # a server may answer anything; it costs this volume only
            volume.fail(error)
            return 0
        return min(n, len(boxes.choice.boxes) - part.n)

    part = Part(boxes.size, volume.most, max(done, default=0), more)
    return part


def _look_back(volume: Sampled, how: How) -> None:
    """Say why a volume gets nothing."""
    if volume.status != "ok" or volume.n:
        return
    choice, grid = volume.boxes.choice, volume.boxes.grid
    assert grid is not None
    if choice.boxes or not choice.ended:
        volume.fail(SkipError("nothing of --total is left for it"))
        return
    looked = "all" if choice.tried == grid.total else "the first"
    volume.fail(
        SkipError(
            f"{looked} {count(choice.tried, 'box')} are padding: more than {how.most:.0%} of each is "
            f"{volume.row.padding:g}; give another padding_value, or more --max-padding"
        )
    )


def _url(row: Wanted) -> str:
    """As it may be stored."""
    try:
        return place_of(row.url)[0].url if row.url else ""
    except UsageError:
        return ""
