import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smalti.curation.learning.auroc import auroc

PAIRS = st.lists(st.tuples(st.booleans(), st.integers(0, 5)), min_size=2)


@given(PAIRS)
def test_it_is_how_often_a_true_one_is_above_a_false_one_and_a_tie_counts_half(pairs):
    truth, scores = map(np.array, zip(*pairs, strict=True))
    higher = [np.sign(a - b) / 2 + 0.5 for a in scores[truth] for b in scores[~truth]]
    assert auroc(truth, scores) == pytest.approx(np.mean(higher) if higher else np.nan, nan_ok=True)


def test_it_is_that_of_scikit_learn():
    metrics = pytest.importorskip("sklearn.metrics")
    random = np.random.default_rng(0)
    truth = random.random(5000) < 0.3
    scores = (random.normal(size=5000) + truth).round(1).astype(np.float32)
    assert auroc(truth, scores) == pytest.approx(metrics.roc_auc_score(truth, scores), abs=1e-12)


def test_a_score_that_is_no_number_gives_none():
    assert np.isnan(auroc(np.array([True, False]), np.array([np.nan, 0.5])))
