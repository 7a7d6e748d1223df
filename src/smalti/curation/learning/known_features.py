"""Features of patches of a set: those that it has, and those that are found now and given to it."""

import json
from collections.abc import Sequence

import polars as pl

from smalti.core.progress import Progress
from smalti.curation.adding import Found, done, found, write_with
from smalti.curation.learning.features import COLUMNS, KEY, FeatureOptions, adding_of, is_current
from smalti.curation.outcome import Item
from smalti.curation.patchset import PatchSet
from smalti.table.schema import polars_schema

__all__ = ["known_features"]

_KNOWN = pl.any_horizontal(pl.col(column.name).is_not_null() for column in COLUMNS)


def known_features(patches: PatchSet, rows: Sequence[int], threads: int, progress: Progress) -> Found:
    """Features of rows of a set; those that it lacks are found, and written to its manifest.

    Call it inside `smalti.curation.state.alone_in_whole`.

    Parameters
    ----------
    patches
        The set; its `frame` stays as it was read.
    rows
        Rows of it.
    threads
        That work; 0 for all cores.
    progress
        Told of patches whose features are found.

    Returns
    -------
    Found
        ``patch_id`` and the features, one row for each that could be read, in the order asked for.
    """
    held = _held(patches)
    is_known = held.select(_KNOWN).to_series().to_list()
    lacking = [row for row in rows if not is_known[row]]
    failed: tuple[Item, ...] = ()
    adding = adding_of(FeatureOptions(workers=threads))
    if lacking:
        new = found(patches, lacking, adding, progress)
        failed = new.failed
        if new.frame.height:
            held = held.update(new.frame, on="patch_id", how="left", include_nulls=False)
            write_with(patches, held, COLUMNS, {KEY: json.dumps(adding.asked)})
    done(patches, adding)  # also where a run was stopped right before
    return Found(held[list(rows)].filter(_KNOWN), failed)


def _held(patches: PatchSet) -> pl.DataFrame:
    """Patches with the features that they have; those of another version are none."""
    types = polars_schema(COLUMNS)
    if is_current(patches):
        return patches.frame.select("patch_id", *types)
    return patches.frame.select("patch_id", *(pl.lit(None, types[name]).alias(name) for name in types))
