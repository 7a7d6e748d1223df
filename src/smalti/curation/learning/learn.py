"""A model learns from labelled patches, and is tested on those that it has not seen."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from smalti.core.errors import UsageError
from smalti.core.progress import Progress, State
from smalti.curation.learning.classifiers import FeatureKind, learnt, probabilities
from smalti.curation.learning.folds import Split
from smalti.curation.learning.labelled import Labelled
from smalti.curation.learning.skops_file import packed
from smalti.curation.network.training import ResnetTraining, train_resnet

__all__ = ["Tested", "learn_from_features", "learn_from_pixels", "tested_fold"]


@dataclass(frozen=True, slots=True, eq=False)
class Tested:
    """What a model says of patches that it has not learnt from.

    Parameters
    ----------
    rows
        int64 (k,), of the labelled patches.
    scores
        float32 (k,), 0 to 1.
    """

    rows: np.ndarray
    scores: np.ndarray


def learn_from_features(
    kind: FeatureKind, features: np.ndarray, good: np.ndarray, split: Split, seed: int, progress: Progress
) -> tuple[bytes, Tested]:
    """A model of all patches as a skops file, and scores of each by one that had not seen its fold.

    Parameters
    ----------
    kind
        Of the model.
    features, good
        float32 (n, columns), and bool (n,).
    split
        The folds.
    seed
        Of the model.
    progress
        Told of models that are made.
    """
    scores = np.zeros(len(good), np.float32)
    for fold in range(split.n):
        progress.update(State(fold, split.n + 1, message=f"learning, fold {fold + 1} of {split.n}"))
        tested = split.fold == fold
        scores[tested] = probabilities(learnt(kind, features[~tested], good[~tested], seed), features[tested])
    progress.update(State(split.n, split.n + 1, message="learning of all"))
    model: Any = learnt(kind, features, good, seed)
    progress.update(State(split.n + 1, split.n + 1, message="learning of all"))
    return packed(model), Tested(np.arange(len(good)), scores)


def learn_from_pixels(
    labelled: Labelled, fold: int, split: Split, how: Mapping[str, Any], out: Path, progress: Progress
) -> Tested:
    """Train a ResNet34 on all folds but one, and write its weights to `out`; gives scores of that one.

    Parameters
    ----------
    labelled
        The patches.
    fold, split
        Number of the fold to test on, see `tested_fold`, and the folds.
    how
        As `ResnetTraining` takes it; what is None is as it usually is.
    out
        File of the weights. What a stopped training has reached is kept beside it.
    progress
        Told of epochs.
    """
    tested = np.flatnonzero(split.fold == fold)
    learning = np.flatnonzero(split.fold != fold)
    training = ResnetTraining(**{name: value for name, value in how.items() if value is not None})
    labels = labelled.good.astype(np.float32)
    scores = train_resnet(labelled.read, labels, learning, tested, training, out, progress)
    return Tested(tested, scores)


def tested_fold(split: Split, good: np.ndarray) -> int:
    """The fold that a network is tested on: the first in which there are good and bad patches.

    Raises
    ------
    UsageError
        There is none.
    """
    for fold in range(split.n):
        if len(np.unique(good[split.fold == fold])) == 2:
            return fold
    raise UsageError(
        "no part of the labels holds good and bad patches, so that a network cannot be tested; label both in "
        "one dataset at least, or take another --group"
    )
