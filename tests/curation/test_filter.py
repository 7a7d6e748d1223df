import json
import shutil

import numpy as np
import polars as pl
import pytest
import tifffile
from labelled_sets import again, done, facts, labelled_set

from smalti.core.errors import UsageError
from smalti.curation import manifest
from smalti.curation.adding import write_with
from smalti.curation.api import open_patches
from smalti.curation.learning.feature_scorer import feature_scorer
from smalti.curation.learning.models import open_model
from smalti.curation.patchset import PatchSet


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("filter")
    patches, good = labelled_set(folder)
    done("train-filter", patches.folder, folder / "model", model="boosting")
    return folder, good


@pytest.fixture
def patches(made, tmp_path):
    """A copy of the set, and the model of it."""
    shutil.copytree(made[0] / "set", tmp_path / "set")
    return open_patches(tmp_path / "set"), str(made[0] / "model")


@pytest.fixture
def unread(monkeypatch):
    """From now on no patch can be read."""

    def read(self, i):
        raise AssertionError("pixels were read")

    return lambda: monkeypatch.setattr(PatchSet, "read", read)


def footer(patches):
    return manifest.info(patches.folder / "patches.parquet").footer


def test_scores_and_decisions_are_kept_in_the_manifest(patches, made):
    patches, model = patches
    outcome = done("filter", patches.folder, model=model)
    now = again(patches)
    good = made[1]
    assert now.frame.columns[: len(manifest.COLUMNS)] == [column.name for column in manifest.COLUMNS]
    assert now.frame["score"].null_count() == 0
    assert now.frame.filter(pl.col("score") > 0.5).equals(now.kept())
    assert set(now.frame.filter(decision="drop")["reason"]) == {"uninformative"}
    assert ((now.frame["score"] > 0.5).to_numpy() == good).mean() > 0.9
    assert outcome.total == now.kept().height
    assert json.loads(footer(now)["filter"])["scorer"]["sha256"] == facts(made[0] / "model")["sha256"]


def test_scores_are_those_of_the_model_on_pixels(patches):
    patches, model = patches
    done("filter", patches.folder, model=model)
    scores = feature_scorer(open_model(model)).scores([patches.read(i) for i in range(5)])
    assert scores.dtype == np.float32
    assert np.allclose(again(patches).frame["score"][:5], scores, atol=1e-6)


def test_another_threshold_decides_anew_without_reading_a_patch(patches, unread):
    patches, model = patches
    first = done("filter", patches.folder, model=model)
    unread()
    high = again(patches).frame["score"].quantile(0.9)
    strict = done("filter", patches.folder, model=model, threshold=high)
    back = done("filter", patches.folder, model=model, threshold=0.5)
    assert strict.total < first.total == back.total
    assert "0 were scored now" in back.notes


def test_what_has_the_score_of_the_threshold_is_dropped(patches):
    patches, model = patches
    done("filter", patches.folder, model=model)
    score = again(patches).frame["score"].max()
    assert done("filter", patches.folder, model=model, threshold=float(score)).total == 0
    assert done("filter", patches.folder, model=model, threshold=0).total == len(patches)


def test_what_was_dropped_as_a_duplicate_stays_so_and_is_scored_only_when_asked(patches):
    patches, model = patches
    done("dedupe", patches.folder, distance=20)
    dropped = again(patches).frame["decision"] == "drop"
    done("filter", patches.folder, model=model)
    now = again(patches).frame
    assert 0 < dropped.sum() < len(patches)
    assert now.filter(dropped)["score"].null_count() == dropped.sum()
    done("filter", patches.folder, model=model, every=True, threshold=0)
    now = again(patches).frame
    assert now["score"].null_count() == 0
    assert now.filter(dropped).select("decision", "reason").n_unique() <= 2
    assert set(now.filter(dropped)["decision"]) == {"drop"}
    assert set(now.filter(~dropped)["decision"]) == {"keep"}


def test_scores_of_another_model_are_not_taken_for_its_own(patches, made, tmp_path):
    patches, model = patches
    done("filter", patches.folder, model=model)
    before = again(patches).frame["score"]
    done("train-filter", made[0] / "set", tmp_path / "other", model="logistic")
    outcome = done("filter", patches.folder, model=str(tmp_path / "other"))
    assert f"{len(patches)} were scored now" in outcome.notes
    assert not before.equals(again(patches).frame["score"])


def test_a_new_set_holds_what_is_kept_and_the_old_one_keeps_its_decisions(patches):
    patches, model = patches
    outcome = done("filter", patches.folder, patches.folder.parent / "kept", model=model)
    new, old = open_patches(outcome.out), again(patches)
    assert old.frame["decision"].null_count() == old.frame["score"].null_count() == len(old)
    stored = new.frame.with_row_index().filter(pl.col("array").is_not_null())
    assert stored.height == new.kept().height == outcome.total < len(new) == len(old)
    assert all(np.array_equal(new.read(i), old.read(i)) for i in stored["index"])
    assert not (old.folder / ".filter").exists()
    assert "0 were scored now" in done("filter", new.folder, model=model, threshold=0.4).notes


