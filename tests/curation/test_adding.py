import json

import numpy as np
import polars as pl
import pytest
import tifffile
from made import made, tissue

from smalti.core.columns import Column
from smalti.core.errors import UsageError
from smalti.core.progress import Silent
from smalti.curation import adding, manifest
from smalti.curation.adding import Adding, done, found, kept_rows, the_set, write_with
from smalti.curation.patchset import PatchSet
from smalti.curation.state import alone_in_whole

COLUMN = Column("brightest", "Float32", "intensity", "The largest value.", "none")


class Counting:
    """Finds the largest value of patches, and remembers how many it was given."""

    def __init__(self):
        self.calls, self.sizes = [], []

    def __call__(self, patches):
        self.calls.append(len(patches))
        self.sizes.append(sum(patch.size for patch in patches))
        return {"brightest": np.array([patch.max() for patch in patches], np.float32)}


@pytest.fixture
def patches(write_tiff, tmp_path):
    """A set of patches of several shapes."""
    for seed, name in enumerate("abc"):
        write_tiff(f"{name}/{name}.tif", tissue((40, 50), seed))
    return made("patch2d", tmp_path / "images", tmp_path / "p", crop_size=16, min_size=2)[1]


def adding_of(work, **facts):
    return Adding("brightness", facts.pop("asked", {}), (COLUMN,), work, **facts)


def truth(patches):
    return [float(patches.read(i).max()) for i in range(len(patches))]


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("at_once", [1, 7, 256])
def test_values_are_those_of_each_patch_however_they_are_cut_to_chunks(patches, threads, at_once):
    assert patches.frame.select("height", "width").n_unique() > 2
    work = Counting()
    one = found(patches, None, adding_of(work, threads=threads, at_once=at_once), Silent())
    assert one.frame["patch_id"].equals(patches.frame["patch_id"])
    assert one.frame["brightest"].to_list() == truth(patches)
    assert max(work.calls) <= at_once


def test_chunks_hold_so_many_pixels_at_most(patches, monkeypatch):
    monkeypatch.setattr(adding, "CHUNK_BYTES", 600)
    work = Counting()
    found(patches, None, adding_of(work), Silent())
    assert max(work.sizes) <= 600
    assert max(work.calls) > 1


def test_what_a_stopped_run_found_is_not_found_again(patches):
    first, again = Counting(), Counting()
    found(patches, [0, 3, 5], adding_of(first), Silent())
    both = found(patches, None, adding_of(again), Silent())
    assert (sum(first.calls), sum(again.calls)) == (3, len(patches) - 3)
    assert both.frame["brightest"].to_list() == truth(patches)
    done(patches, adding_of(again))
    assert not (patches.folder / ".brightness").exists()


def test_parts_of_what_was_asked_otherwise_are_thrown_away(patches):
    found(patches, None, adding_of(Counting(), asked={"model": 1}), Silent())
    again, once_more = Counting(), Counting()
    found(patches, None, adding_of(again, asked={"model": 2}), Silent())
    found(patches, None, adding_of(once_more, asked={"model": 2}), Silent())
    assert (sum(again.calls), sum(once_more.calls)) == (len(patches), 0)


@pytest.mark.parametrize("damage", [b"", b"PAR1 and no more"], ids=["empty", "cut"])
def test_a_part_that_the_disk_lost_is_found_anew(patches, damage):
    found(patches, [0, 3], adding_of(Counting()), Silent())
    (patches.folder / ".brightness" / "part-000001.parquet").write_bytes(damage)
    again = Counting()
    assert found(patches, [0, 3], adding_of(again), Silent()).frame.height == 2
    assert sum(again.calls) == 2


def test_a_patch_whose_pixels_changed_is_found_anew(patches, write_tiff, tmp_path):
    found(patches, None, adding_of(Counting()), Silent())
    write_tiff("b/b.tif", 255 - tissue((40, 50), 1))
    _, changed = made("patch2d", tmp_path / "images", tmp_path / "p", crop_size=16, min_size=2)
    again = Counting()
    now = found(changed, None, adding_of(again), Silent())
    assert sum(again.calls) == changed.frame.filter(group="b").height
    assert now.frame["brightest"].to_list() == truth(changed)


