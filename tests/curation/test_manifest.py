import polars as pl
import pytest

from smalti.core.columns import Column
from smalti.core.errors import UsageError
from smalti.curation import manifest
from smalti.curation.outcome import Item, Outcome

ROW = {
    "patch_id": "0",
    "dataset": "a",
    "y0": 0,
    "y1": 8,
    "x0": 0,
    "x1": 8,
    "voxel_size": [0.03, 0.004, 0.004],
}


def test_a_manifest_comes_back_with_the_meaning_of_its_columns(tmp_path):
    path = tmp_path / "new" / "patches.parquet"
    frame = pl.DataFrame([ROW | {"dhash": 2**64 - 1, "entropy": 3.5}], schema_overrides={"dhash": pl.UInt64})
    manifest.write(frame, path, {"settings": "x"}, [Column("entropy", "Float64", "bit", "Entropy.")])
    back, info = manifest.read(path), manifest.info(path)
    assert back.columns[:3] == ["patch_id", "name", "dataset"]
    assert back.row(0, named=True) | ROW | {"dhash": 2**64 - 1, "entropy": 3.5} == back.row(0, named=True)
    assert {"smalti", "settings"} <= info.footer.keys()
    assert {c.name: c.unit for c in info.columns}["entropy"] == "bit"
    assert [p.name for p in path.parent.iterdir()] == ["patches.parquet"]


def test_another_table_is_no_manifest(tmp_path):
    pl.DataFrame({"a": [1]}).write_parquet(tmp_path / "other.parquet")
    with pytest.raises(UsageError, match="lacks dataset, patch_id"):
        manifest.read(tmp_path / "other.parquet")


def test_patches_of_one_place_have_one_id_and_others_have_others():
    ids = {
        manifest.patch_id(*where) for where in [("a", 0, "b"), ("a", 1, "b"), ("a", 0, "c"), ("ab", 0, "")]
    }
    assert len(ids) == 4
    assert manifest.patch_id("a", 0, "b") in ids


def test_an_outcome_counts_and_tells_of_each_item():
    items = (
        Item("a.tif", made=4),
        Item("b.tif", "failed", "it is cut", 0),
        Item("c", "skipped", "too small", 0),
    )
    outcome = Outcome("out", items, what="patch", notes=("no spacing",))
    told = outcome.to_dict()
    assert (told["ok"], told["skipped"], told["failed"], told["made"]) == (1, 1, 1, 4)
    assert told["items"][1] == {"path": "b.tif", "status": "failed", "why": "it is cut", "made": 0}
    assert outcome.tell().splitlines() == [
        "1 ok, 1 skipped, 1 failed; 4 patches in out",
        "  failed: b.tif: it is cut",
        "  skipped: c: too small",
        "note: no spacing",
    ]
