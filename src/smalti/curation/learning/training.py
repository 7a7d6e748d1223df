"""``train-filter``: a model that tells informative patches, from labels."""

import json
import os
import shutil
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

from smalti.core.errors import UsageError
from smalti.core.options import option
from smalti.core.plugin import step
from smalti.core.progress import Progress
from smalti.core.words import count
from smalti.curation.each import folder_at
from smalti.curation.hashed import sha256_of
from smalti.curation.learning.classifiers import check_sklearn
from smalti.curation.learning.folds import Group, Split, split_of
from smalti.curation.learning.labelled import Labelled, labelled_of, with_features, with_pixels
from smalti.curation.learning.labels import Words, labels_of
from smalti.curation.learning.learn import Tested, learn_from_features, learn_from_pixels, tested_fold
from smalti.curation.learning.model_card import card
from smalti.curation.learning.model_facts import TESTED_COLUMNS, facts_of, tested_frame
from smalti.curation.learning.models import CARD, FACTS, FOLDER, TESTED, WEIGHTS
from smalti.curation.network.rows import ResnetTraining
from smalti.curation.network.torch_use import torch_here
from smalti.curation.network.weights import fetched
from smalti.curation.outcome import Item, Outcome
from smalti.curation.patchset import PatchSet
from smalti.curation.sources import Given
from smalti.curation.usual import Device, device_option, seed_option, weights_option, workers_option
from smalti.table.parquet import commit, stage
from smalti.writers.staged import staged

__all__ = ["TrainFilterOptions", "train_filter"]

_NETWORK = "Network"

_CHOSEN = "the patches that it is tested on also chose the best epoch, which flatters the network a little"


@dataclass(frozen=True, slots=True)
class TrainFilterOptions:
    """What learns, from which labels, and how it is tested."""

    model: Literal["boosting", "logistic", "resnet34"] = option(
        "boosting", "Boosted trees or a logistic regression on features, or a network on pixels."
    )
    labels: str | None = option(
        None,
        "Table with patch_id or name, and label or flag; or a decision log.",
        metavar="FILE",
        usual="flags.jsonl of each set",
        names_files=True,
    )
    good: str = option("keep", "Flag of informative patches.", metavar="FLAG")
    bad: str = option("reject", "Flag of uninformative patches.", metavar="FLAG")
    group: Group = option("dataset", "What is tested on as a whole, so that it is new to the model.")
    folds: int = option(5, "Parts that are tested on in turn.", least=2, most=100, metavar="N")
    threshold: float = option(0.5, "Score above which a patch is kept.", least=0, most=1, metavar="SCORE")
    seed: int = seed_option("Decides which groups are tested together, and where learning begins.")
    weights: str | None = weights_option("Weights that a network begins with.")
    epochs: int | None = option(
        None, "Times that a network sees each patch.", least=1, metavar="N", usual="10", group=_NETWORK
    )
    batch: int | None = option(
        None, "Patches that a network sees at once.", least=1, metavar="N", usual="32", group=_NETWORK
    )
    device: Device = device_option()
    workers: int = workers_option()


@step("train-filter", title="Train a filter", options=TrainFilterOptions, takes="patches")
def train_filter(
    sources: Sequence[Given], out: str, options: TrainFilterOptions, progress: Progress
) -> Outcome:
    """Train a model to tell informative patches from others, from labels of one or several sets.

    Labels are the flags in the decision logs of the sets, or a table. The model is tested on datasets that it
    has not seen. Its folder holds the weights, model.json, a card in README.md that says how good it is, and
    the scores of what it was tested on. An older model in the folder is replaced.

    Raises
    ------
    UsageError
        There are too few labels, or the folder holds other things.
    MissingExtraError
        scikit-learn and skops, or torch, are not installed.
    """
    started = time.monotonic()
    folder = folder_at(out)
    words = Words(options.good, options.bad)
    _check(options)
    sets = _sets(sources)
    with staged(str(folder), overwrite=True, kind=FOLDER) as place:
        made = folder.parent / place.path
        made.mkdir(parents=True)
        labelled = labelled_of(sets, labels_of(sets, options.labels or "", words))
        learn = _of_pixels if options.model == "resnet34" else _of_features
        split_of(labelled.rows, labelled.good, options.group, options.folds, options.seed)  # before all work
        labelled, split, tested, more = learn(labelled, options, made, folder, progress)
        asked = {**asdict(options), **more}
        sha256 = sha256_of(made / WEIGHTS[options.model])
        facts = facts_of(options.model, labelled, split, tested, sha256, _decisive(asked))
        _write(made, facts, labelled, split, tested, folder.name)
        place.commit()
    shutil.rmtree(_under_way(folder), ignore_errors=True)
    return Outcome(str(folder), _items(labelled), 1, "model", _notes(facts), time.monotonic() - started)


