"""How good scores are against labels: area under the ROC curve and its interval, counts at a threshold."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from smalti.curation.learning.auroc import auroc

__all__ = ["Judged", "interval", "judged"]

_CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Judged:
    """What scores are worth.

    Parameters
    ----------
    good, bad
        Patches that are labelled so.
    auroc, low, high
        Chance that a good patch has a higher score than a bad one, and its 95 % interval; None where there
        are none of one kind.
    average_precision
        Mean share of good patches among those above each good one; None likewise.
    threshold
        Above it a patch is kept.
    kept_good, kept_bad, dropped_good, dropped_bad
        Counts at the threshold.
    """

    good: int
    bad: int
    auroc: float | None
    low: float | None
    high: float | None
    average_precision: float | None
    threshold: float
    kept_good: int
    kept_bad: int
    dropped_good: int
    dropped_bad: int

    @property
    def accuracy(self) -> float:
        """Share of patches that are kept or dropped as they should be."""
        return (self.kept_good + self.dropped_bad) / max(1, self.good + self.bad)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return asdict(self)


def judged(good: np.ndarray, scores: np.ndarray, threshold: float) -> Judged:
    """Compare scores, float (n,), with what patches are labelled, bool (n,)."""
    area, low, high, precision = None, None, None, None
    if 0 < good.sum() < len(good):
        from sklearn.metrics import average_precision_score

        area = auroc(good, scores)
        low, high = interval(good, scores)
        precision = float(average_precision_score(good, scores))
    kept = scores > threshold
    counts = [int((kept == k)[good == g].sum()) for k in (True, False) for g in (True, False)]
    return Judged(int(good.sum()), int((~good).sum()), area, low, high, precision, threshold, *counts)


def interval(good: np.ndarray, scores: np.ndarray) -> tuple[float, float]:
    """The 95 % interval of the area under the ROC curve.

    That of E. DeLong and others, Biometrics 44, 1988, by midranks as X. Sun and W. Xu, IEEE Signal Processing
    Letters 21, 2014, on the scale of log odds, so that it stays within 0 and 1. Where no pair is in the wrong
    order that has no width; then it begins where as many right pairs that share no patch would still be had
    with a chance of 5 %. Of scores that are all the same nothing is known, 0 to 1. Patches count as
    independent, which those of one dataset are not.

    Parameters
    ----------
    good
        bool (n,), both kinds.
    scores
        float (n,).
    """
    right, wrong = scores[good].astype(np.float64), scores[~good].astype(np.float64)
    above, below = _placements(right, wrong)
    area, pairs = float(above.mean()), min(len(right), len(wrong))
    if area in (0.0, 1.0):
        least = (1 - _CONFIDENCE) ** (1 / pairs)
        return (least, 1.0) if area else (0.0, 1 - least)
    from scipy.special import expit, logit, ndtri

    error = np.sqrt(_variance(above) / len(right) + _variance(below) / len(wrong))
    if not error:  # all scores are the same
        return 0.0, 1.0
    half = ndtri((1 + _CONFIDENCE) / 2) * error / (area * (1 - area))
    return float(expit(logit(area) - half)), float(expit(logit(area) + half))


def _placements(right: np.ndarray, wrong: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For each good one the share of bad ones below it, for each bad one that of good ones above."""
    from scipy.stats import rankdata

    ranks = rankdata(np.concatenate([right, wrong]))
    above = (ranks[: len(right)] - rankdata(right)) / len(wrong)
    below = 1 - (ranks[len(right) :] - rankdata(wrong)) / len(right)
    return above, below


def _variance(values: np.ndarray) -> float:
    return float(values.var(ddof=1)) if len(values) > 1 else 0.0
