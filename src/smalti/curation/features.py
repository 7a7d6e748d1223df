"""``features``: some numbers for each patch, by which it can be told whether it shows anything."""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from smalti.core.columns import Column
from smalti.core.options import option
from smalti.core.plugin import step
from smalti.core.progress import Progress
from smalti.core.words import count
from smalti.curation import manifest
from smalti.curation.adding import Adding, done, found, kept_rows, the_set, write_with
from smalti.curation.outcome import Item, Outcome
from smalti.curation.patchset import PatchSet
from smalti.curation.sources import Given
from smalti.curation.state import alone_in_whole
from smalti.curation.traits import GROUPS, Look
from smalti.curation.usual import fresh_option, workers_option

__all__ = ["COLUMNS", "VERSION", "FeatureOptions", "features", "features_of"]

VERSION = 1
"""Raised when a feature becomes another number for the same patch."""

COLUMNS: tuple[Column, ...] = tuple(column for group in GROUPS for column in group.columns)
"""The features; those that a patch is too small or too flat for are null."""

KEY = "features"
"""Entry of the manifest's footer that says which version the features are of."""

_ALWAYS = "feature_entropy"
"""A feature that every patch has."""


def features_of(patches: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
    """Features of patches, one thread's work.

    Parameters
    ----------
    patches
        uint8 (height, width) each, of any size from 1 × 1.

    Returns
    -------
    dict
        float32 (patches,) by the names of `COLUMNS`; NaN where a feature is not defined, as a ratio to the
        variance of a patch of one value.
    """
    table = np.empty((len(patches), len(COLUMNS)), np.float32)
    for row, patch in zip(table, patches, strict=True):
        look = Look.of(patch)
        row[:] = [value for group in GROUPS for value in group.values(look)]
    return {column.name: table[:, i] for i, column in enumerate(COLUMNS)}


@dataclass(frozen=True, slots=True)
class FeatureOptions:
    """Which patches get features."""

    every: bool = option(False, "Also those that were dropped, such as near-duplicates.", title="Every patch")
    workers: int = workers_option()
    fresh: bool = fresh_option("Forget the features that are there, and find all anew.")


@step("features", title="Features of patches", options=FeatureOptions, needs_out=False, takes="patches")
def features(sources: Sequence[Given], out: str, options: FeatureOptions, progress: Progress) -> Outcome:
    """Find features of each patch that is kept: grey levels, blur, edges, directions, spectrum, patterns.

    They go into the manifest of the set, where patches can be sorted by them, and a filter can be trained on
    them. A set that has grown gets those that are missing. The same command goes on where it was stopped.

    Raises
    ------
    UsageError
        There is no set of patches, or it is not whole.
    """
    started = time.monotonic()
    patches = the_set(sources, out)
    with alone_in_whole(patches.folder):
        adding = adding_of(options)
        rows = _lacking(patches, options)
        if options.fresh:
            done(patches, adding)
        one = found(patches, rows, adding, progress)
        if one.frame.height or not is_current(patches):
            frame = one.frame if is_current(patches) else _with_nulls(patches, one.frame)
            write_with(patches, frame, COLUMNS, {KEY: json.dumps({"version": VERSION})})
        done(patches, adding)
    n = PatchSet.open(patches.folder).frame[_ALWAYS].count()
    folder = str(patches.folder)
    notes = (f"{count(one.frame.height, 'patch')} looked at now",)
    item = Item(folder, made=one.frame.height)
    return Outcome(folder, (item, *one.failed), n, "patch", notes, time.monotonic() - started)


def adding_of(options: FeatureOptions) -> Adding:
    """How features are found."""
    asked = {"version": VERSION}
    return Adding("features", asked, COLUMNS, features_of, threads=options.workers)


def is_current(patches: PatchSet) -> bool:
    """Whether the features of a set, as far as there are any, are of this version."""
    info = manifest.info(patches.folder / manifest.FILE_NAME)
    stated: Mapping[str, object] = json.loads(info.footer.get(KEY, "{}"))
    names = {column.name for column in info.columns}
    return stated.get("version") == VERSION and names.issuperset(column.name for column in COLUMNS)


def _lacking(patches: PatchSet, options: FeatureOptions) -> list[int]:
    """Rows whose features are to be found."""
    rows = list(range(len(patches))) if options.every else kept_rows(patches)
    if options.fresh or not is_current(patches):
        return rows
    lacking = patches.frame[_ALWAYS].is_null().to_list()
    return [row for row in rows if lacking[row]]


def _with_nulls(patches: PatchSet, frame: pl.DataFrame) -> pl.DataFrame:
    """A row for every patch, so that no features of another version stay."""
    return patches.frame.select("patch_id").join(frame, on="patch_id", how="left", maintain_order="left")
