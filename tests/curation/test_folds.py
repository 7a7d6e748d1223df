import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smalti.core.errors import UsageError
from smalti.curation.learning.auroc import auroc
from smalti.curation.learning.folds import split_of
from smalti.curation.learning.judged import interval, judged


def rows(datasets, **columns):
    n = len(datasets)
    usual = {"dataset": datasets, "group": datasets, "source_path": datasets, "series": [0] * n}
    usual |= {"time": [0] * n, "axis": [None] * n, "slice": [None] * n, "y0": [0] * n, "x0": list(range(n))}
    types = dict.fromkeys(("axis", "slice"), pl.Int64)
    return pl.DataFrame(usual | columns, schema_overrides=types)


SAID = st.lists(st.tuples(st.sampled_from("abcdef"), st.booleans()), min_size=16, max_size=80)


@settings(deadline=None)
@given(SAID, st.integers(2, 6))
def test_what_is_tested_on_is_of_groups_that_were_not_learnt_from(said, folds):
    datasets, good = [name for name, _ in said], np.array([label for _, label in said])
    if min(good.sum(), (~good).sum()) < 8:
        with pytest.raises(UsageError, match="at least 8 of each are needed"):
            split_of(rows(datasets), good, "dataset", folds, 0)
        return
    split = split_of(rows(datasets), good, "dataset", folds, 0)
    assert set(split.fold) == set(range(split.n))
    for fold in range(split.n):
        tested = split.fold == fold
        assert not set(split.groups[tested]) & set(split.groups[~tested])
        assert len(set(good[~tested])) == 2
    assert (split.by == "blocks") == bool(split.note)


def test_few_labels_are_counted_in_the_refusal():
    good = np.array([True] * 20 + [False] * 3)
    with pytest.raises(UsageError, match="20 patches are labelled good and 3 bad; at least 8 of each"):
        split_of(rows(["a"] * 23), good, "dataset", 5, 0)


def test_of_one_volume_blocks_of_neighbouring_slices_are_kept_together():
    slices = np.repeat(np.arange(40), 4)
    n = len(slices)
    frame = rows(["v"] * n, axis=[0] * n, slice=slices.tolist())
    split = split_of(frame, np.arange(n) % 4 < 2, "dataset", 5, 0)
    assert split.by == "blocks"
    assert "all labels are of one dataset" in split.note
    assert len(set(zip(slices, split.groups, strict=True))) == 40  # no slice is torn
    fold = split.fold[::4]
    assert (np.diff(fold) == 0).sum() >= 20  # neighbours mostly lie together


def test_a_class_that_is_in_one_dataset_only_leads_to_blocks_too():
    frame, good = rows(["a"] * 20 + ["b"] * 20), np.array([True] * 30 + [False] * 10)
    split = split_of(frame, good, "dataset", 5, 0)
    assert (split.by, split.n >= 2) == ("blocks", True)
    assert "all bad ones are of one dataset" in split.note


def test_the_same_seed_splits_alike_whatever_the_order_of_rows():
    datasets = [f"d{k % 7}" for k in range(70)]
    good = np.random.default_rng(0).random(70) < 0.5
    one, other = (split_of(rows(datasets), good, "dataset", 3, seed) for seed in (1, 1))
    assert np.array_equal(one.fold, other.fold)


@pytest.mark.parametrize("seed", range(3))
def test_the_interval_is_that_of_many_samples(seed):
    rng = np.random.default_rng(seed)
    good = np.repeat([True, False], [60, 90])
    scores = rng.normal(size=150) + good * 1.2
    picks = [rng.integers(0, 150, 150) for _ in range(1500)]
    areas = [auroc(good[pick], scores[pick]) for pick in picks]
    assert np.allclose(interval(good, scores), np.nanquantile(areas, [0.025, 0.975]), atol=0.02)


def test_where_all_is_right_the_interval_still_has_a_width():
    good = np.repeat([True, False], [10, 30])
    low, high = interval(good, good.astype(float))
    assert (round(low, 3), high) == (0.741, 1.0)
    assert interval(~good, good.astype(float)) == pytest.approx((0.0, 0.259), abs=1e-3)


def test_what_lies_at_the_threshold_is_dropped():
    found = judged(np.array([True, True, False, False]), np.array([0.5, 0.6, 0.5, 0.9]), 0.5)
    assert (found.kept_good, found.dropped_good, found.kept_bad, found.dropped_bad) == (1, 1, 1, 1)
    assert judged(np.array([True]), np.array([0.7]), 0.5).auroc is None


def test_of_scores_that_are_all_the_same_nothing_is_known():
    assert interval(np.arange(40) % 2 == 0, np.full(40, 0.5)) == (0.0, 1.0)
