"""From patches back to voxels: exactly those of the source, for every axis, edge, type and form."""

import json
import subprocess
import sys
from pathlib import Path

import mrcfile
import numpy as np
import polars as pl
import pytest
import SimpleITK
import tifffile
import zarr
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

import smalti
from smalti.cli.main import app
from smalti.core.errors import UsageError
from smalti.core.image import ImageRef
from smalti.core.progress import Silent
from smalti.curation import crop, patch3d, reconstruct
from smalti.curation.ledger import ledger_of
from smalti.curation.names import parse
from smalti.curation.plans import SkipError
from smalti.curation.surroundings import Boxes, slices_around
from smalti.loaders.choose import read_later

RNG = np.random.default_rng(3)
ORDERS = ((0, 1, 2), (1, 0, 2), (2, 0, 1))
EM = ["em_volume.nrrd", "em_volume.mrc", "em_volume_imagej.tif", "em_volume.nii.gz", "em_small.mrc"]


def run(patches, volumes, out, **options):
    return reconstruct(patches, volumes, out, progress=Silent(), **options)


def read_by_others(path):
    """Voxels of a result as a library reads them that had no part in writing it."""
    if path.suffix == ".nrrd":
        return SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(path)))
    if path.suffix == ".zarr":
        return zarr.open_group(path, mode="r")["0"][:]
    return tifffile.imread(path)


def source_pixels(path):
    if path.suffix == ".mrc":
        with mrcfile.open(path) as file:
            return file.data.copy()
    if path.suffix == ".tif":
        return tifffile.imread(path)
    return SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(path)))


def flipbook(volume, axis, at, rows, columns, n, mode="shift"):
    """Slices around a patch, by NumPy: mirrored ones by padding the whole volume."""
    turned = volume.transpose(ORDERS[axis])
    first = at - n // 2
    if mode == "reflect":
        turned = np.pad(turned, [(n, n), (0, 0), (0, 0)], mode="reflect")
        first += n
    else:
        first = min(max(first, 0), len(turned) - n)
    return turned[first : first + n, slice(*rows), slice(*columns)]


