"""Labelled patches of one or several sets, as what learns from them takes them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from smalti.core.errors import UsageError
from smalti.core.progress import Progress, State
from smalti.curation.feature_scorer import matrix_of
from smalti.curation.features import COLUMNS
from smalti.curation.known_features import known_features
from smalti.curation.labels import Labels
from smalti.curation.outcome import Item
from smalti.curation.patchset import PatchSet
from smalti.curation.state import alone_in_whole
from smalti.processing.frames import reason

__all__ = ["Labelled", "labelled_of", "with_features", "with_pixels"]

_WANTED = (
    "pixel_hash", "dataset", "group", "source_path", "series", "time", "axis", "slice", "y0", "x0",
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Labelled:
    """Patches that have a label.

    Parameters
    ----------
    sets, labels
        Where they are, and what is said of them.
    rows
        One row each: those of `smalti.curation.labels.LABELS`, and what the manifest says of its place.
    failed
        Labelled patches that cannot be read, with the reason; they are not in `rows`.
    """

    sets: tuple[PatchSet, ...]
    labels: Labels
    rows: pl.DataFrame
    failed: tuple[Item, ...] = ()

    @property
    def good(self) -> np.ndarray:
        """Whether they are labelled good, bool (n,)."""
        good: np.ndarray = self.rows["label"].to_numpy()
        return good

    def read(self, i: int) -> np.ndarray:
        """Pixels of one: uint8 (height, width)."""
        number, row = self.rows.select("set", "row").row(i)
        patches: PatchSet = self.sets[number]
        return patches.read(row)

    def only(self, rows: pl.DataFrame, failed: Sequence[Item]) -> "Labelled":
        """Without those that cannot be read.

        Raises
        ------
        UsageError
            None can.
        """
        if not rows.height:
            first = failed[0]
            raise UsageError(f"none of the labelled patches can be read; {first.path}: {first.why}")
        return Labelled(self.sets, self.labels, rows, tuple(failed))


def labelled_of(sets: Sequence[PatchSet], labels: Labels) -> Labelled:
    """The patches that some labels are of."""
    facts = [
        patches.frame.select(pl.lit(number, pl.Int64).alias("set"), "name", *_WANTED).with_row_index("row")
        for number, patches in enumerate(sets)
    ]
    places = pl.concat(facts).with_columns(pl.col("row").cast(pl.Int64))
    rows = labels.frame.join(places, on=["set", "row"], how="left", maintain_order="left")
    return Labelled(tuple(sets), labels, rows)


def with_features(labelled: Labelled, threads: int, progress: Progress) -> tuple[Labelled, np.ndarray]:
    """Those whose features are known, float32 (n, columns); a set is given features that it lacks."""
    frames, failed = list[pl.DataFrame](), list[Item]()
    for number, patches in enumerate(labelled.sets):
        rows = labelled.rows.filter(set=number)["row"].to_list()
        with alone_in_whole(patches.folder):
            found = known_features(patches, rows, threads, progress)
        frames.append(found.frame.with_columns(set=pl.lit(number, pl.Int64)))
        failed += [Item(_told(labelled, number, one.path), one.status, one.why, 0) for one in found.failed]
    both = labelled.rows.join(pl.concat(frames), on=["set", "patch_id"], how="inner", maintain_order="left")
    names = [column.name for column in COLUMNS]
    return labelled.only(both.drop(names), failed), matrix_of(both)


def with_pixels(labelled: Labelled, progress: Progress) -> Labelled:
    """Those that can be read."""
    failed, fine = list[Item](), list[int]()
    for i in range(labelled.rows.height):
        try:
            labelled.read(i)
            fine.append(i)
        except Exception as error:  # a reader may raise anything; it costs this patch only
            path = _told(labelled, labelled.rows["set"][i], labelled.rows["name"][i])
            failed.append(Item(path, "failed", reason(error), 0))
        progress.update(State(i + 1, labelled.rows.height, len(failed), message="reading"))
    return labelled.only(labelled.rows[fine], failed)


def _told(labelled: Labelled, number: int, name: str) -> str:
    """A patch as a person may read it: with its set where there are several."""
    return name if len(labelled.sets) == 1 else f"{Path(labelled.sets[number].folder).name}: {name}"
