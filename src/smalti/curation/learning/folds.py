"""Which labelled patches a model is tested on: others than those that it learns from, of other datasets.

Patches of one dataset look alike, those of neighbouring slices nearly the same: a model that is tested on
neighbours of what it learnt from seems better than it is. So what is tested on is of other datasets, and
where there is one only, of other blocks of it.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl

from smalti.core.errors import UsageError
from smalti.core.words import count

__all__ = ["GROUPS", "LEAST", "Group", "Split", "split_of"]

Group = Literal["dataset", "group", "source_path"]

GROUPS: tuple[Group, ...] = ("dataset", "group", "source_path")

LEAST = 8
"""Labels of each class that are needed."""

_PLACE = ("source_path", "series", "time", "axis", "slice", "y0")
_BLOCKS_A_FOLD = 4


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """The folds of labelled patches.

    Parameters
    ----------
    fold
        int64 (n,): in which each is tested on, from 0.
    groups
        What was kept together, a name each (n,).
    by
        What these are: ``"dataset"``, or ``"blocks"`` of neighbours.
    note
        Where they are not what was asked for, why; else "".
    """

    fold: np.ndarray
    groups: np.ndarray
    by: str
    note: str = ""

    @property
    def n(self) -> int:
        """Number of folds."""
        return int(self.fold.max()) + 1


def split_of(rows: pl.DataFrame, good: np.ndarray, by: Group, folds: int, seed: int) -> Split:
    """Folds of whole groups, each with good and bad patches in about the same shares as all have.

    Where there is one group only, or all good or all bad patches are of one, blocks of neighbouring slices,
    or rows of images, take the place of groups.

    Parameters
    ----------
    rows
        Rows of manifests, n of them.
    good
        bool (n,): what they are labelled.
    by
        Column of groups.
    folds
        How many are wanted; there are fewer where groups are.
    seed
        Decides which group goes where.

    Raises
    ------
    UsageError
        There are too few labels.
    """
    _check(good)
    groups = rows[by].fill_null("").to_numpy()
    fold = _folded(groups, good, folds, seed)
    if fold is not None:
        return Split(fold, groups, by)
    for n_blocks in (_BLOCKS_A_FOLD * folds, 2 * _BLOCKS_A_FOLD * folds, len(good)):
        blocks = _blocks(rows, n_blocks)
        fold = _folded(blocks, good, folds, seed)
        if fold is not None:
            return Split(fold, blocks, "blocks", _note(groups, good, by, blocks))
    raise UsageError(f"{count(len(good), 'label')} cannot be split to folds that hold both kinds; label more")


def _check(good: np.ndarray) -> None:
    n_good, n_bad = int(good.sum()), int((~good).sum())
    if min(n_good, n_bad) < LEAST:
        raise UsageError(
            f"{n_good:,} patches are labelled good and {n_bad:,} bad; at least {LEAST} of each are needed, "
            "label more"
        )


def _folded(groups: np.ndarray, good: np.ndarray, folds: int, seed: int) -> np.ndarray | None:
    """In which fold each is tested on; None where a fold would leave one class only to learn from."""
    from sklearn.model_selection import StratifiedGroupKFold

    n = min(folds, len(np.unique(groups)), *np.bincount(good, minlength=2).tolist())
    if n < 2 or any(len(np.unique(groups[good == kind])) < 2 for kind in (True, False)):
        return None
    fold = np.zeros(len(good), np.int64)
    splitter = StratifiedGroupKFold(n, shuffle=True, random_state=seed)
    numbers = np.unique(groups, return_inverse=True)[1]  # names sort alike on every machine
    for number, (learning, tested) in enumerate(splitter.split(good, good, numbers)):
        if len(np.unique(good[learning])) < 2:
            return None
        fold[tested] = number
    return fold


def _blocks(rows: pl.DataFrame, n_blocks: int) -> np.ndarray:
    """Names of blocks of neighbours; slices, or rows of images, are whole while there are enough of them."""
    numbered = rows.select(*_PLACE, "x0").with_row_index("at")
    place = [pl.col(name) for name in _PLACE[:-1]] + [pl.when(pl.col("axis").is_null()).then("y0")]
    ordered = numbered.sort(*place, "y0", "x0", nulls_last=True, maintain_order=True)
    unit = ordered.select(pl.struct(*place).rle_id()).to_series().to_numpy()
    n_units = int(unit[-1]) + 1
    if n_units < n_blocks:
        unit, n_units = np.arange(len(unit)), len(unit)
    block = unit.astype(np.int64) * min(n_blocks, n_units) // n_units
    made = np.empty(len(block), np.int64)
    made[ordered["at"].to_numpy()] = block
    return np.array([f"block {number}" for number in made])


def _note(groups: np.ndarray, good: np.ndarray, by: str, blocks: np.ndarray) -> str:
    n = len(np.unique(groups))
    what = {"dataset": "dataset", "group": "group", "source_path": "source"}[by]
    kinds = [len(np.unique(groups[good == kind])) for kind in (True, False)]
    why = (
        f"all labels are of one {what}"
        if n == 1
        else f"all {'good' if kinds[0] < kinds[1] else 'bad'} ones are of one {what}"
        if min(kinds) < 2
        else f"labels are of {count(n, what)} that cannot be split so that each part has both kinds"
    )
    n_blocks = len(np.unique(blocks))
    return (
        f"{why}: tested on {n_blocks:,} blocks of neighbouring slices or rows instead, which flatters the "
        f"model; label patches of another {what} to know how it does on new ones"
    )
