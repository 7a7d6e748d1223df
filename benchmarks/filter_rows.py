"""Rows of the table of curation: features of patches, and the whole way of a filter on them.

Patches are those of `smalti.testing.labelled`, whose truth is known. Models are judged on datasets that they
have not seen: each dataset by a model of all others.
"""

import json
import shutil
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from asked import Sizes, at_least, at_most
from curation_line import Line, timed
from published_filter import forest, four_features

from smalti.core.progress import Silent
from smalti.curation.api import curate, open_patches
from smalti.curation.features import features_of
from smalti.testing.labelled import Labelled, labelled_patches, write_labelled

__all__ = ["featured", "filtered"]

DATASETS = 8
EACH = 64
TIMES = 5
"""Copies of the patches that are filtered, each turned otherwise, so that a run takes some seconds."""


def featured(sizes: Sizes, scratch: Path) -> Line:
    """Features of patches in memory, in one thread, against the four of the published way."""
    labelled = _labelled(sizes)
    few = labelled.pixels[: max(8, len(labelled.pixels) // 8)]
    features_of(few[:1])  # compiles
    own = statistics.median(timed(lambda: features_of(labelled.pixels))[0] for _ in range(3))
    theirs, _ = timed(lambda: four_features(few))
    rate, peer = len(labelled.pixels) / own, len(few) / theirs
    asked = (
        at_least("patches/s a core", 200, rate, ""),
        at_most("a patch", 5, 1e3 / rate, " ms"),
        at_least("of the published way", 1, rate / peer, "×", 1),
    )
    made: dict[str, float | str] = {"smalti": own, "published": f"{peer:.1f} patches/s, 4 features"}
    return Line(f"features of {len(labelled.pixels):,} patches of 224²", made, asked)


def filtered(sizes: Sizes, scratch: Path) -> Line:
    """A set read, its features found, scored and written, by the CPU time of all threads; and how well."""
    labelled = _labelled(sizes)
    home = scratch / "filter"
    shutil.rmtree(home, ignore_errors=True)
    truth = write_labelled(labelled, home / "images")
    curate("patch2d", home / "images", home / "labelled", progress=Silent())
    area = _trained(home, truth)
    rate = _filtered(home, labelled)
    peer_rate, peer_area = _published(labelled)
    asked = (
        at_least("patches/s a core", 200, rate, ""),
        at_least("of the published way", 1, rate / peer_rate, "×", 1),
        at_least("AUROC on datasets not seen", 0.995, area, "", 4),
        at_least("that of the published way", peer_area, area, "", 4),
    )
    made: dict[str, float | str] = {
        "smalti": f"{rate:,.0f} patches/s, AUROC {area:.4f}",
        "published": f"{peer_rate:,.1f} patches/s, AUROC {peer_area:.4f}",
    }
    return Line(f"filter: {len(labelled.pixels):,} labels of {DATASETS} datasets", made, asked)


def _labelled(sizes: Sizes) -> Labelled:
    return labelled_patches(DATASETS, sizes.of(EACH, 16))


def _trained(home: Path, truth: dict[str, bool]) -> float:
    """AUROC of a model of boosted trees, which is written."""
    ids = open_patches(home / "labelled").frame.select("patch_id", "source_path")
    labels = ids.select("patch_id", label=pl.col("source_path").replace_strict(truth).cast(pl.Int64))
    labels.write_csv(home / "labels.csv")
    options = {"labels": str(home / "labels.csv"), "folds": DATASETS, "progress": Silent()}
    curate("train-filter", home / "labelled", home / "model", **options)
    facts = json.loads((home / "model" / "model.json").read_text(encoding="utf-8"))
    return float(facts["validation"]["auroc"])


def _filtered(home: Path, labelled: Labelled) -> float:
    """Patches a second of CPU time that a filter takes for a set that it has not seen."""
    for turn in range(TIMES):
        turned = np.rot90(labelled.pixels, turn % 4, (1, 2))[:, :: -1 if turn > 3 else 1]
        more = Labelled(np.ascontiguousarray(turned), labelled.informative, labelled.dataset)
        write_labelled(more, home / "more" / str(turn))
    curate("patch2d", home / "more", home / "new", progress=Silent())
    options = {"model": str(home / "model"), "workers": 1, "progress": Silent()}
    seconds, outcome = _cpu(lambda: curate("filter", home / "new", **options))
    patches = open_patches(home / "new").frame
    assert not outcome.failed
    assert patches["score"].null_count() == 0
    return patches.height / seconds


def _published(labelled: Labelled) -> tuple[float, float]:
    """Patches a second that four features and a forest take, and its AUROC."""
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import GroupKFold, cross_val_predict

    seconds, features = _cpu(lambda: four_features(labelled.pixels))
    model = forest().fit(features, labelled.informative)
    more, _ = _cpu(lambda: model.predict_proba(features))
    folds = {"groups": labelled.dataset, "cv": GroupKFold(DATASETS), "method": "predict_proba"}
    scores = cross_val_predict(forest(), features, labelled.informative, **folds)[:, 1]
    return len(features) / (seconds + more), float(roc_auc_score(labelled.informative, scores))


def _cpu(job: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds of CPU time, of all threads, that a job took, and what it found."""
    started = time.process_time()
    found = job()
    return time.process_time() - started, found
