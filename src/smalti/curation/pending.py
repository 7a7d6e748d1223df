"""What was cut and is not committed yet: patches with their units, and places of patches that were chosen."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from smalti.curation import manifest
from smalti.curation.sources import Source
from smalti.curation.state import Made, State, Unit
from smalti.curation.store import Place, Store

__all__ = ["Columns", "Cut", "Patches", "Places"]

PART_BYTES = 64 << 20
"""Pixels after which what was cut is committed, a shard's worth."""

PART_SECONDS = 10.0

Columns = dict[str, list[Any]]
"""Values of patches by column; frames of so few rows would take longer to make than hashes."""


@dataclass(frozen=True, slots=True)
class Cut:
    """Patches that were cut, what is to be known of an image, or that a unit ends here."""

    unit: Unit | None = None
    rows: Columns | None = None
    pixels: tuple[np.ndarray, ...] = ()
    notes: tuple[str, ...] = ()


class _Timed:
    """When to commit."""

    def __init__(self, state: State, store: Store) -> None:
        self.state, self.store = state, store
        self.n_bytes, self.since = 0, time.monotonic()

    @property
    def is_due(self) -> bool:
        """Whether so much, or so long ago, that it should not be lost."""
        return self.n_bytes >= PART_BYTES or time.monotonic() - self.since >= PART_SECONDS

    def begin(self) -> None:
        """Begin anew."""
        self.n_bytes, self.since = 0, time.monotonic()


class Patches(_Timed):
    """Pieces and sources that are not committed yet."""

    def __init__(self, state: State, store: Store) -> None:
        super().__init__(state, store)
        self.cuts: list[Columns] = []
        self.units: list[Unit] = []
        self.made: list[Made] = []

    def take(self, source: Source, one: Cut) -> None:
        """Take what was cut; what is of a unit is committed with its end only."""
        if one.rows is not None:
            rows = one.rows
            if one.pixels:
                add = self.store.add
                places = [add(source.dataset, n, p) for n, p in zip(rows["name"], one.pixels, strict=True)]
                rows = rows | dict(zip(_PLACE, map(list, zip(*places, strict=True)), strict=True))
            self.cuts.append(rows)
            self.n_bytes += sum(patch.nbytes for patch in one.pixels)
        if one.unit is not None:
            self.units.append(one.unit)
            if self.is_due:
                self.commit()

    def end(self, made: Made) -> None:
        """Say what became of a source."""
        self.made.append(made)
        if self.is_due:
            self.commit()

    def commit(self) -> None:
        """Write a part."""
        if self.units or self.made:
            self.store.flush()
            self.state.lengths = dict(self.store.lengths)
            self.state.commit(_frame(self.cuts), self.units, self.made)
        self.cuts, self.units, self.made = [], [], []
        self.begin()


class Places(_Timed):
    """Where patches lie now, not committed yet."""

    def __init__(self, state: State, store: Store) -> None:
        super().__init__(state, store)
        self.ids: list[str] = []
        self.places: list[Place] = []

    def take(self, patch: str, place: Place, n_bytes: int) -> None:
        """Take the place of a patch."""
        self.ids.append(patch)
        self.places.append(place)
        self.n_bytes += n_bytes

    def maybe_commit(self) -> None:
        """Commit where it is due."""
        if self.is_due:
            self.commit()

    def commit(self) -> None:
        """Write a part."""
        if self.ids:
            self.store.flush()
            self.state.lengths = dict(self.store.lengths)
            rows = pl.DataFrame({"patch_id": self.ids}).hstack(_place_frame(self.places))
            self.state.commit(rows, (), (), stored=True)
        self.ids, self.places = [], []
        self.begin()


_PLACE = ("array", "row", "file")


def _place_frame(places: Sequence[Place]) -> pl.DataFrame:
    types = {name: manifest.SCHEMA[name] for name in _PLACE}
    return pl.DataFrame(list(places), schema=types, orient="row")


def _frame(cuts: Sequence[Columns]) -> pl.DataFrame:
    """A manifest of what was cut."""
    if not cuts:
        return manifest.empty()
    names = [name for name in manifest.SCHEMA if any(name in cut for cut in cuts)]
    lists = {name: [value for cut in cuts for value in cut[name]] for name in names}
    return manifest.fitted(pl.DataFrame(lists, schema={name: manifest.SCHEMA[name] for name in names}))
