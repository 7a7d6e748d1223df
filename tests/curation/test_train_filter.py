import shutil
import sys

import numpy as np
import polars as pl
import pytest
from labelled_sets import again, decided, done, facts, labelled_set

import smalti
from smalti.core.errors import MissingExtraError, UsageError
from smalti.core.progress import Silent
from smalti.curation.learning.features import COLUMNS
from smalti.table.flags import FlagLog
from smalti.testing.labelled import labelled_patches, write_labelled

NAMES = [column.name for column in COLUMNS]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A set with labels, and a model of it."""
    folder = tmp_path_factory.mktemp("trained")
    patches, good = labelled_set(folder)
    outcome = done("train-filter", patches.folder, folder / "model", model="logistic")
    return folder, patches, good, outcome


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["boosting", "logistic"])
def test_informative_patches_of_datasets_that_it_has_not_seen_are_told(tmp_path, kind):
    patches, good = labelled_set(tmp_path, datasets=8, each=48, side=128)
    outcome = done("train-filter", patches.folder, tmp_path / "model", model=kind)
    found = facts(tmp_path / "model")["validation"]
    assert found["auroc"] >= 0.98
    assert found["low"] < found["auroc"] < found["high"]
    assert (found["good"], found["bad"]) == (good.sum(), (~good).sum())
    assert outcome.notes[0].startswith(f"AUROC {found['auroc']:.4f}")


def test_each_dataset_is_tested_on_by_a_model_that_has_not_seen_it(made):
    folder, patches, good, _ = made
    tested = pl.read_parquet(folder / "model" / "validation.parquet")
    assert tested["patch_id"].to_list() == patches.frame["patch_id"].to_list()
    assert tested["label"].to_list() == good.tolist()
    assert tested.group_by("dataset").agg(pl.col("fold").n_unique())["fold"].to_list() == [1] * 4
    assert facts(folder / "model")["split"] | {"by": ""} == {
        "by": "",
        "folds": 4,
        "tested_folds": 4,
        "tested": len(good),
        "note": "",
    }


def test_the_card_says_what_it_learnt_from_and_how_good_it_is(made):
    folder, _, good, _ = made
    text, said = (folder / "model" / "README.md").read_text(encoding="utf-8"), facts(folder / "model")
    for part in ("## Intended use", "## Data", "## How good it is", "### By group", "## How to use it"):
        assert part in text
    assert f"{len(good)} labels from flags.jsonl of 1 set: {good.sum()} good (keep)" in text
    assert f"Labelled by: ada ({len(good)})" in text
    assert f"AUROC: {said['validation']['auroc']:.4f} (95 % interval" in text
    assert "smalti curate filter PATCHES --model model" in text
    assert said["sha256"] in text
    assert str(folder) not in text + str(said)  # nothing of this machine


def test_the_same_labels_and_seed_give_the_same_model_but_for_the_time(made, tmp_path):
    folder, patches, _, _ = made
    done("train-filter", patches.folder, tmp_path / "model", model="logistic")
    one, other = facts(folder / "model"), facts(tmp_path / "model")
    assert one | {"when": ""} == other | {"when": ""}
    files = [(home / "model" / "model.skops").read_bytes() for home in (folder, tmp_path)]
    assert files[0] == files[1]


def test_features_that_a_set_lacks_are_found_for_what_is_labelled_and_kept(tmp_path):
    patches, good = labelled_set(tmp_path, decide=False)
    decided(patches, good, slice(0, 48))
    done("train-filter", patches.folder, tmp_path / "model", model="logistic")
    known = again(patches).frame.select(pl.any_horizontal(pl.col(NAMES).is_not_null())).to_series()
    assert known.to_list() == [True] * 48 + [False] * 16
    assert not list(patches.folder.glob(".features*"))


def test_several_sets_and_a_table_are_taken_together(made, tmp_path):
    folder, patches, good, _ = made
    other, more = labelled_set(tmp_path, datasets=2, each=8, seed=5)
    outcome = done("train-filter", [patches.folder, other.folder], tmp_path / "both", model="logistic")
    assert [item.made for item in outcome.items] == [len(good), len(more)]
    table = patches.frame.select("name").with_columns(label=pl.Series(good))
    table.write_csv(tmp_path / "labels.csv")
    options = {"labels": str(tmp_path / "labels.csv"), "model": "logistic"}
    done("train-filter", [patches.folder, patches.folder], tmp_path / "table", **options)
    assert facts(tmp_path / "table")["labels"]["source"] == "labels.csv"
    assert facts(tmp_path / "table")["sha256"] == facts(folder / "model")["sha256"]


def test_one_dataset_alone_is_split_to_blocks_which_the_card_says(tmp_path):
    patches, _ = labelled_set(tmp_path, datasets=1, each=40)
    outcome = done("train-filter", patches.folder, tmp_path / "model", model="logistic")
    assert facts(tmp_path / "model")["split"]["by"] == "blocks"
    assert "all labels are of one dataset" in outcome.notes[1]
    card = (tmp_path / "model" / "README.md").read_text(encoding="utf-8")
    assert "**Note:** all labels are of one dataset" in card


def test_an_older_model_is_replaced_and_a_folder_of_other_things_is_not(made, tmp_path):
    _, patches, _, _ = made
    done("train-filter", patches.folder, tmp_path / "model", model="boosting")
    done("train-filter", patches.folder, tmp_path / "model", model="logistic")
    assert facts(tmp_path / "model")["kind"] == "logistic"
    (tmp_path / "model" / "notes.txt").write_text("mine")
    with pytest.raises(UsageError, match=r"holds notes.txt, which is no part of a model"):
        done("train-filter", patches.folder, tmp_path / "model", model="logistic")
    with pytest.raises(UsageError, match="is there and is no model"):
        done("train-filter", patches.folder, patches.folder, model="logistic")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model"]


def test_too_few_labels_are_counted_and_nothing_is_left_behind(tmp_path):
    patches, good = labelled_set(tmp_path, decide=False)
    decided(patches, good, np.r_[np.flatnonzero(good)[:10], np.flatnonzero(~good)[:5]])
    with pytest.raises(UsageError, match="10 patches are labelled good and 5 bad; at least 8 of each"):
        done("train-filter", patches.folder, tmp_path / "model")
    decided(patches, np.ones(len(good), bool))
    with pytest.raises(UsageError, match="64 patches are labelled good and 0 bad"):
        done("train-filter", patches.folder, tmp_path / "model")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["images", "set"]


def test_labelled_patches_that_cannot_be_read_cost_only_themselves(tmp_path):
    patches, _ = labelled_set(tmp_path)
    virtual = done("dedupe", patches.folder, tmp_path / "virtual", write="none", distance=0, keep_flat=99)
    shutil.copy(patches.folder / "flags.jsonl", tmp_path / "virtual")
    (tmp_path / "images" / "em01" / "patch00017.png").write_bytes(b"no picture")
    outcome = done("train-filter", virtual.out, tmp_path / "model", model="logistic")
    assert [item.status for item in outcome.items] == ["ok", "failed"]
    assert outcome.items[1].path.startswith("patch00017")
    assert facts(tmp_path / "model")["split"]["tested"] == 63


def test_options_of_a_network_are_refused_for_features(made, tmp_path, smalti_cli):
    _, patches, _, _ = made
    run = smalti_cli("curate", "train-filter", patches.folder, "-o", tmp_path / "m", "--epochs", "3")
    assert run.returncode == 2
    assert "--epochs is of a network, and --model is boosting; add --model resnet34" in run.stderr


def test_a_flag_is_read_whoever_gave_it_and_the_card_names_them_without_harm(tmp_path):
    patches, good = labelled_set(tmp_path, decide=False)
    decided(patches, good, slice(0, 60), who="ada")
    FlagLog(patches.folder / "flags.jsonl").decide(
        patches.frame["patch_id"][60:].to_list(), "keep", who="x | [y](http://z)\n# head"
    )
    done("train-filter", patches.folder, tmp_path / "model", model="logistic")
    text = (tmp_path / "model" / "README.md").read_text(encoding="utf-8")
    assert r"x \| \[y\](http://z) \# head (4)" in text


def test_a_copy_of_a_dataset_under_another_name_is_no_test_of_a_model(tmp_path):
    truth = write_labelled(labelled_patches(2, 24, 0, 48), tmp_path / "images")
    shutil.copytree(tmp_path / "images" / "em00", tmp_path / "images" / "copy")
    patches = smalti.patch2d(tmp_path / "images", tmp_path / "set", crop_size=48, progress=Silent())
    decided(patches, np.array([truth[p.replace("copy", "em00")] for p in patches.frame["source_path"]]))
    outcome = done("train-filter", patches.folder, tmp_path / "model", model="logistic")
    assert facts(tmp_path / "model")["validation"]["good"] == sum(truth.values())
    assert "24 labels of pixels that another patch has too left out" in outcome.notes


def test_a_network_needs_scikit_learn_for_its_folds_and_says_so(made, tmp_path, monkeypatch):
    pytest.importorskip("torch")
    monkeypatch.setitem(sys.modules, "sklearn", None)
    with pytest.raises(MissingExtraError, match="scikit-learn"):
        done("train-filter", made[1].folder, tmp_path / "m", model="resnet34")


@pytest.mark.slow
def test_a_network_is_trained_tested_on_one_fold_and_filters(tmp_path):
    pytest.importorskip("torch")
    patches, _ = labelled_set(tmp_path, datasets=3, each=12, side=32)
    options = {"model": "resnet34", "epochs": 1, "batch": 8, "folds": 3, "device": "cpu"}
    done("train-filter", patches.folder, tmp_path / "model", **options)
    said = facts(tmp_path / "model")
    assert (said["split"]["tested_folds"], said["split"]["tested"]) == (1, 12)
    assert said["options"] == {"group": "dataset", "folds": 3, "epochs": 1, "batch": 8}
    assert "also chose the best epoch" in (tmp_path / "model" / "README.md").read_text(encoding="utf-8")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["images", "model", "set"]
    done("filter", patches.folder, model=str(tmp_path / "model"))
    tested = pl.read_parquet(tmp_path / "model" / "validation.parquet")
    both = tested.join(again(patches).frame, on="patch_id", suffix="_now")
    assert np.allclose(both["score"], both["score_now"], atol=1e-4)
    (tmp_path / "model" / "model.pth").write_bytes(b"other")
    with pytest.raises(UsageError, match="was changed since it was trained"):
        done("filter", patches.folder, model=str(tmp_path / "model"))
