import json
import shutil

import numpy as np
import polars as pl
import pytest
import zarr
from made import assert_cut_from, made, tissue

from smalti.core.errors import UsageError
from smalti.core.image import ImageRef
from smalti.curation.names import parse
from smalti.loaders.choose import read_later

SIZE = {"voxel_size": "0.1,0.1,0.1"}
"""Spacing that lets all axes be cut."""


def rows(patches, **values):
    return patches.frame.filter(**values)


@pytest.mark.parametrize(
    ("name", "axes"),
    [
        ("em/em_volume.nrrd", {0}),
        ("em/em_volume.mrc", {0, 1, 2}),
        ("em/em_volume_imagej.tif", {0}),
        ("em/em_volume.nii.gz", {0}),
        ("omezarr/em_zyx_v05.ome.zarr", {0}),
    ],
)
def test_real_volumes_of_every_format_are_cut_to_the_last_slice(data, tmp_path, name, axes):
    outcome, patches = made("patch3d", data / name, tmp_path / "p", crop_size=48, min_size=1, dedupe=False)
    volume = np.asarray(read_later(ImageRef(str(data / name), name), 2**30).read()).squeeze()
    assert outcome.ok == 1
    found = set(patches.frame["axis"])
    assert found <= axes
    if volume.dtype == np.uint8:
        seen = assert_cut_from(patches, volume)
        assert all((seen[axis] == 1).all() for axis in found)
    assert patches.frame.filter(axis=0)["slice"].max() == volume.shape[0] - 1


