import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from labelled_sets import again, decided, done, labelled_set

from smalti.curation.features import COLUMNS
from smalti.curation.patchset import PatchSet
from smalti.curation.uncertain import apart, in_turn, order_of
from smalti.table.flags import FlagLog


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    patches, good = labelled_set(tmp_path_factory.mktemp("order"), decide=False)
    done("features", patches.folder)
    return again(patches), good


def made_up(folder, n, seed=0):
    """A set of rows whose first feature tells good from bad; nothing has pixels."""
    rng = np.random.default_rng(seed)
    features = {column.name: rng.normal(size=n).astype(np.float32) for column in COLUMNS}
    facts = {"patch_id": [f"{k:016x}" for k in range(n)], "dataset": [f"d{k % 5}" for k in range(n)]}
    box = {name: [0] * n for name in ("y0", "y1", "x0", "x1")}
    folder.mkdir(exist_ok=True)
    frame = pl.DataFrame({**facts, **box, "cluster": np.arange(n) // 2, **features})
    frame.write_parquet(folder / "patches.parquet")
    return PatchSet(folder), FlagLog(folder / "flags.jsonl"), features[COLUMNS[0].name]


@settings(deadline=None)
@given(st.lists(st.integers(0, 4), min_size=1, max_size=40))
def test_the_same_follow_each_other_only_where_that_cannot_be_helped(numbers):
    order = apart(np.array(numbers))
    assert sorted(order) == list(range(len(numbers)))
    placed = np.array(numbers)[order]
    if np.bincount(numbers).max() <= (len(numbers) + 1) // 2:
        assert not (placed[1:] == placed[:-1]).any()


@settings(deadline=None)
@given(st.lists(st.sampled_from("abc"), min_size=1, max_size=40))
def test_names_take_turns(names):
    order = in_turn(np.array(names))
    taken = [names[place] for place in order]
    rounds = [taken[: k + 1].count(name) for k, name in enumerate(taken)]
    assert sorted(order) == list(range(len(names)))
    assert rounds == sorted(rounds)


def test_without_labels_the_first_are_of_all_datasets_and_the_order_is_that_of_the_seed(made):
    patches, _ = made
    log = FlagLog(patches.folder / "none.jsonl")
    order = order_of(patches, log)
    assert order.dtype == np.int64
    assert sorted(order) == list(range(len(patches)))
    assert set(patches.frame["dataset"].gather(order[:4])) == set(patches.frame["dataset"])
    assert np.array_equal(order, order_of(patches, log))
    assert not np.array_equal(order, order_of(patches, log, seed=1))


def test_patches_with_a_flag_of_any_kind_are_left_out(made, tmp_path):
    patches, _ = made
    log = FlagLog(tmp_path / "flags.jsonl")
    log.decide(patches.frame["patch_id"][:3].to_list(), "unsure")
    log.decide("of another set", "keep")
    assert not set(order_of(patches, log)) & {0, 1, 2}
    log.decide(patches.frame["patch_id"].to_list(), "keep")
    assert len(order_of(patches, log)) == 0


def test_with_labels_those_come_first_of_which_it_is_least_sure(tmp_path):
    patches, log, telling = made_up(tmp_path / "set", 600)
    ids = patches.frame["patch_id"].to_numpy()
    log.decide(ids[:150][telling[:150] > 0].tolist(), "keep")
    log.decide(ids[:150][telling[:150] <= 0].tolist(), "reject")
    order = order_of(patches, log)
    assert np.abs(telling[order[:60]]).mean() < 0.5 * np.abs(telling[order[-200:]]).mean()
    assert {row % 5 for row in order[:5]} == set(range(5))
    assert (order[1:] // 2 != order[:-1] // 2).all()


def test_twenty_thousand_patches_are_put_in_order_with_or_without_labels(tmp_path):
    patches, log, _ = made_up(tmp_path / "set", 20_000)
    assert sorted(order_of(patches, log)) == list(range(20_000))
    log.decide(patches.frame["patch_id"][:20].to_list(), "keep")
    log.decide(patches.frame["patch_id"][20:40].to_list(), "reject")
    assert sorted(order_of(patches, log)) == list(range(40, 20_000))


def test_a_set_without_features_has_an_order_too_and_what_was_dropped_comes_last(tmp_path):
    patches, good = labelled_set(tmp_path, datasets=2, each=12)
    done("dedupe", patches.folder, distance=20)
    now, log = again(patches), FlagLog(tmp_path / "none.jsonl")
    dropped = now.frame["decision"].gather(order_of(now, log)) == "drop"
    assert 0 < dropped.sum() < len(now)
    assert dropped.to_list() == sorted(dropped)
    decided(patches, good, slice(0, 16))
    assert len(order_of(now, FlagLog(now.folder / "flags.jsonl"))) == 0  # decided on when it was made
