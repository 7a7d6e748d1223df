"""Scores of patches by a model that learnt from their features."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from smalti.curation.learning.classifiers import probabilities
from smalti.curation.learning.features import COLUMNS, features_of
from smalti.curation.learning.models import Model

__all__ = ["FeatureScorer", "feature_scorer", "matrix_of"]


@dataclass(frozen=True, slots=True, eq=False)
class FeatureScorer:
    """A model on features; see `smalti.curation.learning.scorer.Scorer`.

    Parameters
    ----------
    asked
        Its kind, and the hash of its file.
    model
        Of scikit-learn.
    threads
        0: features of several patches are found side by side.
    """

    asked: Mapping[str, Any]
    model: Any
    threads: int = 0

    def scores(self, patches: Sequence[np.ndarray]) -> np.ndarray:
        """Scores from 0 to 1, float32 (n,), of patches, uint8 (height, width) each."""
        found = features_of(patches)
        columns = [np.asarray(found[column.name], np.float32) for column in COLUMNS]
        return probabilities(self.model, np.column_stack(columns))

    def of_features(self, frame: pl.DataFrame) -> np.ndarray:
        """Scores, float32 (n,), of patches whose features are known: a frame with their columns."""
        return probabilities(self.model, matrix_of(frame))


def feature_scorer(model: Model) -> FeatureScorer:
    """What scores by a model in a folder; see `Model.classifier` for errors."""
    return FeatureScorer({"kind": model.kind, "sha256": model.sha256}, model.classifier())


def matrix_of(frame: pl.DataFrame) -> np.ndarray:
    """Features as float32 (n, columns); NaN for absent ones."""
    values = frame.select(pl.col(column.name).cast(pl.Float32).fill_null(float("nan")) for column in COLUMNS)
    return values.to_numpy().astype(np.float32).reshape(frame.height, len(COLUMNS))
