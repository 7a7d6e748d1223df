"""What is said of a model: the content of ``model.json``, and the table of what it was tested on."""

import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from smalti import __version__
from smalti.core.columns import Column
from smalti.curation.learning.classifiers import KINDS
from smalti.curation.learning.features import COLUMNS, VERSION
from smalti.curation.learning.folds import Split
from smalti.curation.learning.judged import judged
from smalti.curation.learning.labelled import Labelled
from smalti.curation.learning.labels import Words
from smalti.curation.learning.learn import Tested
from smalti.curation.learning.models import FORMAT, WEIGHTS

__all__ = ["TESTED_COLUMNS", "facts_of", "tested_frame"]

_LIBRARIES = {"model.skops": ("numpy", "scipy", "scikit-learn", "skops"), "model.pth": ("numpy", "torch")}

TESTED_COLUMNS = (
    Column("set", "String", "", "Folder of the set.", "same"),
    Column("patch_id", "String", "", "The patch, as in the manifest.", "same"),
    Column("pixel_hash", "String", "", "Of its pixels.", "same"),
    Column("name", "String", "", "Name for people.", "same"),
    Column("dataset", "String", "", "As in the manifest.", "same"),
    Column("kept_with", "String", "", "Group, dataset or block that went to one fold as a whole.", "same"),
    Column("fold", "Int64", "", "Fold that it was tested in.", "same"),
    Column("label", "Boolean", "", "Whether it is labelled good.", "same"),
    Column("score", "Float32", "", "Of a model that had not seen its fold, 0 to 1.", "same"),
)


def tested_frame(labelled: Labelled, split: Split, tested: Tested) -> pl.DataFrame:
    """Scores of what was tested on, with columns `TESTED_COLUMNS`."""
    rows = tested.rows
    names = [_name(patches.folder) for patches in labelled.sets]
    return labelled.rows[rows].select(
        pl.col("set").replace_strict(range(len(names)), names, return_dtype=pl.String),
        "patch_id",
        "pixel_hash",
        "name",
        "dataset",
        pl.Series("kept_with", split.groups[rows].tolist(), pl.String),
        pl.Series("fold", split.fold[rows], pl.Int64),
        "label",
        pl.Series("score", tested.scores, pl.Float32),
    )


def facts_of(
    kind: str, labelled: Labelled, split: Split, tested: Tested, sha256: str, options: Mapping[str, Any]
) -> dict[str, Any]:
    """What ``model.json`` says; the same labels, options and libraries give the same but for ``when``.

    Parameters
    ----------
    kind, sha256
        Of the model, and of its file of weights.
    labelled, split, tested
        What it learnt from, and what it was tested on.
    options
        Those that decide what it is; ``seed``, ``threshold``, ``good`` and ``bad`` among them.
    """
    good, threshold = labelled.good[tested.rows], float(options["threshold"])
    features = {"version": VERSION, "columns": [column.name for column in COLUMNS]}
    apart = ("seed", "threshold", "good", "bad")
    return {
        "format": FORMAT,
        "smalti": __version__,
        "kind": kind,
        "file": WEIGHTS[kind],
        "sha256": sha256,
        "threshold": threshold,
        "seed": options["seed"],
        "options": {
            name: value for name, value in options.items() if name not in apart and value is not None
        },
        "features": features if kind in KINDS else None,
        "labels": _labels(labelled, Words(options["good"], options["bad"])),
        "split": _split(split, tested),
        "validation": judged(good, tested.scores, threshold).to_dict(),
        "groups": _groups(split.groups[tested.rows], good, tested.scores, threshold),
        "libraries": _libraries(kind),
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _labels(labelled: Labelled, words: Words) -> dict[str, Any]:
    rows = labelled.rows
    people = rows["who"].value_counts().sort("count", "who", descending=[True, False])
    times = rows["when"].filter(rows["when"] != "")
    return {
        "source": labelled.labels.source,
        "words": [words.good, words.bad],
        **_counts(rows["label"]),
        "by": dict(people.iter_rows()),
        "first": times.min() or "",
        "last": times.max() or "",
        "sets": [
            {"name": _name(patches.folder), **_counts(rows.filter(set=number)["label"])}
            for number, patches in enumerate(labelled.sets)
        ],
        "notes": [*labelled.labels.notes, *_unread(len(labelled.failed))],
    }


def _unread(n: int) -> Sequence[str]:
    return [f"{n:,} labelled patches could not be read"] if n else []


def _counts(label: pl.Series) -> dict[str, int]:
    return {"good": int(label.sum()), "bad": int((~label).sum())}


def _split(split: Split, tested: Tested) -> dict[str, Any]:
    return {
        "by": split.by,
        "folds": split.n,
        "tested_folds": len(np.unique(split.fold[tested.rows])),
        "tested": len(tested.rows),
        "note": split.note,
    }


def _groups(
    names: np.ndarray, good: np.ndarray, scores: np.ndarray, threshold: float
) -> list[dict[str, Any]]:
    found = []
    for name in np.unique(names):
        own = names == name
        what = judged(good[own], scores[own], threshold).to_dict()
        kept = ("good", "bad", "auroc", "kept_good", "kept_bad", "dropped_good", "dropped_bad")
        found.append({"name": str(name)} | {key: what[key] for key in kept})
    return found


def _libraries(kind: str) -> dict[str, str]:
    own = {"smalti": __version__, "python": platform.python_version()}
    return own | {name: version(name) for name in _LIBRARIES[WEIGHTS[kind]]}


def _name(folder: Path) -> str:
    """The name of a set's folder, without where it lies."""
    return folder.expanduser().resolve().name
