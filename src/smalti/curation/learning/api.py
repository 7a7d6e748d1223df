"""From labels to a filter, for notebooks and scripts."""

import os
from typing import Any

from smalti.curation.api import Sources, curate, made_set
from smalti.curation.outcome import Outcome
from smalti.curation.patchset import PatchSet

__all__ = ["features", "filter", "train_filter"]

Path = str | os.PathLike[str]


def features(patches: Path, **options: Any) -> PatchSet:
    """Find features of the patches of a set; they become columns of its manifest.

    Parameters
    ----------
    patches
        Folder of the set.
    **options
        ``every, workers, fresh`` and ``progress``; see `smalti.curation.learning.features.FeatureOptions`.

    Raises
    ------
    UsageError
        There is no set of patches, or it is not whole.

    Examples
    --------
    >>> smalti.curation.features("patches/").frame["feature_entropy"]  # doctest: +SKIP
    """
    return made_set(curate("features", patches, **options))


def train_filter(patches: Sources, out: Path, **options: Any) -> Outcome:
    """Train a model to tell informative patches from others, from labels of one or several sets.

    Parameters
    ----------
    patches
        Folders of the sets, whose ``flags.jsonl`` hold the labels.
    out
        Folder of the model: its weights, ``model.json``, and a card that says how good it is.
    **options
        ``model, labels, good, bad, group, folds, threshold, seed, weights, epochs, batch, device, workers``
        and ``progress``; see `smalti.curation.learning.training.TrainFilterOptions`.

    Raises
    ------
    UsageError
        There are too few labels, or the folder holds other things.
    MissingExtraError
        scikit-learn and skops, or torch, are not installed.

    Examples
    --------
    >>> smalti.curation.train_filter(["worm/", "fly/"], "model/", model="logistic")  # doctest: +SKIP
    """
    return curate("train-filter", patches, out, **options)


def filter(patches: Path, out: Path = "", **options: Any) -> PatchSet:
    """Score the patches of a set, and keep those above a threshold.

    Parameters
    ----------
    patches
        Folder of the set, whose manifest is written anew unless there is `out`.
    out
        Folder of a new set of what is kept.
    **options
        ``model, weights, sha256, threshold, device, every, write, batch, workers, fresh`` and ``progress``;
        see `smalti.curation.learning.filtering.FilterOptions`.

    Raises
    ------
    UsageError
        There is neither a model nor weights, they are not what they should be, or the set is none.
    MissingExtraError
        scikit-learn and skops, or torch, are not installed.

    Examples
    --------
    >>> smalti.curation.filter("patches/", model="model/").kept()  # doctest: +SKIP
    """
    return made_set(curate("filter", patches, out, **options))