def _check(options: TrainFilterOptions) -> None:
    """Raise MissingExtraError or UsageError before anything is read."""
    if options.model == "resnet34":
        torch_here()
        check_sklearn(["scikit-learn"])  # which makes the folds
        return
    check_sklearn()
    for name in ("weights", "epochs", "batch"):
        if getattr(options, name) is not None:
            raise UsageError(
                f"--{name} is of a network, and --model is {options.model}; add --model resnet34"
            )


def _sets(sources: Sequence[Given]) -> list[PatchSet]:
    """The sets; one that is given twice is taken once."""
    sets = [PatchSet.open(os.fspath(source)) for source in sources]
    return list({patches.folder.resolve(): patches for patches in sets}.values())


def _of_features(
    labelled: Labelled, options: TrainFilterOptions, made: Path, folder: Path, progress: Progress
) -> tuple[Labelled, Split, Tested, dict[str, Any]]:
    assert options.model != "resnet34"
    labelled, features = with_features(labelled, options.workers, progress)
    split = split_of(labelled.rows, labelled.good, options.group, options.folds, options.seed)
    data, tested = learn_from_features(options.model, features, labelled.good, split, options.seed, progress)
    (made / WEIGHTS[options.model]).write_bytes(data)
    return labelled, split, tested, {}


def _of_pixels(
    labelled: Labelled, options: TrainFilterOptions, made: Path, folder: Path, progress: Progress
) -> tuple[Labelled, Split, Tested, dict[str, Any]]:
    begin = fetched(options.weights, progress=progress) if options.weights else None
    labelled = with_pixels(labelled, progress)
    split = split_of(labelled.rows, labelled.good, options.group, options.folds, options.seed)
    fold = tested_fold(split, labelled.good)
    how = {name: getattr(options, name) for name in ("epochs", "batch", "seed", "device")} | {
        "weights": begin
    }
    weights = _under_way(folder) / WEIGHTS["resnet34"]
    tested = learn_from_pixels(labelled, fold, split, how, weights, progress)
    shutil.copyfile(weights, made / weights.name)
    usual = ResnetTraining()
    more = {"epochs": options.epochs or usual.epochs, "batch": options.batch or usual.batch}
    chosen = replace(split, note=f"{split.note}; {_CHOSEN}" if split.note else _CHOSEN)
    return labelled, chosen, tested, more | {"weights": sha256_of(begin) if begin else None}


def _under_way(folder: Path) -> Path:
    """Where a network is while it is trained; the same command goes on from there."""
    return folder.with_name(f".{folder.name}.training")


_DECISIVE = ("seed", "threshold", "good", "bad", "group", "folds", "weights", "epochs", "batch")


def _decisive(asked: dict[str, Any]) -> dict[str, Any]:
    """Options that decide what a model is: neither where files lie, nor what it is computed on."""
    return {name: asked[name] for name in _DECISIVE}


def _write(
    made: Path, facts: dict[str, Any], labelled: Labelled, split: Split, tested: Tested, name: str
) -> None:
    table = made / TESTED
    frame = tested_frame(labelled, split, tested)
    commit(stage(frame.lazy(), table, TESTED_COLUMNS, {"smalti": facts["smalti"]}), table)
    text = json.dumps(facts, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    (made / FACTS).write_text(text, encoding="utf-8")
    (made / CARD).write_text(card(facts, name), encoding="utf-8")


def _items(labelled: Labelled) -> tuple[Item, ...]:
    made = [
        Item(str(patches.folder), made=labelled.rows.filter(set=number).height)
        for number, patches in enumerate(labelled.sets)
    ]
    return (*made, *(replace(one, made=0) for one in labelled.failed))


def _notes(facts: dict[str, Any]) -> tuple[str, ...]:
    found, split = facts["validation"], facts["split"]
    n = count(found["good"] + found["bad"], "label")
    folds = f"{split['tested_folds']} of {split['folds']} folds by {split['by']}"
    area = "one kind of label only was tested on"
    if found["auroc"] is not None:
        area = f"AUROC {found['auroc']:.4f}, 95 % {found['low']:.4f} to {found['high']:.4f}"
    first = f"{area}; on {n} in {folds}, {found['good']:,} good and {found['bad']:,} bad"
    return (first, *([split["note"]] if split["note"] else []), *facts["labels"]["notes"])