def test_a_patch_that_cannot_be_read_costs_only_itself(write_tiff, tmp_path):
    for name in "ab":
        write_tiff(f"{name}.tif", tissue((16, 32), ord(name)))
    _, patches = made("patch2d", tmp_path / "images", tmp_path / "p", crop_size=16, write="tiff")
    (patches.folder / patches.frame["file"][1]).write_bytes(b"II*\0")
    one = found(patches, None, adding_of(Counting()), Silent())
    assert [item.path for item in one.failed] == [patches.frame["name"][1]]
    assert one.failed[0].status == "failed"
    assert one.failed[0].why
    write_with(patches, one.frame, (COLUMN,), {})
    assert PatchSet.open(patches.folder).frame["brightest"].is_null().to_list() == [False, True, False, False]
    tifffile.imwrite(patches.folder / patches.frame["file"][1], np.full((16, 16), 9, np.uint8))
    again = Counting()
    assert not found(patches, None, adding_of(again), Silent()).failed
    assert again.calls == [1]


def test_only_rows_that_are_kept_are_asked_for_by_default(patches):
    decision = pl.Series(["drop", None, "keep"] + ["drop"] * (len(patches) - 3), dtype=pl.String)
    frame = patches.frame.select("patch_id", decision=decision)
    write_with(patches, frame, (), {})
    now = PatchSet.open(patches.folder)
    assert kept_rows(now) == [1, 2]
    assert (
        found(now, None, adding_of(Counting()), Silent()).frame["patch_id"].equals(now.frame["patch_id"][1:3])
    )


def test_the_manifest_takes_what_was_found_and_keeps_the_rest(patches):
    place = patches.folder / manifest.FILE_NAME
    before = manifest.info(place)
    frame = patches.frame.select("patch_id", brightest=pl.lit(1.0, pl.Float32), score=pl.lit(0.25))
    write_with(patches, frame, (COLUMN,), {"brightness": "1"})
    other = Column("other", "String", "", "Another.", "same")
    write_with(patches, frame.head(2).select("patch_id", score=None, other=pl.lit("x")), (other,), {})
    now, info = PatchSet.open(patches.folder).frame, manifest.info(place)
    assert now["score"].to_list() == [None, None] + [0.25] * (len(patches) - 2)
    assert now["brightest"].to_list() == [1.0] * len(patches)
    assert now["other"].to_list() == ["x", "x"] + [None] * (len(patches) - 2)
    assert now.drop("score", "brightest", "other").equals(patches.frame.drop("score"))
    assert info.columns[-2:] == (COLUMN, other)
    assert info.footer == before.footer | {"brightness": "1"}


def test_a_set_that_grows_keeps_what_was_added_to_patches_that_are_the_same(patches, write_tiff, tmp_path):
    one = found(patches, None, adding_of(Counting()), Silent())
    write_with(patches, one.frame, (COLUMN,), {"brightness": json.dumps(1)})
    write_tiff("b/b.tif", 255 - tissue((40, 50), 1))
    write_tiff("d/d.tif", tissue((40, 50), 3))
    _, grown = made("patch2d", tmp_path / "images", tmp_path / "p", crop_size=16, min_size=2)
    values = dict(zip(grown.frame["patch_id"], truth(grown), strict=True))
    held = grown.frame.filter(pl.col("brightest").is_not_null())
    assert set(held["group"]) == {"a", "c"}
    assert held.height == grown.frame.filter(pl.col("group").is_in(["a", "c"])).height
    assert all(values[key] == value for key, value in held.select("patch_id", "brightest").iter_rows())
    info = manifest.info(grown.folder / manifest.FILE_NAME)
    assert info.columns[-1] == COLUMN
    assert info.footer["brightness"] == "1"


def test_a_set_whose_run_was_stopped_is_left_alone(patches):
    (patches.folder / ".parts").mkdir()
    with pytest.raises(UsageError, match="was stopped; let it end first"), alone_in_whole(patches.folder):
        pass


@pytest.mark.parametrize(
    ("sources", "out", "told"),
    [(["a", "b"], "", "2 sets"), (["a"], "b", "leave -o b away"), (["a"], "", r"holds no patches\.parquet")],
)
def test_a_step_is_told_of_one_set(sources, out, told):
    with pytest.raises(UsageError, match=told):
        the_set(sources, out)


def test_a_patch_whose_source_has_other_pixels_now_is_not_taken_for_it(write_tiff, tmp_path):
    for name in "ab":
        write_tiff(f"{name}.tif", tissue((16, 32), ord(name)))
    _, patches = made("patch2d", tmp_path / "images", tmp_path / "p", crop_size=16, write="none")
    assert not found(patches, None, adding_of(Counting()), Silent()).failed
    write_tiff("b.tif", tissue((16, 32), 5))
    one = found(PatchSet.open(patches.folder), None, adding_of(Counting(), asked={"anew": 1}), Silent())
    assert [item.path for item in one.failed] == patches.frame["name"][2:].to_list()
    assert "b.tif has other pixels now than when the set was made" in one.failed[0].why
