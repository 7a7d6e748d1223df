import csv
import json
import pickle

import imageio.v3 as iio
import numpy as np
import polars as pl
import pytest
from made import made, tissue

from smalti.core.errors import UsageError
from smalti.core.progress import Silent
from smalti.curation.api import dedupe, open_patches
from smalti.curation.pickles import read_pickle

TURNED = ("rot90", "flip_lr", "inverted")
"""Copies of another picture, to a hash of where it grows brighter."""


@pytest.mark.parametrize(
    "options", [{}, {"compatible": True}, {"bits": "256"}], ids=["64", "imagehash", "256"]
)
def test_the_duplicates_of_the_data_set_are_found_as_labelled(data, tmp_path, options):
    _, patches = made("dedupe", data / "duplicates", tmp_path / "d", scope="all", **options)
    cluster = dict(patches.frame.select("source_path", "cluster").iter_rows())
    checked = 0
    with (data / "DUPLICATES.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            copy = row["path"].removeprefix("duplicates/")
            if "bits" in options and "jpeg_q30" in copy:  # its blocks show in so fine a hash
                continue
            if row["relation"] in ("dup-pixel", "dup-near") and copy in cluster:
                original = row["group_or_base"].removeprefix("duplicates/")
                is_same = cluster[copy] == cluster[original]
                assert is_same != any(word in copy for word in TURNED), copy
                checked += 1
    assert checked == (42 if "bits" in options else 45)
    kept = patches.kept()["source_path"].str.split("/").list.get(0).value_counts()
    assert kept["count"].max() <= 2 + len(TURNED)


def test_exact_duplicates_are_those_of_the_same_pixels(data, tmp_path):
    _, patches = made("dedupe", data / "duplicates" / "cell", tmp_path / "d", exact=True, scope="all")
    first = patches.frame.filter(source_path="exact_copy.png")["cluster"].item()
    same = set(patches.members(first)["source_path"])
    wanted = {"exact_copy.png", "original.png", "rgb_copy.png", "same_pixels.tif", "same_pixels_png0.png"}
    assert same == wanted | {"sub/renamed IMG(1).png", "as_16bit_x257.tif"}


def test_a_set_is_decided_anew_in_its_place_and_nothing_is_deleted(write_tiff, tmp_path, smalti_cli):
    path = write_tiff("v.tif", tissue((6, 64, 64)), imagej=True, metadata={"axes": "ZYX"})
    _, patches = made("patch3d", path, tmp_path / "p", crop_size=16, distance=0)
    files = {p for p in (tmp_path / "p" / "patches.zarr").rglob("*") if p.is_file()}
    done = smalti_cli("curate", "dedupe", tmp_path / "p", "--distance", "14", "--json")
    assert done.returncode == 0, done.stderr
    now = open_patches(tmp_path / "p")
    assert now.kept().height == json.loads(done.stdout)["made"] < patches.kept().height
    assert {p for p in (tmp_path / "p" / "patches.zarr").rglob("*") if p.is_file()} == files
    assert np.array_equal(now.read(5), patches.read(5))
    again = dedupe(tmp_path / "p", compatible=True, progress=Silent())
    _, direct = made("patch3d", path, tmp_path / "q", crop_size=16, compatible=True)
    assert again.frame.drop("array", "row").equals(direct.frame.drop("array", "row"))


def test_a_new_set_holds_every_row_and_the_pixels_of_what_is_kept(write_tiff, tmp_path):
    path = write_tiff("v.tif", tissue((6, 64, 64)), imagej=True, metadata={"axes": "ZYX"})
    _, patches = made("patch3d", path, tmp_path / "p", crop_size=16, dedupe=False)
    outcome, clean = made("dedupe", tmp_path / "p", tmp_path / "q", distance=16)
    assert len(clean) == len(patches)
    stored = clean.frame.with_row_index().filter(pl.col("array").is_not_null())
    assert outcome.total == stored.height == clean.kept().height < len(patches)
    assert all(np.array_equal(clean.read(i), patches.read(i)) for i in stored["index"])


def test_old_pickles_become_a_set(data, tmp_path):
    old = data / "interop" / "cem_patchify3d_em_volume.pkl"
    _, patches = made("dedupe", old, tmp_path / "d", distance=0)
    held = read_pickle(old)
    pixels = dict(zip(held["names"], held["patches"], strict=True))
    assert len(patches) == 171
    assert all(np.array_equal(patches.read(i), pixels[name]) for i, name in enumerate(patches.frame["name"]))
    assert patches.frame["dataset"].unique().to_list() == ["em_volume"]
    _, ours = made("patch3d", data / "em" / "em_volume.nrrd", tmp_path / "p", crop_size=64, dedupe=False)
    row = patches.frame.row(7, named=True)
    same = ours.frame.filter(**{name: row[name] for name in ("axis", "slice", "y0", "x0")})
    assert same["pixel_hash"].item() == row["pixel_hash"]


def test_a_pickle_that_is_refused_costs_only_itself(tmp_path):
    (tmp_path / "old").mkdir()
    good = {"names": ["v-LOC-0_00_0-16_0-16"], "patches": [tissue((16, 16))]}
    (tmp_path / "old" / "b.pkl").write_bytes(pickle.dumps(good))
    (tmp_path / "old" / "a.pkl").write_bytes(pickle.dumps({"names": [print], "patches": [1]}))
    outcome, patches = made("dedupe", tmp_path / "old", tmp_path / "d")
    assert [item.status for item in outcome.items] == ["failed", "ok"]
    assert "builtins.print" in outcome.items[0].why
    assert len(patches) == 1
    with pytest.raises(UsageError, match=r"none of 1 \.pkl"):
        dedupe(tmp_path / "old" / "a.pkl", tmp_path / "e", progress=Silent())


def test_images_of_a_project_are_those_that_can_be_read(tmp_path):
    import smalti

    (tmp_path / "images").mkdir()
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        iio.imwrite(tmp_path / "images" / f"{name}.png", tissue((40, 40), seed))
    (tmp_path / "images" / "bad.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    project = smalti.process(
        tmp_path / "images", output=tmp_path / "x.smalti", metrics=["mean"], progress=Silent()
    )
    _, patches = made("dedupe", project.path, tmp_path / "d")
    assert patches.frame["source_path"].to_list() == ["a.png", "b.png", "c.png"]
    assert patches.frame["decision"].to_list() == ["keep", "drop", "keep"]


def test_the_order_at_random_is_that_of_its_seed(write_tiff, tmp_path):
    path = write_tiff("v.tif", tissue((12, 64, 64)), imagej=True, metadata={"axes": "ZYX"})
    kept = []
    for number, seed in enumerate((1, 1, 2)):
        _, patches = made(
            "patch3d", path, tmp_path / f"p{number}", crop_size=16, order="random", seed=seed, write="none"
        )
        kept.append(patches.kept()["patch_id"].to_list())
        assert set(patches.frame["seed"]) == {seed}
    assert kept[0] == kept[1] != kept[2]


def test_without_a_place_images_are_not_looked_at(write_tiff, tmp_path, smalti_cli):
    done = smalti_cli("curate", "dedupe", write_tiff("a.tif", tissue((16, 16))))
    assert done.returncode == 2
    assert "with -o" in done.stderr
