"""``filter``: scores of patches by a model, and what is kept by them."""

import json
import os
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from smalti.core.errors import UsageError
from smalti.core.options import option
from smalti.core.plugin import step
from smalti.core.progress import Progress
from smalti.core.words import count
from smalti.curation import manifest
from smalti.curation.adding import Adding, Found, done, found, write_with
from smalti.curation.each import folder_at
from smalti.curation.learning.deciding import (
    ENTRY,
    UNINFORMATIVE,
    decided,
    known_scores,
    rows_to_score,
    stated,
)
from smalti.curation.learning.feature_scorer import FeatureScorer, feature_scorer
from smalti.curation.learning.filtered_set import FilteredSet
from smalti.curation.learning.known_features import known_features
from smalti.curation.learning.models import open_model
from smalti.curation.learning.scorer import Scorer
from smalti.curation.network.resnet import resnet_scorer
from smalti.curation.network.weights import fetched
from smalti.curation.outcome import Item, Outcome
from smalti.curation.patchset import PatchSet
from smalti.curation.sources import Given
from smalti.curation.state import alone_in_whole
from smalti.curation.store import Write
from smalti.curation.usual import Device, device_option, fresh_option, weights_option, workers_option
from smalti.processing.machine import usable_cores

__all__ = ["FilterOptions", "filter_patches"]

THRESHOLD = 0.5
"""Of weights that come without one."""

_SCORE = next(column for column in manifest.COLUMNS if column.name == "score")


@dataclass(frozen=True, slots=True)
class FilterOptions:
    """What scores patches, and what is kept."""

    model: str | None = option(
        None, "Folder of a model that train-filter made.", metavar="DIR", names_files=True
    )
    weights: str | None = weights_option("Weights of a ResNet34; cem fetches those of CEM500K.")
    sha256: str | None = option(
        None, "Hash that the file of --weights must have.", metavar="HEX", usual="that of its first use"
    )
    threshold: float | None = option(
        None,
        "Score above which a patch is kept.",
        least=0,
        most=1,
        metavar="SCORE",
        usual="the model's; 0.5 of weights",
    )
    device: Device = device_option()
    every: bool = option(False, "Score patches too that were dropped as flat or as duplicates.")
    write: Write | None = option(None, "How kept patches are written, with -o.", usual="zarr")
    batch: int = option(256, "Patches that are scored at once.", least=1, most=65_536, metavar="N")
    workers: int = workers_option()
    fresh: bool = fresh_option("Score patches anew that this model has scored already.")


@step("filter", title="Filter patches", options=FilterOptions, needs_out=False, takes="patches")
def filter_patches(sources: Sequence[Given], out: str, options: FilterOptions, progress: Progress) -> Outcome:
    """Score the patches of a set, and keep those above a threshold.

    Scores and decisions are written into its manifest; nothing is deleted. With -o a new set of what is kept
    is made, and the decisions of the old one stay. What was dropped as flat or as a duplicate stays so. The
    same command goes on where it was stopped; another threshold needs no patch read again.

    Raises
    ------
    UsageError
        There is neither a model nor weights, they are not what they should be, or the set is none.
    MissingExtraError
        scikit-learn and skops, or torch, are not installed.
    """
    started = time.monotonic()
    _check(sources, out, options)
    patches = PatchSet.open(os.fspath(sources[0]))
    scorer, threshold = _scorer(options, progress)
    facts = {"scorer": stated(scorer), "threshold": threshold}
    new = FilteredSet(folder_at(out), options.write or "zarr", facts) if out else None
    with alone_in_whole(patches.folder):
        if new is not None and new.is_there(patches):
            failed, n, frame = new.unread(), 0, PatchSet.open(new.folder).frame
        else:
            failed, n, frame = _filtered(patches, scorer, threshold, new, options, progress)
        done(patches, _adding(scorer, options))
    items = (Item(os.fspath(sources[0])), *failed)
    return _outcome(new.folder if new else patches.folder, frame, items, n, time.monotonic() - started)


