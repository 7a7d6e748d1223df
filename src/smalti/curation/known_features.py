"""Features of patches of a set: those that it has, and those that are found now and given to it."""

import json
from collections.abc import Sequence

import polars as pl

from smalti.core.progress import Progress
from smalti.curation import manifest
from smalti.curation.adding import Adding, Found, done, found, write_with
from smalti.curation.features import COLUMNS, VERSION, features_of
from smalti.curation.outcome import Item
from smalti.curation.patchset import PatchSet

__all__ = ["known_features"]

_NAMES = [column.name for column in COLUMNS]
_ENTRY = "features"


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
    is_known = held.select(pl.any_horizontal(pl.col(_NAMES).is_not_null())).to_series().to_numpy()
    lacking = [row for row in rows if not is_known[row]]
    failed: tuple[Item, ...] = ()
    if lacking:
        adding = Adding(_ENTRY, {"version": VERSION}, COLUMNS, features_of, threads)
        new = found(patches, lacking, adding, progress)
        failed, held = new.failed, held.update(new.frame, on="patch_id", how="left", include_nulls=False)
        write_with(patches, held, COLUMNS, {_ENTRY: json.dumps(adding.asked)})
        done(patches, adding)
    wanted = held[list(rows)].filter(pl.any_horizontal(pl.col(_NAMES).is_not_null()))
    return Found(wanted, failed)


def _held(patches: PatchSet) -> pl.DataFrame:
    """Patches with the features that they have; those of another version are none."""
    stated = json.loads(manifest.info(patches.folder / manifest.FILE_NAME).footer.get(_ENTRY, "{}"))
    same = stated.get("version") == VERSION
    return patches.frame.select(
        "patch_id",
        *(
            pl.col(name).cast(pl.Float32)
            if same and name in patches.frame.columns
            else pl.lit(None, pl.Float32).alias(name)
            for name in _NAMES
        ),
    )
