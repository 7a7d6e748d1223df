"""The list of boxes of one volume elsewhere: what it is made of, stored before a voxel is fetched.

It is a note of the ledger, so that it is in ``sample.parquet`` at the end. A run that goes on reads it, and
asks the server for nothing but boxes that are missing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import xxhash

from smalti.core.errors import SmaltiError
from smalti.curation.grey import Window, window_of
from smalti.curation.ledger import Ledger
from smalti.curation.names import Cube
from smalti.curation.sampling.boxes import Choice, Grid, Judge, grid_of
from smalti.curation.sampling.levels import Box, Lengths, Level, Scale, three
from smalti.curation.sampling.opened import How, Opened, changed, opened
from smalti.curation.sampling.reading import FarError
from smalti.curation.sampling.volume_list import Wanted
from smalti.curation.stacks import ENDINGS

__all__ = ["BoxList", "list_of"]

LOOKED_AT, LOOKED_AT_WHOLE = 64, 8
"""Boxes, the first, of which a window is made: by a coarse level, or where there is none by their voxels.
They are chosen at once, so that the window does not depend on how many of them are fetched."""


@dataclass(slots=True)
class BoxList:
    """Boxes of one volume.

    Parameters
    ----------
    row
        What is wanted.
    how
        What all volumes share.
    facts, grid, choice
        What is known of it; None before its server was asked.
    window
        What becomes black and white; None for voxels as they are.
    notes
        What a person should know.
    """

    row: Wanted
    how: How
    facts: dict[str, Any] | None = None
    grid: Grid | None = None
    choice: Choice = field(default_factory=Choice)
    window: Window | None = None
    notes: list[str] = field(default_factory=list)
    _opened: Opened | None = None

    @property
    def asked(self) -> dict[str, Any]:
        """What of the row decides which boxes there are, and what they hold."""
        row = self.row
        padding = None if row.padding is None else str(row.padding)  # NaN is none of JSON
        return {
            "level": row.level,
            "crop_size": None if row.sides is None else list(row.sides),
            "crop": not row.whole,
            "invert": row.invert,
            "padding_value": padding,
            "axes": None if row.axes is None else ",".join(row.axes),
            "voxel_size": None if row.voxel_size is None else list(row.voxel_size),
        }

    @property
    def dtype(self) -> np.dtype:
        """Of what is stored."""
        assert self.facts is not None
        return np.dtype(np.uint8 if self.how.intensity else self.facts["dtype"])

    @property
    def size(self) -> int:
        """Bytes of a box as it is stored."""
        assert self.grid is not None
        return self.grid.voxels * self.dtype.itemsize

    @property
    def stamp(self) -> str:
        """What changes when the source, or what is asked of it, does."""
        window = None if self.window is None else [self.window.low, self.window.high]
        return xxhash.xxh3_64_hexdigest(repr([self.facts, self.asked, window]).encode())

    @property
    def scale(self) -> Scale:
        """Where voxels are."""
        assert self.facts is not None
        steps = self.facts["voxel_size"]
        return Scale(None if steps is None else three(steps), self.facts["unit"], three(self.facts["origin"]))

    @property
    def first(self) -> Lengths:
        """What the first voxel is called in names: as its format counts, where that is not below 0."""
        assert self.facts is not None
        first = three(self.facts["first"])
        return first if min(first) >= 0 else (0, 0, 0)

    def key(self, box: Box) -> str:
        """The file of a box, in the folder of its volume."""
        spans = [(start + at, stop + at) for (start, stop), at in zip(box, self.first, strict=True)]
        z, y, x = spans
        cube = Cube(self.row.name, x, y, z).format()
        return f"{self.row.name}/{cube}{ENDINGS[self.how.form]}"

    def opened(self) -> Opened:
        """The volume, its server asked once.

        Raises
        ------
        SmaltiError
            It cannot be read, has no such level or channel, or changed since boxes were chosen.
        """
        if self._opened is None:
            found = opened(self.row, self.how)
            if self.facts is not None and self.facts != found.facts():
                raise SmaltiError(changed(self.facts, found.facts()))
            self.facts = found.facts()
            self.notes = self.notes or list(found.notes)
            self._opened = found
        return self._opened

    def plan(self) -> None:
        """Find out what its boxes are like, once; see `opened` for errors."""
        if self.grid is not None:
            return
        found = self.opened()
        level = found.level
        self.grid = self._grid(level, level.shape if self.row.whole else self.row.sides or self.how.sides)

    def cubes(self) -> None:
        """Take boxes of a volume that is too large to be taken whole."""
        level = self.opened().level
        self.notes.append("it is larger than --gigabytes: boxes of it are taken, not the whole")
        self.grid = self._grid(level, self.row.sides or self.how.sides)

    def extend(self, n: int) -> None:
        """Choose `n` more boxes, or as many as there are; see `opened` for errors."""
        if n <= 0 or self.choice.ended:
            return
        assert self.grid is not None
        how, judge = self.how, self.opened().judge
        looked = LOOKED_AT_WHOLE if judge.coarse is judge.fine else LOOKED_AT
        if how.intensity and self.window is None:
            n = max(n, looked)
        self.choice = self.choice.more(n, self.grid, self._seed(1), judge, how.pool, how.ahead)
        if how.intensity and self.window is None and self.choice.boxes:
            self.window = _window(how, judge, self.choice.boxes[:looked])

    def store(self, ledger: Ledger) -> None:
        """Keep the list, before a voxel of its boxes is fetched."""
        assert self.grid is not None
        ledger.remember(
            f"boxes of {self.row.name}",
            {
                "asked": self.asked,
                "source": self.facts,
                "grid": [self.grid.starts, self.grid.sides, self.grid.counts],
                "boxes": [[at for span in box for at in span] for box in self.choice.boxes],
                "tried": self.choice.tried,
                "ended": self.choice.ended,
                "window": None if self.window is None else [self.window.low, self.window.high],
                "notes": self.notes,
            },
        )

    def _grid(self, level: Level, sides: Lengths) -> Grid:
        return grid_of(level.shape, sides, level.chunk, np.random.default_rng(self._seed(0)))

    def _seed(self, what: int) -> Sequence[int]:
        return self.how.seed, what, xxhash.xxh3_64_intdigest(self.row.name.encode())


def _window(how: How, judge: Judge, boxes: Sequence[Box]) -> Window:
    """What becomes black and white of these and all further boxes."""
    assert how.intensity is not None
    try:
        return window_of(judge.fine.dtype, partial(_blocks, judge, boxes), how.intensity, how.limits)
    except FarError:
        raise
    except SmaltiError:
        raise SmaltiError(
            "what was looked at of it holds no number beside padding; give another padding_value, or "
            "--intensity keep"
        ) from None


def _blocks(judge: Judge, boxes: Sequence[Box]) -> Iterator[np.ndarray]:
    """What boxes hold beside padding, as far as they can be looked at.

    Raises
    ------
    FarError
        None of them can.
    """
    failed: FarError | None = None
    dark = 0
    for box in boxes:
        try:
            yield from judge.data(box)
        except FarError as error:
            failed, dark = error, dark + 1
    if failed is not None and dark == len(boxes):
        raise failed


def list_of(row: Wanted, how: How, ledger: Ledger) -> BoxList:
    """What is known of a volume from earlier runs; its server is not asked.

    Raises
    ------
    SmaltiError
        Earlier runs were asked for something else.
    """
    made = BoxList(row, how)
    note = ledger.notes.get(f"boxes of {row.name}")
    if note is None:
        return made
    old, new = note["asked"], made.asked
    if other := next((name for name in new if old.get(name) != new[name]), None):
        raise SmaltiError(
            f"its boxes were chosen with {other}={old.get(other)!r}, now {new[other]!r} is asked for; give "
            "another name, another -o, or --fresh to take all anew"
        )
    made.facts = note["source"]
    starts, sides, counts = (three(numbers) for numbers in note["grid"])
    made.grid = Grid(starts, sides, counts)
    boxes = tuple(((a, b), (c, d), (e, f)) for a, b, c, d, e, f in note["boxes"])
    made.choice = Choice(boxes, note["tried"], note["ended"])
    made.window = None if note["window"] is None else Window(*note["window"])
    made.notes = list(note["notes"])
    return made
