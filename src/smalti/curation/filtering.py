"""``filter``: scores of patches by a model, and what is kept by them."""

import json
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from smalti import __version__
from smalti.core.errors import UsageError
from smalti.core.options import option
from smalti.core.plugin import step
from smalti.core.progress import Progress
from smalti.core.words import count
from smalti.curation import manifest
from smalti.curation.adding import Adding, Found, done, found, write_with
from smalti.curation.each import folder_at
from smalti.curation.feature_scorer import FeatureScorer, feature_scorer
from smalti.curation.known_features import known_features
from smalti.curation.models import open_model
from smalti.curation.new_set import NewSet, refuse_set
from smalti.curation.outcome import Item, Outcome
from smalti.curation.patchset import PatchSet
from smalti.curation.resnet import resnet_scorer
from smalti.curation.scorer import Scorer
from smalti.curation.sources import Given
from smalti.curation.state import alone_in_whole
from smalti.curation.store import Write
from smalti.curation.usual import Device, device_option, fresh_option, weights_option, workers_option
from smalti.curation.weights import fetched
from smalti.processing.machine import usable_cores

__all__ = ["UNINFORMATIVE", "FilterOptions", "filter_patches"]

UNINFORMATIVE = "uninformative"
"""The reason of what a filter dropped."""

THRESHOLD = 0.5
"""Of weights that come without one."""

_ENTRY = "filter"
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
    folder = folder_at(out) if out else patches.folder
    if out:
        refuse_set(folder)
    scorer, threshold = _scorer(options, progress)
    with alone_in_whole(patches.folder):
        info = manifest.info(patches.folder / manifest.FILE_NAME)
        known = _known(patches, info.footer, scorer, options)
        rows = _rows(patches, known, options)
        scored = _scored(patches, rows, scorer, options, progress)
        decided = _decided(patches, known, scored.frame, threshold)
        footer = {_ENTRY: json.dumps(_stated(scorer, threshold))}
        failed = scored.failed
        if out:
            failed += _new_set(patches, decided, footer, options, folder, progress)
        else:
            write_with(patches, decided, (), footer)
        done(patches, _adding(scorer, options))
    items = (Item(os.fspath(sources[0])), *failed)
    return _outcome(folder, decided, items, scored.frame.height, time.monotonic() - started)


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


def _stated(scorer: Scorer, threshold: float) -> dict[str, Any]:
    return {"scorer": dict(scorer.asked), "threshold": threshold, "smalti": __version__}


def _known(patches: PatchSet, footer: dict[str, str], scorer: Scorer, options: FilterOptions) -> pl.Series:
    """Scores that patches have of this very scorer; null where they have none."""
    stated = json.loads(footer.get(_ENTRY, "{}")).get("scorer")
    score = patches.frame["score"]
    same = stated == json.loads(json.dumps(dict(scorer.asked))) and not options.fresh
    return score if same else score.clear(len(score))


def _rows(patches: PatchSet, known: pl.Series, options: FilterOptions) -> list[int]:
    """Rows that have to be scored."""
    asked = pl.lit(value=True) if options.every else _is_open()
    return patches.frame.select(asked & known.is_null()).to_series().arg_true().to_list()


def _is_open() -> pl.Expr:
    """Whether a filter decides: nothing else has dropped it."""
    dropped = pl.col("decision").fill_null("keep") == "drop"
    return ~dropped | (pl.col("reason").fill_null("") == UNINFORMATIVE)


def _adding(scorer: Scorer, options: FilterOptions) -> Adding:
    def work(pixels: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
        return {_SCORE.name: scorer.scores(pixels)}

    return Adding(_ENTRY, scorer.asked, (_SCORE,), work, scorer.threads, options.batch)


def _scored(
    patches: PatchSet, rows: list[int], scorer: Scorer, options: FilterOptions, progress: Progress
) -> Found:
    """Scores of rows; a model on features takes those that the set has, and gives it those that it lacks."""
    if not isinstance(scorer, FeatureScorer):
        return found(patches, rows, _adding(scorer, options), progress)
    features = known_features(patches, rows, options.workers, progress)
    scores = pl.Series(_SCORE.name, scorer.of_features(features.frame), pl.Float32)
    return Found(features.frame.select("patch_id", scores), features.failed)


def _decided(patches: PatchSet, known: pl.Series, new: pl.DataFrame, threshold: float) -> pl.DataFrame:
    """Every patch with its score, decision and reason; those without a score keep what they had."""
    frame = patches.frame.select("patch_id", "decision", "reason", known.alias("before"))
    joined = frame.join(new, on="patch_id", how="left", maintain_order="left")
    score = pl.coalesce("score", "before").fill_nan(None)
    counts = _is_open() & score.is_not_null()
    is_good = score > pl.lit(threshold, pl.Float32)
    return joined.select(
        "patch_id",
        score=score,
        decision=_either(counts, is_good, "keep", "drop").otherwise("decision"),
        reason=_either(counts, is_good, None, UNINFORMATIVE).otherwise("reason"),
    )


def _either(counts: pl.Expr, is_good: pl.Expr, good: str | None, bad: str) -> Any:
    return pl.when(counts & is_good).then(pl.lit(good, pl.String)).when(counts).then(pl.lit(bad))


def _new_set(
    patches: PatchSet,
    decided: pl.DataFrame,
    footer: dict[str, str],
    options: FilterOptions,
    folder: Path,
    progress: Progress,
) -> tuple[Item, ...]:
    """Write what is kept to a new folder."""
    now = PatchSet.open(patches.folder)  # with the features that it was given
    frame = now.frame.with_columns(decided["score"], decided["decision"], decided["reason"])
    info = manifest.info(now.folder / manifest.FILE_NAME)
    known = replace(info, footer={**info.footer, **footer})
    asked = {"step": "filter of a set 1", **_hashes(info.footer)}
    new = NewSet(frame, now.read, options.write or "zarr", asked, known)
    return new.put(folder, options.workers or usable_cores(), progress)


def _hashes(footer: dict[str, str]) -> dict[str, Any]:
    """Which hashes the set has, as ``dedupe`` looks for them."""
    curation = json.loads(footer.get("curation", "{}"))
    return {name: curation[name] for name in ("bits", "compatible") if name in curation}


def _outcome(
    folder: Path, decided: pl.DataFrame, items: tuple[Item, ...], scored: int, seconds: float
) -> Outcome:
    kept = int((decided["decision"].fill_null("keep") == "keep").sum())
    dropped = int((decided["reason"] == UNINFORMATIVE).sum())
    notes = (
        f"{count(decided.height, 'patch')}, {kept:,} are kept, {dropped:,} are uninformative",
        f"{scored:,} were scored now",
    )
    return Outcome(str(folder), items, kept, "patch", notes, seconds)
