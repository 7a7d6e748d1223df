"""How well scores tell two classes apart."""

import numpy as np

__all__ = ["auroc"]


def auroc(truth: np.ndarray, scores: np.ndarray) -> float:
    """The area under the ROC curve: how often a true one is scored above a false one; a tie counts half.

    Computed from ranks (Hanley and McNeil, Radiology 143, 1982): it is the Mann–Whitney U over n₁·n₀.

    Parameters
    ----------
    truth
        bool (n,), or numbers of which those above 0 are true.
    scores
        (n,), of any scale.

    Returns
    -------
    float
        From 0 to 1; NaN where all are of one class, or a score is NaN.
    """
    true = np.asarray(truth) > 0
    n_true = int(true.sum())
    n_false = true.size - n_true
    if not n_true or not n_false or np.isnan(scores).any():
        return float("nan")
    _, place, times = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(times) - (times - 1) / 2)[place]  # equal scores share the mean of their ranks
    return float((ranks[true].sum() - n_true * (n_true + 1) / 2) / (n_true * n_false))