def _filtered(
    patches: PatchSet,
    scorer: Scorer,
    threshold: float,
    new: FilteredSet | None,
    options: FilterOptions,
    progress: Progress,
) -> tuple[tuple[Item, ...], int, pl.DataFrame]:
    """What could not be read, how many were scored, and what was decided, which is written."""
    known = known_scores(patches, scorer)
    if options.fresh:
        known = known.clear(len(known))
    scored = _scored(patches, rows_to_score(patches, known, options.every), scorer, options, progress)
    frame = decided(patches, known, scored.frame, threshold)
    failed = scored.failed
    if new is None and failed and not frame["score"].count():
        frame = patches.frame  # nothing can be scored: what another model said stays
    elif new is None:
        footer = {"scorer": stated(scorer), "threshold": threshold}
        write_with(patches, frame, (), {ENTRY: json.dumps(footer)})
    else:
        unwritten = new.put(patches, frame, options.workers or usable_cores(), progress)
        failed = _once(failed, unwritten)
    return failed, scored.frame.height, frame


def _once(unscored: Sequence[Item], unwritten: Sequence[Item]) -> tuple[Item, ...]:
    """A patch that could neither be scored nor written is told of once; names may be of several patches."""
    told, more = Counter(item.path for item in unscored), list[Item]()
    for item in unwritten:
        if told[item.path]:
            told[item.path] -= 1
        else:
            more.append(item)
    return (*unscored, *more)


def _check(sources: Sequence[Given], out: str, options: FilterOptions) -> None:
    """Raise UsageError for what cannot be asked."""
    if len(sources) != 1:
        raise UsageError(f"{len(sources)} sets of patches are given; give one at a time")
    if not options.model and not options.weights:
        raise UsageError(
            "nothing to filter with: give --model DIR, a model that smalti curate train-filter made of your "
            "labels, or --weights PATH or URL, those of a ResNet34; --weights cem fetches CEM500K's"
        )
    if options.model and options.weights:
        raise UsageError("--model and --weights are both given; give the one to filter with")
    if options.model and options.sha256:
        raise UsageError("--sha256 is of --weights; a model's folder holds its own, which is checked")
    if options.write and not out:
        raise UsageError("--write needs a place for the new set; give -o DST, or leave --write away")


def _scorer(options: FilterOptions, progress: Progress) -> tuple[Scorer, float]:
    """What scores, and the threshold."""
    usual = THRESHOLD
    if options.model:
        model = open_model(options.model)
        usual = model.threshold
        is_network = model.kind == "resnet34"
        scorer: Scorer = (
            resnet_scorer(model.network(), options.device) if is_network else feature_scorer(model)
        )
    else:
        path = fetched(options.weights or "", options.sha256 or "", progress=progress)
        scorer = resnet_scorer(path, options.device)
    return scorer, usual if options.threshold is None else options.threshold


def _adding(scorer: Scorer, options: FilterOptions) -> Adding:
    def work(pixels: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
        return {_SCORE.name: scorer.scores(pixels)}

    return Adding(ENTRY, scorer.asked, (_SCORE,), work, scorer.threads, options.batch)


def _scored(
    patches: PatchSet, rows: list[int], scorer: Scorer, options: FilterOptions, progress: Progress
) -> Found:
    """Scores of rows; a model on features takes those that the set has, and gives it those that it lacks."""
    if not isinstance(scorer, FeatureScorer):
        return found(patches, rows, _adding(scorer, options), progress)
    features = known_features(patches, rows, options.workers, progress)
    scores = pl.Series(_SCORE.name, scorer.of_features(features.frame), pl.Float32)
    return Found(features.frame.select("patch_id", scores), features.failed)


def _outcome(
    folder: Path, frame: pl.DataFrame, items: tuple[Item, ...], scored: int, seconds: float
) -> Outcome:
    kept = int((frame["decision"].fill_null("keep") == "keep").sum())
    dropped = int((frame["reason"] == UNINFORMATIVE).sum())
    notes = (
        f"{count(frame.height, 'patch')}, {kept:,} are kept, {dropped:,} are uninformative",
        f"{scored:,} were scored now",
    )
    return Outcome(str(folder), items, kept, "patch", notes, seconds)
