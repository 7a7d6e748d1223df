"""Models that tell informative patches by their features: gradient boosting, and logistic regression."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Lock
from typing import Any, Literal

import numpy as np

from smalti.core.errors import MissingExtraError

__all__ = ["KINDS", "FeatureKind", "check_sklearn", "is_a", "learnt", "probabilities"]

FeatureKind = Literal["boosting", "logistic"]

KINDS: tuple[FeatureKind, ...] = ("boosting", "logistic")

_IMPORTED = {"scikit-learn": "sklearn"}

ROUNDS = 300
"""Trees of boosting."""


def check_sklearn(libraries: Sequence[str] = ("scikit-learn", "skops")) -> None:
    """Raise MissingExtraError where scikit-learn or skops are not installed."""
    for name in libraries:
        library = _IMPORTED.get(name, name)
        try:
            __import__(library)
        except ModuleNotFoundError as error:
            if error.name != library:
                raise
            raise MissingExtraError(name, "ml") from error


def learnt(kind: FeatureKind, features: np.ndarray, good: np.ndarray, seed: int) -> Any:
    """A model that has learnt from labelled patches; the same input and seed give the same model.

    Good and bad patches weigh the same in all, however many there are of each.

    Parameters
    ----------
    kind
        Boosted trees, or a logistic regression on features of mean 0 and deviation 1, absent ones being
        medians.
    features
        float32 (n, columns); NaN for absent ones.
    good
        bool (n,), both kinds.
    seed
        Decides what is drawn by chance.
    """
    model = _boosting(len(good), seed) if kind == "boosting" else _logistic(seed)
    known = _finite(features)
    known[:, np.isnan(known).all(axis=0)] = 0.0  # of nothing it finds no bins
    with one_thread():
        return model.fit(known, good.astype(np.int64))


def probabilities(model: Any, features: np.ndarray) -> np.ndarray:
    """How likely patches are good, float32 (n,), of features float32 (n, columns)."""
    if not len(features):
        return np.zeros(0, np.float32)
    with one_thread():
        return np.asarray(model.predict_proba(_finite(features))[:, 1], np.float32)


def is_a(kind: FeatureKind, model: Any, n_columns: int) -> bool:
    """Whether a model is of a kind, and takes so many columns."""
    made = _boosting(0, 0) if kind == "boosting" else _logistic(0)
    return _parts(model) == _parts(made) and getattr(model, "n_features_in_", 0) == n_columns


def _parts(model: Any) -> list[type]:
    """Of what classes a model is made: nothing else may stand between features and a score."""
    return [type(model), *(type(step) for _, step in getattr(model, "steps", ()))]


@contextmanager
def one_thread() -> Iterator[None]:
    """Keep scikit-learn to one thread.

    Sums over threads depend on their number in the last digit. And on two busy cores threads that wait for
    each other took 8 s for 400 patches; one takes 1 s, and 3 s for 20,000.
    """
    from threadpoolctl import threadpool_limits

    with _LIMITING, threadpool_limits(1):
        yield


_LIMITING = Lock()
"""Limits are of the process: of two at a time the second would find that of the first, and leave it there."""


def _boosting(n: int, seed: int) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier

    # Many small trees that look at a fifth of the features: datasets differ, and what one feature tells of
    # some is wrong for others. Chosen among some twenty settings by AUROC on labelled patches of 8 datasets;
    # `benchmarks/filter_rows.py` tells it on others. With l2_regularization=1 it knew less.
    return HistGradientBoostingClassifier(
        max_iter=ROUNDS,
        max_leaf_nodes=4,
        max_features=0.2,
        min_samples_leaf=min(10, max(3, n // 20)),  # 20, the library's own, splits nothing of 16 patches
        class_weight="balanced",
        early_stopping=False,
        random_state=seed,
    )


def _logistic(seed: int) -> Any:
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(
        SimpleImputer(strategy="median"),
        StandardScaler(),
        LogisticRegression(class_weight="balanced", max_iter=2000, random_state=seed),
    )


def _finite(features: np.ndarray) -> np.ndarray:
    """In double precision; infinite values are absent ones."""
    wide = features.astype(np.float64)
    wide[~np.isfinite(wide)] = np.nan
    return wide