@pytest.mark.parametrize("memory", ["128MB", "20kB"])
@pytest.mark.parametrize("edge", ["keep", "drop", "pad"])
def test_patches_along_all_axes_hold_every_voxel_of_a_volume_as_the_edge_rule_says(
    write_tiff, tmp_path, edge, memory
):
    volume = tissue((37, 50, 41))
    path = write_tiff("v.tif", volume, imagej=True, metadata={"axes": "ZYX"})
    _, patches = made(
        "patch3d",
        path,
        tmp_path / "p",
        crop_size=16,
        min_size=4,
        edge=edge,
        memory=memory,
        dedupe=False,
        **SIZE,
    )
    seen = assert_cut_from(patches, volume)
    least = 16 if edge == "drop" else 4
    covered = [np.arange(n) < (n if n % 16 >= least else n // 16 * 16) for n in volume.shape]
    for axis in range(3):
        inside = np.ones(volume.shape, int)
        for other in {0, 1, 2} - {axis}:
            inside &= covered[other].reshape([-1 if i == other else 1 for i in range(3)])
        assert np.array_equal(seen[axis], inside)
    if edge == "pad":
        assert set(patches.frame["height"]) == set(patches.frame["width"]) == {16}
        last = patches.frame.with_row_index().filter(pl.col("x1") - pl.col("x0") < 16)["index"][0]
        short = patches.frame.row(last, named=True)
        pixels, width = patches.read(last), short["x1"] - short["x0"]
        assert np.array_equal(pixels[:, width], pixels[:, width - 1])


def test_every_so_many_slices_are_cut_and_names_say_where(write_tiff, tmp_path):
    path = write_tiff("a-LOC-b.tif", tissue((20, 32, 32)), imagej=True, metadata={"axes": "ZYX"})
    _, patches = made("patch3d", path, tmp_path / "p", crop_size=16, spacing=7, dedupe=False, **SIZE)
    assert set(rows(patches, axis=0)["slice"]) == {0, 7, 14}
    assert set(rows(patches, axis=2)["slice"]) == {0, 7, 14, 21, 28}
    for row in patches.frame.iter_rows(named=True):
        place = parse(row["name"])
        assert place.dataset == "a-LOC-b"
        assert (place.axis, place.slice) == (row["axis"], row["slice"])
        assert (*place.rows, *place.columns) == (row["y0"], row["y1"], row["x0"], row["x1"])


@pytest.mark.parametrize(("z", "axes"), [(5.0, {0, 1, 2}), (45.0, {0})])
def test_spacing_without_a_unit_tells_whether_a_volume_is_cut_along_all_axes(tmp_path, z, axes):
    SimpleITK = pytest.importorskip("SimpleITK")  # noqa: N806
    image = SimpleITK.GetImageFromArray(tissue((20, 20, 20)))
    image.SetSpacing([4.6, 4.6, z])
    SimpleITK.WriteImage(image, str(tmp_path / "v.nrrd"))
    outcome, patches = made("patch3d", tmp_path / "v.nrrd", tmp_path / "p", crop_size=16)
    assert set(patches.frame["axis"]) == axes
    assert ("off that of x" in outcome.items[0].why) == (axes == {0})
    assert patches.frame["voxel_size"].null_count() == len(patches)


@pytest.mark.parametrize(
    ("spacing", "axes", "said"),
    [
        ("0.1,0.1,0.1", {0, 1, 2}, ""),
        ("0.125,0.1,0.1", {0, 1, 2}, ""),
        ("0.13,0.1,0.1", {0}, "30% off"),
        ("0.1,0.2,0.1", {0}, "50% off"),
        ("0.1,0.1,0.2", {0}, "50% off"),
        (None, {0}, "states no spacing"),
    ],
)
def test_only_xy_is_cut_where_spacing_is_unknown_or_differs_and_that_is_said(
    write_tiff, tmp_path, spacing, axes, said
):
    path = write_tiff("v.tif", tissue((20, 20, 20)), imagej=True, metadata={"axes": "ZYX"})
    outcome, patches = made("patch3d", path, tmp_path / "p", crop_size=16, voxel_size=spacing)
    assert set(patches.frame["axis"]) == axes
    assert said in outcome.items[0].why
    wanted = None if spacing is None else [float(size) for size in spacing.split(",")]
    assert (
        patches.frame["voxel_size"][0].to_list() == wanted
        if wanted
        else patches.frame["voxel_size"][0] is None
    )


def test_a_stack_of_a_video_is_cut_along_time_only(data, write_tiff, tmp_path):
    write_tiff("my_Video_1.tif", tissue((20, 20, 20)), imagej=True, metadata={"axes": "ZYX"})
    shutil.copy(data / "video" / "clip_ffv1_lossless.avi", tmp_path / "images")
    outcome, patches = made("patch3d", tmp_path / "images", tmp_path / "p", crop_size=16, **SIZE)
    assert [(item.status, "video" in item.why) for item in outcome.items] == [("ok", True)] * 2
    assert set(patches.frame["axis"]) == {0}


def test_planted_repeats_and_flat_resin_are_told_from_what_is_new(write_tiff, tmp_path):
    volume = tissue((8, 64, 64)).astype(float)
    volume[4:] = volume[:4]
    volume[:, :32, :32] = 200
    volume += np.random.default_rng(1).normal(0, 2, volume.shape)
    path = write_tiff(
        "v.tif", np.clip(volume, 0, 255).astype(np.uint8), imagej=True, metadata={"axes": "ZYX"}
    )
    outcome, patches = made("patch3d", path, tmp_path / "p", crop_size=32, axes="0", keep_flat=2)
    flat, loud = rows(patches, is_flat=True), rows(patches, is_flat=False)
    assert flat.select("y0", "x0").unique().rows() == [(0, 0)]
    assert (flat.height, flat["cluster"].n_unique(), (flat["decision"] == "keep").sum()) == (8, 1, 2)
    assert loud.height == 24
    assert loud.filter(pl.col("slice") >= 4)["decision"].unique().to_list() == ["drop"]
    stored = patches.frame.filter(pl.col("array").is_not_null())
    assert stored["decision"].unique().to_list() == ["keep"]
    assert (
        outcome.total == stored.height == zarr.open_group(patches.folder / "patches.zarr")["32x32"].shape[0]
    )
    members = patches.members(int(loud["cluster"][0]))
    assert members["is_exemplar"].to_list() == [True] + [False] * (members.height - 1)
    assert patches.clusters()["cluster_size"][0] == 8


def test_an_unreadable_volume_costs_only_itself_and_is_tried_again(write_tiff, tmp_path, smalti_cli):
    write_tiff("a.tif", tissue((4, 32, 32)), imagej=True, metadata={"axes": "ZYX"})
    bad = write_tiff("b.tif", tissue((4, 32, 32), 1), imagej=True, metadata={"axes": "ZYX"})
    whole = bad.read_bytes()
    bad.write_bytes(whole[:300])
    write_tiff("c.tif", tissue((4, 32, 32), 2), imagej=True, metadata={"axes": "ZYX"})
    command = ["curate", "patch3d", tmp_path / "images", "-o", tmp_path / "p", "--crop-size", "16", "--json"]
    done = smalti_cli(*command)
    told = json.loads(done.stdout)
    assert done.returncode == 1
    assert [item["status"] for item in told["items"]] == ["ok", "failed", "ok"]
    assert told["items"][1]["why"]
    bad.write_bytes(whole)
    assert smalti_cli(*command).returncode == 0
    _, alone = made("patch3d", tmp_path / "images", tmp_path / "q", crop_size=16)
    assert (
        pl.read_parquet(tmp_path / "p" / "patches.parquet")
        .drop("array", "row")
        .equals(alone.frame.drop("array", "row"))
    )


ODD = {
    "int8": (tissue((4, 32, 32)).astype(int) - 128).astype(np.int8),
    "12 bit in uint16": tissue((4, 32, 32)).astype(np.uint16) * 16,
    "float with negatives and NaN": np.where(
        tissue((4, 32, 32)) < 9, np.nan, tissue((4, 32, 32)) - 100.0
    ).astype("f4"),
    "one slice": tissue((1, 32, 32)),
    "two axes": tissue((32, 32)),
}


@pytest.mark.parametrize("kind", ODD)
def test_odd_volumes_are_cut_with_contrast(tmp_path, kind):
    (tmp_path / "images").mkdir()
    np.save(tmp_path / "images" / "v.npy", ODD[kind])
    outcome, patches = made("patch3d", tmp_path / "images", tmp_path / "p", crop_size=16)
    assert outcome.ok == 1
    assert patches.frame.height == 4 * (ODD[kind].size // 1024)
    assert patches.read(0).dtype == np.uint8
    assert np.ptp(np.stack([patches.read(i) for i in range(4)])) > 100


def test_of_four_axes_the_first_volume_is_cut_and_that_is_said(write_tiff, tmp_path):
    pixels = np.stack([tissue((5, 32, 32), seed) for seed in range(3)])
    path = write_tiff("v.tif", pixels, imagej=True, metadata={"axes": "TZYX"})
    outcome, patches = made("patch3d", path, tmp_path / "p", crop_size=16, dedupe=False, **SIZE)
    assert "time 0 of 3" in outcome.items[0].why
    assert_cut_from(patches, pixels[0])


def test_a_volume_smaller_than_the_least_patch_is_skipped_with_what_to_do(write_tiff, tmp_path, smalti_cli):
    write_tiff("v.tif", tissue((4, 32, 32)), imagej=True, metadata={"axes": "ZYX"})
    done = smalti_cli("curate", "patch3d", tmp_path / "images", "-o", tmp_path / "p")
    assert done.returncode == 0
    assert "skipped: v.tif: it is 4 × 32 × 32, and the least patch 112 × 112; give a smaller" in done.stdout


@pytest.mark.parametrize("write", ["tiff", "none"])
def test_patches_in_files_and_in_their_sources_are_those_in_the_store(write_tiff, tmp_path, write):
    path = write_tiff(
        "v.tif", tissue((20, 33, 40)).astype(np.uint16) * 9, imagej=True, metadata={"axes": "ZYX"}
    )
    options = {"crop_size": 16, "min_size": 1, "edge": "pad", **SIZE}
    _, stored = made("patch3d", path, tmp_path / "p", **options)
    _, other = made("patch3d", path, tmp_path / "q", write=write, **options)
    assert stored.frame["patch_id"].equals(other.frame["patch_id"])
    for i in np.flatnonzero(stored.frame["decision"] == "keep")[::17].tolist():
        assert np.array_equal(stored.read(i), other.read(i))
    if write == "tiff":
        files = {p.relative_to(other.folder).as_posix() for p in other.folder.rglob("*.tiff")}
        assert files == set(other.frame["file"].drop_nulls()) == {f"v/{n}.tiff" for n in other.kept()["name"]}


def test_a_grown_folder_costs_only_what_is_new_or_changed(write_tiff, tmp_path, monkeypatch):
    from smalti.curation import cutting

    opened = []
    images_of = cutting.images_of
    monkeypatch.setattr(
        cutting, "images_of", lambda source: opened.append(source.ref.path) or images_of(source)
    )
    options = {"crop_size": 16, **SIZE}

    def run():
        opened.clear()
        return made("patch3d", tmp_path / "images", tmp_path / "p", **options)

    for name in "ac":
        write_tiff(f"{name}.tif", tissue((4, 32, 32), ord(name)), imagej=True, metadata={"axes": "ZYX"})
    run()
    assert set(opened) == {"a.tif", "c.tif"}
    before = run()[1].frame
    assert opened == []
    write_tiff("b.tif", tissue((4, 32, 32), 5), imagej=True, metadata={"axes": "ZYX"})
    write_tiff("c.tif", tissue((6, 32, 32), 6), imagej=True, metadata={"axes": "ZYX"})
    outcome, patches = run()
    assert set(opened) == {"b.tif", "c.tif"}
    assert [item.made for item in outcome.items] == [16, 16, 24]
    assert patches.frame.filter(dataset="a").equals(before.filter(dataset="a"))
    (tmp_path / "images" / "a.tif").unlink()
    assert set(run()[1].frame["dataset"]) == {"b", "c"}


def test_files_of_patches_whose_source_changed_go(write_tiff, tmp_path):
    for n in (6, 4):
        path = write_tiff("v.tif", tissue((n, 32, 32), n), imagej=True, metadata={"axes": "ZYX"})
        _, patches = made("patch3d", path, tmp_path / "p", crop_size=16, write="tiff", dedupe=False)
        files = {p.relative_to(patches.folder).as_posix() for p in patches.folder.rglob("*.tiff")}
        assert files == set(patches.frame["file"])
        assert len(files) == 4 * n
        assert np.array_equal(patches.read(3), tissue((n, 32, 32), n)[0, 16:, 16:])


def test_other_options_need_another_folder_or_fresh(write_tiff, tmp_path):
    path = write_tiff("v.tif", tissue((4, 32, 32)), imagej=True, metadata={"axes": "ZYX"})
    made("patch3d", path, tmp_path / "p", crop_size=16)
    with pytest.raises(UsageError, match="was made with crop_size=16, now 8 is asked for"):
        made("patch3d", path, tmp_path / "p", crop_size=8)
    _, patches = made("patch3d", path, tmp_path / "p", crop_size=8, fresh=True)
    assert set(patches.frame["height"]) == {8}
    assert sorted(p.name for p in (tmp_path / "p").iterdir()) == [
        ".lock",
        "patches.parquet",
        "patches.zarr",
        "sources.parquet",
    ]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--axes", "0", "3"], "give some of 0 (xy), 1 (xz) and 2 (yz)"),
        (["--voxel-size", "1,2"], "give z,y,x in µm"),
        (["--voxel-size", "1,2,-3"], "three numbers above 0"),
        (["--crop-size", "0"], "a whole number from 1"),
        (["--channel", "red"], "give luma, or a number"),
    ],
)
def test_wrong_options_end_with_two_and_leave_nothing(write_tiff, tmp_path, smalti_cli, options, said):
    path = write_tiff("v.tif", tissue((4, 32, 32)), imagej=True, metadata={"axes": "ZYX"})
    done = smalti_cli("curate", "patch3d", path, "-o", tmp_path / "p", *options)
    assert done.returncode == 2
    assert said in done.stderr
    assert not (tmp_path / "p" / "patches.parquet").exists()


def test_axes_may_be_given_as_older_scripts_took_them(write_tiff, tmp_path, smalti_cli):
    path = write_tiff("v.tif", tissue((20, 20, 20)), imagej=True, metadata={"axes": "ZYX"})
    done = smalti_cli(
        "curate",
        "patch3d",
        path,
        "-o",
        tmp_path / "p",
        "--axes",
        "0",
        "2",
        "--crop-size",
        "16",
        "--voxel-size",
        "1,1,1",
    )
    assert done.returncode == 0, done.stderr
    assert set(pl.read_parquet(tmp_path / "p" / "patches.parquet")["axis"]) == {0, 2}


def test_a_folder_that_holds_other_things_is_left_alone(write_tiff, tmp_path):
    path = write_tiff("v.tif", tissue((4, 32, 32)))
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("keep me")
    with pytest.raises(UsageError, match="holds other things"):
        made("patch3d", path, tmp_path / "mine", crop_size=16)
    assert [p.name for p in (tmp_path / "mine").iterdir()] == ["notes.txt"]