def test_tiff_gives_a_folder_a_dataset_of_single_channel_bytes(patches):
    patches, model = patches
    outcome = done("filter", patches.folder, patches.folder.parent / "kept", model=model, write="tiff")
    new = open_patches(outcome.out)
    files = sorted(new.folder.rglob("*.tiff"))
    assert [path.parent.name for path in files] == sorted(new.kept()["dataset"])
    picture = tifffile.imread(files[0])
    assert (picture.dtype, picture.shape) == (np.uint8, (48, 48))
    assert len(list((patches.folder.parent / "kept").rglob("*.tmp"))) == 0


def test_names_of_a_hostile_manifest_do_not_lead_out_of_the_new_set(patches):
    patches, model = patches
    frame = patches.frame.with_columns(dataset=pl.lit("../../led-out"))
    manifest.write(frame, patches.folder / "patches.parquet", footer(patches))
    outcome = done("filter", patches.folder, patches.folder.parent / "kept", model=model, write="tiff")
    assert outcome.failed > 0
    assert "leads out of" in outcome.items[-1].why
    assert not list(patches.folder.parent.parent.rglob("led-out"))


def test_patches_that_cannot_be_read_have_no_score_and_keep_their_decision(tmp_path, made, smalti_cli):
    patches, _ = labelled_set(tmp_path, seed=3, datasets=1, each=8)
    virtual = done("dedupe", patches.folder, tmp_path / "virtual", write="none", distance=0, keep_flat=99)
    (tmp_path / "images" / "em00" / "patch00002.png").write_bytes(b"no picture")
    run = smalti_cli("curate", "filter", virtual.out, "--model", made[0] / "model", "--json")
    assert run.returncode == 1, run.stderr
    said = json.loads(run.stdout)
    assert [(item["path"][:10], item["status"]) for item in said["items"][1:]] == [("patch00002", "failed")]
    row = open_patches(virtual.out).frame.row(2, named=True)
    assert (row["score"], row["decision"], row["reason"]) == (None, "keep", None)
    new = done("filter", virtual.out, tmp_path / "new", model=str(made[0] / "model"))
    assert [item.path[:10] for item in new.items if item.status == "failed"] == ["patch00002"]


def test_where_no_patch_can_be_read_the_scores_of_another_model_stay(tmp_path, made):
    patches, _ = labelled_set(tmp_path, seed=3, datasets=1, each=8)
    virtual = open_patches(done("dedupe", patches.folder, tmp_path / "virtual", write="none", distance=0).out)
    scores = virtual.frame.select("patch_id", score=pl.lit(0.75, pl.Float32))
    write_with(virtual, scores, (), {"filter": '{"scorer": {"kind": "other"}, "threshold": 0.5}'})
    shutil.rmtree(tmp_path / "images")
    before = (virtual.folder / "patches.parquet").read_bytes()
    outcome = done("filter", virtual.folder, model=str(made[0] / "model"))
    assert outcome.failed == virtual.kept().height
    assert (virtual.folder / "patches.parquet").read_bytes() == before


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({}, "give --model DIR, .* or --weights PATH or URL, .* --weights cem"),
        ({"model": "m", "weights": "cem"}, "--model and --weights are both given"),
        ({"model": "m", "sha256": "0" * 64}, "--sha256 is of --weights"),
        ({"model": "m", "write": "tiff"}, "--write needs a place for the new set; give -o"),
        ({"model": "nowhere"}, "nowhere holds no model.json"),
        ({"weights": "nowhere.pth"}, r"nowhere.pth"),
        ({"model": "m", "threshold": 2}, "give a number from 0 to 1"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_the_way_out(made, options, reason):
    with pytest.raises(UsageError, match=reason):
        done("filter", made[0] / "set", **options)


def test_with_neither_model_nor_weights_the_command_ends_with_2(made, smalti_cli):
    run = smalti_cli("curate", "filter", made[0] / "set")
    assert run.returncode == 2
    assert "--model DIR" in run.stderr
    assert "--weights cem" in run.stderr


def test_a_place_that_holds_a_set_is_refused_before_any_work(made, unread):
    unread()
    with pytest.raises(UsageError, match="holds a set of patches already"):
        done("filter", made[0] / "set", made[0] / "set", model=str(made[0] / "model"))
    with pytest.raises(UsageError, match="2 sets of patches are given; give one at a time"):
        done("filter", [made[0] / "set", made[0] / "set"], model=str(made[0] / "model"))


def test_the_same_command_again_finds_its_new_set_there_and_another_is_refused(patches, unread):
    patches, model = patches
    out = patches.folder.parent / "kept"
    first = done("filter", patches.folder, out, model=model)
    unread()
    again_ = done("filter", patches.folder, out, model=model)
    assert (again_.total, again_.out) == (first.total, first.out)
    with pytest.raises(UsageError, match="holds a set of patches already"):
        done("filter", patches.folder, out, model=model, threshold=0.7)