def places_in(shape, axis, side=9):
    """A patch at each end of an axis and one in the middle."""
    n, height, width = (shape[i] for i in ORDERS[axis])
    side = min(side, height, width)
    for at in (0, n // 2, n - 1):
        top, left = int(RNG.integers(height - side + 1)), int(RNG.integers(width - side + 1))
        yield at, (top, top + side), (left, left + side)


def name_of(dataset, axis, at, rows, columns):
    return f"{dataset}-LOC-{axis}_{at:03d}_{rows[0]}-{rows[1]}_{columns[0]}-{columns[1]}.tiff"


def the_file(out, kind="*"):
    return next(path for path in Path(out).glob(kind) if path.suffix in (".nrrd", ".tif", ".zarr"))


@pytest.mark.parametrize("form", ["nrrd", "tiff", "zarr"])
@pytest.mark.parametrize("name", EM)
def test_real_volumes_give_back_their_voxels_exactly(name, form, data, tmp_path):
    volume = source_pixels(data / "em" / name)
    dataset = name.partition(".")[0]
    for axis in range(3):
        for i, (at, rows, columns) in enumerate(places_in(volume.shape, axis)):
            for edge in ("shift", "reflect"):
                out = tmp_path / f"{axis}{i}{edge}"
                patch = name_of(dataset, axis, at, rows, columns)
                options = {"edge": edge, "write": form, "shape": "flipbook"}
                assert run(patch, data / "em" / name, out, **options).ok == 1
                found = read_by_others(the_file(out))
                assert found.dtype == volume.dtype
                np.testing.assert_array_equal(found, flipbook(volume, axis, at, rows, columns, 5, edge))


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_sub_volume_lies_as_its_volume_does_with_place_and_spacing(axis, data, tmp_path):
    volume = source_pixels(data / "em" / "em_volume.mrc")
    at, rows, columns = 8, (3, 14), (5, 17)
    run(name_of("em_volume", axis, at, rows, columns), data / "em" / "em_volume.mrc", tmp_path, nz=7)
    path = the_file(tmp_path)
    cube, image = parse(path.name), SimpleITK.ReadImage(str(path))
    wanted = flipbook(volume, axis, at, rows, columns, 7).transpose(np.argsort(ORDERS[axis]))
    np.testing.assert_array_equal(SimpleITK.GetArrayFromImage(image), wanted)
    np.testing.assert_array_equal(volume[slice(*cube.z), slice(*cube.y), slice(*cube.x)], wanted)
    assert image.GetSpacing() == pytest.approx([0.0046] * 3)
    assert image.GetOrigin() == pytest.approx([0.0046 * span[0] for span in (cube.x, cube.y, cube.z)])


def test_spacing_of_a_flipbook_follows_its_axes(tmp_path):
    image = SimpleITK.GetImageFromArray(RNG.integers(0, 9, (20, 30, 40)).astype(np.uint8))
    image.SetSpacing((1, 2, 7))
    SimpleITK.WriteImage(image, str(tmp_path / "v.nii"))
    run("v-LOC-2_10_2-12_3-13", tmp_path / "v.nii", tmp_path / "o", shape="flipbook")
    found = SimpleITK.ReadImage(str(the_file(tmp_path / "o")))
    assert found.GetSpacing() == pytest.approx((2000, 7000, 1000))  # columns y, rows z, slices x, in µm


TYPES = [
    "int8",
    "uint8",
    "int16",
    "uint16",
    "int32",
    "uint32",
    "int64",
    "uint64",
    "float32",
    "float64",
    "bool",
]


@pytest.mark.parametrize("dtype", TYPES)
def test_every_type_comes_back_exactly(dtype, write_tiff, tmp_path):
    volume = (RNG.integers(0, 4096, (9, 30, 40)) - (0 if dtype[0] == "u" else 2048)).astype(dtype)
    if dtype.startswith("float"):
        volume[4, 5, 6:9] = np.nan, np.inf, -np.inf
    write_tiff("v.tif", volume, metadata={"axes": "ZYX"}, photometric="minisblack")
    for form in ("nrrd", "tiff", "zarr"):
        run("v-LOC-0_4_0-20_1-31", tmp_path / "images", tmp_path / form, write=form)
        np.testing.assert_array_equal(read_by_others(the_file(tmp_path / form)), volume[2:7, :20, 1:31])


def test_ome_zarr_is_read_by_chunks_around_the_patch_only(tmp_path):
    volume = RNG.integers(0, 60_000, (40, 90, 100)).astype(np.uint16)
    array = zarr.create_array(tmp_path / "v.zarr", shape=volume.shape, chunks=(8, 32, 32), dtype=np.uint16)
    array[:] = volume
    for path in (tmp_path / "v.zarr" / "c").rglob("*"):  # chunks that are not needed cannot be read
        z = int(path.relative_to(tmp_path / "v.zarr" / "c").parts[0])
        if path.is_file() and z not in (1, 2):
            path.write_bytes(b"broken")
    assert run("v-LOC-0_15_10-50_20-90", tmp_path / "v.zarr", tmp_path / "o").ok == 1
    np.testing.assert_array_equal(read_by_others(the_file(tmp_path / "o")), volume[13:18, 10:50, 20:90])
    assert run("v-LOC-0_30_10-50_20-90", tmp_path / "v.zarr", tmp_path / "o").failed == 1


def test_an_even_number_of_slices_is_a_usage_error(tmp_path):
    call = ["curate", "reconstruct", "v-LOC-0_1_0-9_0-9", "-v", tmp_path, "-o", tmp_path / "o", "-nz", "4"]
    command = [sys.executable, "-m", "smalti.cli", *map(str, call)]
    result = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    assert result.returncode == 2
    assert "-nz is 4; give an odd number, such as 5" in result.stderr
    assert not (tmp_path / "o").exists()


def test_a_volume_whose_name_is_part_of_another_is_not_confused(write_tiff, tmp_path):
    volumes = {
        name: RNG.integers(0, 99, (7, 20, 20)).astype(np.uint8) for name in ("cell", "cell_2", "my-cell")
    }
    for name, pixels in volumes.items():
        write_tiff(f"{name}.tif", pixels, metadata={"axes": "ZYX"})
    outcome = run(["cell-LOC-0_3_0-9_0-9", "cel-LOC-0_3_0-9_0-9"], tmp_path / "images", tmp_path / "o")
    assert [item.status for item in outcome.items] == ["ok", "failed"]
    assert outcome.items[1].why == "no volume is called 'cel'; the nearest name among 3 is 'cell'"
    np.testing.assert_array_equal(read_by_others(the_file(tmp_path / "o")), volumes["cell"][1:6, :9, :9])


def test_of_two_volumes_of_one_name_the_one_that_is_meant_is_asked_for(write_tiff, tmp_path):
    for name in ("one/v.tif", "two/v.tif"):
        write_tiff(name, np.zeros((7, 20, 20), np.uint8), metadata={"axes": "ZYX"})
    item = run("v-LOC-0_3_0-9_0-9", tmp_path / "images", tmp_path / "o").items[0]
    assert item.status == "failed"
    assert item.why == "2 volumes are called 'v' (one/v.tif, two/v.tif); give the one that is meant"


def test_patches_of_a_set_know_which_of_two_volumes_of_one_name_they_are_of(write_tiff, tmp_path):
    names = ("one/v.tif", "two/v.tif", "two/w.tif", "two/w.ome.tif")
    volumes = {name: RNG.integers(0, 99, (9, 20, 20)).astype(np.uint8) for name in names}
    for name, pixels in volumes.items():
        write_tiff(name, pixels, metadata={"axes": "ZYX"})
    options = {"crop_size": 20, "spacing": 4, "dedupe": False, "axes": (0,), "progress": Silent()}
    patch3d(tmp_path / "images", tmp_path / "p", **options)
    outcome = run(tmp_path / "p", tmp_path / "images", tmp_path / "o", nz=1)
    assert (outcome.ok, outcome.failed) == (12, 0)
    for row in pl.read_parquet(tmp_path / "o" / "reconstruct.parquet").iter_rows(named=True):
        source = Path(row["source_uri"]).relative_to(tmp_path / "images").as_posix()
        wanted = volumes[source][row["box"][0] : row["box"][1]]
        np.testing.assert_array_equal(read_by_others(tmp_path / "o" / row["file"]), wanted)


def test_another_run_at_work_in_the_folder_is_not_disturbed(write_tiff, tmp_path):
    write_tiff("v.tif", np.zeros((9, 20, 20), np.uint8), metadata={"axes": "ZYX"})
    with (
        ledger_of(tmp_path / "o", "reconstruct", {}),
        pytest.raises(UsageError, match="another run is at work on"),
    ):
        run("v-LOC-0_3_0-9_0-9", tmp_path / "images", tmp_path / "o")


def test_a_patch_of_a_cube_is_placed_in_the_cube_and_in_the_volume_alike(tmp_path, write_tiff):
    volume = RNG.integers(0, 99, (40, 60, 70)).astype(np.uint8)
    write_tiff("v.tif", volume, metadata={"axes": "ZYX"})
    crop(tmp_path / "images", tmp_path / "cubes", gigabytes=0, crop=24, seed=4, progress=Silent())
    cube = the_file(tmp_path / "cubes").name.removesuffix(".nrrd")
    patches = [f"{cube}-LOC-{axis}_{at}_2-18_3-20" for axis in range(3) for at in (0, 12, 23)]
    for edge in ("shift", "reflect"):
        options = {"edge": edge, "overlap": 1, "shape": "flipbook"}
        one = run(patches, tmp_path / "cubes", tmp_path / f"of cube {edge}", **options)
        other = run(patches, tmp_path / "images", tmp_path / f"of volume {edge}", **options)
        assert (one.ok, other.ok) == (9, 9)
        for path in (tmp_path / f"of cube {edge}").glob("*.nrrd"):
            same = read_by_others(tmp_path / f"of volume {edge}" / path.name)
            np.testing.assert_array_equal(read_by_others(path), same)


def test_sets_of_real_patches_are_found_again_with_the_voxels_they_were_cut_of(data, tmp_path):
    source = data / "em" / "em_volume.mrc"
    patches = patch3d(
        source, tmp_path / "p", crop_size=64, min_size=16, spacing=9, intensity="data", progress=Silent()
    )
    outcome = run(tmp_path / "p", data / "em", tmp_path / "o", shape="flipbook", overlap=1, edge="reflect")
    assert (outcome.ok, outcome.failed) == (patches.kept().height, 0)
    window = patches.frame.row(0, named=True)
    for row in pl.read_parquet(tmp_path / "o" / "reconstruct.parquet").iter_rows(named=True):
        middle = read_by_others(tmp_path / "o" / row["file"])[2].astype(np.float64)
        grey = np.rint((middle - window["low"]) * 255 / (window["high"] - window["low"]))
        number = patches.frame["patch_id"].index_of(row["key"])
        assert np.abs(grey - patches.read(number)).max() <= 1


@pytest.mark.parametrize("ngff", ["0.4", "0.5"])
def test_pyramids_give_back_the_voxels_of_their_first_level(ngff, data, tmp_path):
    volume = source_pixels(data / "em" / "em_volume.nrrd")
    options = {
        "axes": "zyx",
        "scale": {"z": 45, "y": 4.6, "x": 4.6},
        "units": "nanometer",
        "scale_factors": [2],
    }
    (tmp_path / "v").mkdir()
    smalti.write_pyramid(volume, tmp_path / "v" / "em.ome.zarr", ngff, **options)
    places = [(axis, *place) for axis in range(3) for place in places_in(volume.shape, axis)]
    patches = [name_of("em", *place) for place in places]
    assert run(patches, tmp_path / "v", tmp_path / "o", overlap=1, shape="flipbook", nz=3).ok == 9
    found = pl.read_parquet(tmp_path / "o" / "reconstruct.parquet")
    assert found["voxel_size"].unique().to_list() == [pytest.approx([0.045, 0.0046, 0.0046])]
    for axis, at, rows, columns in places:
        key = name_of("em", axis, at, rows, columns).removesuffix(".tiff").replace(f"_{at:03d}_", f"_{at}_")
        file = found.row(by_predicate=pl.col("key") == key, named=True)["file"]
        wanted = flipbook(volume, axis, at, rows, columns, 3)
        np.testing.assert_array_equal(read_by_others(tmp_path / "o" / file), wanted)


def test_sub_volumes_that_overlap_earlier_ones_are_left_out(write_tiff, tmp_path):
    write_tiff("v.tif", np.zeros((30, 40, 40), np.uint8), metadata={"axes": "ZYX"})
    patches = ["v-LOC-0_5_0-20_0-20", "v-LOC-0_6_0-20_0-20", "v-LOC-0_20_0-20_0-20", "v-LOC-1_30_0-20_20-40"]
    outcome = run(patches, tmp_path / "images", tmp_path / "o")
    assert [item.status for item in outcome.items] == ["ok", "skipped", "ok", "ok"]
    assert outcome.items[1].why == "80% of it is in the sub-volume of v-LOC-0_5_0-20_0-20 (--overlap 0)"
    assert run(patches, tmp_path / "images", tmp_path / "more", overlap=0.8).ok == 4


def test_patches_that_cannot_be_found_again_say_why(write_tiff, tmp_path):
    write_tiff("v.tif", np.zeros((30, 40, 40), np.uint8), metadata={"axes": "ZYX"})
    write_tiff("flat.tif", np.zeros((1, 40, 40), np.uint8), metadata={"axes": "ZYX"})
    (tmp_path / "images" / "bad.nrrd").write_text("NRRD0005\ntype: uchar\n")
    names = {
        "v-LOC-0_30_0-9_0-9": "its slice 30-31 reach beyond the 30 of its volume",
        "v-LOC-0_3_0-50_0-9": "its rows 0-50 reach beyond the 40 of its volume",
        "v-LOC-2d-0-9_0-9": "it is a patch of an image, which has no slices around it",
        "flat-LOC-0_0_0-9_0-9": "5 slices are asked for, there are 1; give a smaller -nz, or --edge reflect",
        "v-LOC-0_3-8_0-9_0-9": "it is a flipbook already",
        "v-ROI-x0-9_y0-9_z0-9": "it is a cube, not a patch",
    }
    (tmp_path / "p").mkdir()
    for name in [*names, "plain", "bad-LOC-0_3_0-9_0-9", "v-LOC-0_3_0-9_0-9"]:
        tifffile.imwrite(tmp_path / "p" / f"{name}.tif", np.zeros((9, 9), np.uint8))
    items = {
        item.path.removesuffix(".tif"): item
        for item in run(tmp_path / "p", tmp_path / "images", tmp_path / "o").items
    }
    assert {name: items[name].why for name in names} == names
    assert (items["plain"].status, items["bad-LOC-0_3_0-9_0-9"].status) == ("failed", "failed")
    assert items["v-LOC-0_3_0-9_0-9"].status == "ok"
    assert len(items) == 9


def test_edge_skip_leaves_the_ends_out_and_a_single_slice_can_be_mirrored(write_tiff, tmp_path):
    pixels = RNG.integers(0, 99, (1, 40, 40)).astype(np.uint8)
    write_tiff("flat.tif", pixels, metadata={"axes": "ZYX"})
    write_tiff("v.tif", np.zeros((30, 40, 40), np.uint8), metadata={"axes": "ZYX"})
    outcome = run(
        ["v-LOC-0_1_0-9_0-9", "v-LOC-0_2_0-9_0-9"], tmp_path / "images", tmp_path / "o", edge="skip"
    )
    assert [item.status for item in outcome.items] == ["skipped", "ok"]
    run("flat-LOC-0_0_0-9_0-9", tmp_path / "images", tmp_path / "m", edge="reflect", shape="flipbook")
    np.testing.assert_array_equal(
        read_by_others(the_file(tmp_path / "m")), np.repeat(pixels[:, :9, :9], 5, 0)
    )


def test_of_colours_and_several_channels_what_was_cut_is_taken(tmp_path):
    stack = RNG.integers(0, 255, (2, 9, 3, 20, 20)).astype(np.uint8)
    (tmp_path / "v").mkdir()
    tifffile.imwrite(
        tmp_path / "v" / "v.ome.tif", stack, ome=True, metadata={"axes": "TZCYX"}, photometric="minisblack"
    )
    patch3d(
        tmp_path / "v",
        tmp_path / "p",
        crop_size=16,
        min_size=16,
        channel="2",
        spacing=8,
        dedupe=False,
        progress=Silent(),
    )
    run(tmp_path / "p", tmp_path / "v", tmp_path / "o", shape="flipbook", overlap=1)
    path = tmp_path / "o" / "v-LOC-0_0-5_0-16_0-16.nrrd"
    np.testing.assert_array_equal(read_by_others(path), stack[0, :5, 2, :16, :16])


def test_new_patches_cost_only_themselves_and_a_changed_volume_makes_its_own_anew(write_tiff, tmp_path):
    write_tiff("v.tif", np.zeros((30, 40, 40), np.uint8), metadata={"axes": "ZYX"})
    run("v-LOC-0_5_0-20_0-20", tmp_path / "images", tmp_path / "o")
    path = the_file(tmp_path / "o")
    before = path.stat().st_mtime_ns
    patches = ["v-LOC-0_15_0-20_0-20", "v-LOC-0_5_0-20_0-20"]
    assert run(patches, tmp_path / "images", tmp_path / "o").ok == 2
    assert path.stat().st_mtime_ns == before
    write_tiff("v.tif", np.ones((30, 40, 40), np.uint8), metadata={"axes": "ZYX"})
    run(patches, tmp_path / "images", tmp_path / "o")
    assert read_by_others(path).min() == 1


def test_the_command_tells_of_each_patch_as_json(write_tiff, tmp_path):
    write_tiff("v.tif", np.zeros((30, 40, 40), np.uint8), metadata={"axes": "ZYX"})
    call = [
        "curate",
        "reconstruct",
        "v-LOC-0_5_0-20_0-20",
        "w-LOC-0_5_0-20_0-20",
        "-v",
        str(tmp_path / "images"),
    ]
    result = CliRunner().invoke(app, [*call, "-o", str(tmp_path / "o"), "-nz", "3", "--json"])
    assert result.exit_code == 1
    assert [item["status"] for item in json.loads(result.stdout)["items"]] == ["ok", "failed"]
    assert read_by_others(the_file(tmp_path / "o")).shape == (3, 20, 20)


def test_without_volumes_or_patches_nothing_is_written(tmp_path):
    with pytest.raises(UsageError, match="no volumes are given"):
        run("v-LOC-0_5_0-20_0-20", [], tmp_path / "o")
    with pytest.raises(UsageError, match="there is no file or folder nothing"):
        run("nothing", tmp_path, tmp_path / "o")
    assert list(tmp_path.iterdir()) == []


@given(at=st.integers(0, 30), length=st.integers(1, 31), first=st.integers(0, 9), half=st.integers(0, 6))
def test_mirrored_slices_are_those_that_numpy_pads(at, length, first, half):
    at, n = at % length, 2 * half + 1
    padded = (
        np.pad(np.arange(first, first + length), half, mode="reflect") if length > 1 else np.full(n, first)
    )
    wanted = padded[at : at + n]
    np.testing.assert_array_equal(slices_around(first + at, n, (first, first + length), "reflect"), wanted)


@given(at=st.integers(0, 30), length=st.integers(1, 31), half=st.integers(0, 6))
def test_shifted_slices_hold_the_patch_and_are_all_real(at, length, half):
    at, n = at % length, 2 * half + 1
    if n > length:
        with pytest.raises(SkipError):
            slices_around(at, n, (0, length), "shift")
        return
    found = slices_around(at, n, (0, length), "shift").tolist()
    assert found == list(range(found[0], found[0] + n))
    assert at in found
    assert found[0] >= 0
    assert found[-1] < length


spans = st.tuples(st.integers(0, 60), st.integers(1, 40)).map(lambda pair: (pair[0], pair[0] + pair[1]))


@given(boxes=st.lists(st.tuples(spans, spans, spans), max_size=12), most=st.sampled_from([0.0, 0.3, 0.9]))
def test_boxes_that_overlap_are_those_that_all_pairs_find(boxes, most):
    def share(a, b):
        shared = [max(0, min(p[1], q[1]) - max(p[0], q[0])) for p, q in zip(a, b, strict=True)]
        sizes = [np.prod([stop - start for start, stop in box]) for box in (a, b)]
        return np.prod(shared) / min(sizes)

    taken, kept = Boxes(most), []
    for number, box in enumerate(boxes):
        clash = any(share(box, other) > most for other in kept)
        assert (taken.overlapping(box) is not None) == clash
        if not clash:
            taken.take(str(number), box)
            kept.append(box)


def test_results_open_as_images_with_the_patch_in_their_metadata(write_tiff, tmp_path):
    write_tiff("v.tif", np.zeros((30, 40, 40), np.uint8), metadata={"axes": "ZYX"})
    run("v-LOC-0_5_0-20_0-20", tmp_path / "images", tmp_path / "o", gzip=True)
    image = read_later(ImageRef(str(the_file(tmp_path / "o")), "a.nrrd"), 1 << 30)
    assert (image.shape, image.metadata["patch"]) == ((5, 20, 20), "v-LOC-0_5_0-20_0-20")
