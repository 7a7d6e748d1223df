"""A ResNet34 trained on labelled patches."""

import math
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

import numpy as np

from smalti.core.errors import UsageError
from smalti.core.progress import Progress, State
from smalti.curation.network.course import Course
from smalti.curation.network.resnet import resnet_scorer
from smalti.curation.network.rows import Read, ResnetTraining, Rows, batches
from smalti.curation.network.weight_file import saved

__all__ = ["ResnetTraining", "train_resnet"]


def train_resnet(
    read: Read,
    labels: np.ndarray,
    training: np.ndarray,
    validation: np.ndarray,
    how: ResnetTraining,
    out: Path,
    progress: Progress,
) -> np.ndarray:
    """Train a ResNet34 to tell patches of label 1 from those of 0, and write the weights of its best epoch.

    The best is that of the highest AUROC on the validation patches, of equal ones that of the least loss.
    After each epoch all that matters stands in a file beside `out`; the same call goes on from it after a
    kill, and comes to the same weights.

    Parameters
    ----------
    read
        Gives the patch of a row: uint8 (height, width), of any size.
    labels
        (n,), above 0 for those to be kept.
    training, validation
        Rows, int (k,); both hold both labels, and no row is in both.
    how
        Epochs, learning rate, seed and so on.
    out
        The file of weights, made or replaced as a whole.
    progress
        Told the epoch and how well it did.

    Returns
    -------
    numpy.ndarray
        float32 (k,), scores from 0 to 1 of the validation rows, by the weights in `out`.

    Raises
    ------
    UsageError
        Too few labels, impossible settings, or other weights to begin from.
    SmaltiError
        Training came to numbers that are none, or the disk is full.
    MissingExtraError
        torch is not installed.
    """
    rows = Rows(read, np.asarray(labels) > 0, np.asarray(training, int), np.asarray(validation, int))
    _check(rows, how)
    out.parent.mkdir(parents=True, exist_ok=True)
    course = Course.begun(rows, how, out.with_name(f".{out.name}.epochs"))
    told = _Told(progress, how.epochs, len(rows.training), course.note)
    while course.epoch < how.epochs:
        course.learn(told)
    saved(course.best, out)
    course.aside.unlink(missing_ok=True)
    scorer = resnet_scorer(out, how.device)
    judged = batches(rows.validation, how.batch)
    return np.concatenate([scorer.scores(rows.patches(some)) for some in judged])


def _check(rows: Rows, how: ResnetTraining) -> None:
    if how.epochs < 1 or how.batch < 1 or not 0 < how.learning_rate < math.inf:
        raise UsageError(
            f"epochs={how.epochs}, batch={how.batch}, learning_rate={how.learning_rate}; all must be above 0"
        )
    for name, some in (("training", rows.training), ("validation", rows.validation)):
        kept = int(rows.labels[some].sum())
        if kept in (0, len(some)):
            raise UsageError(
                f"of {len(some):,} {name} patches {kept:,} are labelled keep; both kinds are needed: label "
                "more, or divide them with another seed"
            )
    if np.intersect1d(rows.training, rows.validation).size:
        raise UsageError("some patches are in training and validation; each may be in one only")


@dataclass(slots=True)
class _Told:
    """Says how far training is."""

    progress: Progress
    epochs: int
    patches: int
    note: str
    began: float = field(default_factory=monotonic)

    def __call__(self, epoch: int, done: int, best: float) -> None:
        so_far = f", AUROC {best:.3f}" if best >= 0 else ""
        message = f"epoch {epoch + 1} of {self.epochs}{so_far}{self.note}"
        done += epoch * self.patches
        total = self.epochs * self.patches
        self.progress.update(State(done, total, seconds=monotonic() - self.began, message=message))
