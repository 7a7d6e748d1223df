import polars as pl
import pytest
from labelled_sets import labelled_set

from smalti.core.errors import UsageError
from smalti.curation.learning.labels import Words, labels_of
from smalti.curation.patchset import PatchSet
from smalti.table.flags import FlagLog


@pytest.fixture(scope="module")
def patches(tmp_path_factory):
    return labelled_set(tmp_path_factory.mktemp("labels"), 2, 8, 32, decide=False)[0]


@pytest.fixture
def write(tmp_path):
    """Writes a table of labels."""

    def to(file, **columns):
        frame = pl.DataFrame(columns)
        path = tmp_path / file
        frame.write_parquet(path) if path.suffix == ".parquet" else frame.write_csv(path)
        return str(path)

    return to


@pytest.mark.parametrize("name", ["a.csv", "a.parquet"])
@pytest.mark.parametrize(
    "flags",
    [("keep", "reject"), (1, 0), (1.0, 0.0), (True, False), ("Informative", " uninformative ")],
    ids=["words", "numbers", "floats", "truth", "long words"],
)
def test_a_table_says_good_and_bad_in_any_usual_way(patches, write, name, flags):
    path = write(name, patch_id=patches.frame["patch_id"][:2].to_list(), label=list(flags))
    assert labels_of([patches], path, Words()).frame["label"].to_list() == [True, False]


def test_patches_may_be_called_by_name_and_unknown_ones_are_told_of(patches, write):
    path = write("a.csv", name=["nobody", patches.frame["name"][3]], flag=["keep", "keep"])
    labels = labels_of([patches], path, Words())
    assert labels.frame["row"].to_list() == [3]
    assert labels.notes == ("1 of 2 labels in a.csv is of no patch here: nobody",)


def test_one_patch_with_two_labels_is_refused(patches, write):
    first = patches.frame["patch_id"][0]
    path = write("a.csv", patch_id=[first, first], label=["keep", "reject"])
    with pytest.raises(UsageError, match=f"says 'keep' and 'reject' of patch_id '{first}'; keep one row"):
        labels_of([patches], path, Words())


def test_a_name_of_two_patches_is_refused(patches, write, tmp_path):
    twice = patches.frame.with_columns(name=pl.lit("same"))
    (tmp_path / "set").mkdir()
    twice.write_parquet(tmp_path / "set" / "patches.parquet")
    path = write("a.csv", name=["same"], label=["keep"])
    with pytest.raises(UsageError, match="is of 16 patches that differ; name patches by patch_id"):
        labels_of([PatchSet(tmp_path / "set")], path, Words())


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"id": ["a"], "label": ["keep"]}, "has the columns id, label; it needs patch_id or name"),
        ({"patch_id": ["a"], "label": [1], "flag": [0]}, "it needs patch_id or name, and one of"),
        ({"patch_id": ["a"], "label": ["keep"]}, "has labels for none of the patches; 1 of 1 label"),
    ],
)
def test_a_table_that_helps_nobody_is_refused_with_the_reason(patches, write, columns, said):
    with pytest.raises(UsageError, match=said):
        labels_of([patches], write("a.csv", **columns), Words())


@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n\x1a\n\x00", b"PAR1", b"\xff\xfe,\n\xff"])
@pytest.mark.parametrize("name", ["a.csv", "a.parquet"])
def test_what_is_no_table_is_refused(patches, tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UsageError, match=r"patch_id or name"):
        labels_of([patches], str(tmp_path / name), Words())


def test_the_last_decision_counts_and_what_says_neither_is_told_of(patches, tmp_path):
    log, ids = FlagLog(tmp_path / "flags.jsonl"), patches.frame["patch_id"].to_list()
    log.decide(ids[:3], "keep", who="ada")
    log.decide(ids[1], "reject", who="bob")
    log.decide(ids[2], "unsure", who="bob")
    labels = labels_of([patches], str(log.path), Words())
    assert labels.frame.select("label", "who").rows() == [(True, "ada"), (False, "bob")]
    assert labels.notes == ("1 label with another flag than keep and reject left out: 1 × 'unsure'",)


def test_flags_may_have_names_of_ones_own(patches, tmp_path):
    log, ids = FlagLog(tmp_path / "flags.jsonl"), patches.frame["patch_id"].to_list()
    log.decide(ids[0], "Cells", who="ada")
    log.decide(ids[1], "keep", who="ada")
    words = Words(good="cells", bad="KEEP")
    assert labels_of([patches], str(log.path), words).frame["label"].to_list() == [True, False]
    with pytest.raises(UsageError, match="give two flags that differ"):
        Words("keep", "Keep ")


def test_a_patch_of_two_sets_counts_once_and_must_not_be_good_and_bad(patches, tmp_path):
    sets, first = [], patches.frame["patch_id"][0]
    for name, flag in (("a", "keep"), ("b", "keep"), ("c", "reject")):
        (tmp_path / name).mkdir()
        patches.frame.write_parquet(tmp_path / name / "patches.parquet")
        FlagLog(tmp_path / name / "flags.jsonl").decide(first, flag)
        sets.append(PatchSet(tmp_path / name))
    assert labels_of(sets[:2], "", Words()).frame.height == 1
    with pytest.raises(UsageError, match="labelled good in one set and bad in another"):
        labels_of(sets, "", Words())


def test_copies_under_the_name_of_another_dataset_count_once(patches, write, tmp_path):
    copies = patches.frame.with_columns(patch_id="copy" + pl.col("patch_id"), dataset=pl.lit("other"))
    (tmp_path / "set").mkdir()
    pl.concat([patches.frame, copies]).write_parquet(tmp_path / "set" / "patches.parquet")
    both = PatchSet(tmp_path / "set")
    path = write("a.csv", patch_id=both.frame["patch_id"], label=["keep"] * len(patches) * 2)
    labels = labels_of([both], path, Words())
    assert labels.frame["row"].to_list() == list(range(len(patches)))
    assert labels.notes == ("16 labels of pixels that another patch has too left out",)


def test_labels_that_are_no_text_are_refused_with_the_reason(patches, write):
    path = write("a.parquet", patch_id=["a"], label=[[True]])
    with pytest.raises(UsageError, match="holds in patch_id or label what is no text"):
        labels_of([patches], path, Words())


def test_without_any_label_it_says_how_to_make_some(patches):
    with pytest.raises(UsageError, match=r"nothing is labelled in .*; label .* with smalti curate label"):
        labels_of([patches], "", Words())
