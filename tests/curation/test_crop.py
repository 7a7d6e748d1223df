"""Cubes of volumes: where they lie, and that their voxels are those of the source."""

import numpy as np
import polars as pl
import pytest
import SimpleITK
import tifffile

from smalti.core.image import ImageRef
from smalti.core.progress import Silent
from smalti.curation import crop
from smalti.curation.names import parse
from smalti.loaders.choose import read_later


def run(sources, out, **options):
    return crop(sources, out, progress=Silent(), **options)


def cubes_in(folder):
    return {path: parse(path.name) for path in sorted(folder.rglob("*ROI*")) if not path.name.startswith(".")}


def pixels_of(path):
    return read_later(ImageRef(str(path), path.name), 1 << 30).read()


@pytest.mark.parametrize("form", ["nrrd", "tiff", "zarr"])
def test_voxels_of_real_cubes_are_those_of_their_volume(form, data, tmp_path):
    source = data / "em" / "em_volume.mrc"
    outcome = run(source, tmp_path, gigabytes=0.0004, crop=40, write=form)
    whole, cubes = pixels_of(source), cubes_in(tmp_path)
    assert len(cubes) == outcome.total == int(0.0004e9 // (21 * 40 * 40 * 2))
    for path, cube in cubes.items():
        np.testing.assert_array_equal(pixels_of(path), whole[slice(*cube.z), slice(*cube.y), slice(*cube.x)])
        assert cube.dataset == "em_volume"


def test_spacing_and_place_are_kept_for_other_readers(data, tmp_path):
    run(data / "em" / "em_volume.mrc", tmp_path, gigabytes=0.0001, crop=16)
    for path, cube in cubes_in(tmp_path).items():
        found = SimpleITK.ReadImage(str(path))
        assert found.GetSpacing() == pytest.approx([0.0046] * 3)
        assert found.GetOrigin() == pytest.approx([0.0046 * span[0] for span in (cube.x, cube.y, cube.z)])


def test_spacing_without_a_unit_is_kept_as_it_is(data, tmp_path):
    run(data / "em" / "em_volume.nrrd", tmp_path, gigabytes=0.0001, crop=16)
    for path in cubes_in(tmp_path):
        assert SimpleITK.ReadImage(str(path)).GetSpacing() == pytest.approx((4.6, 4.6, 45))


def test_cubes_do_not_overlap_and_depend_on_the_seed_alone(write_tiff, tmp_path):
    write_tiff("a.tif", np.zeros((50, 60, 70), np.uint8), metadata={"axes": "ZYX"})
    for name, seed in (("one", 0), ("two", 0), ("other", 1)):
        run(tmp_path / "images", tmp_path / name, gigabytes=0.0001, crop=16, seed=seed)
    one, two, other = (sorted(p.name for p in cubes_in(tmp_path / n)) for n in ("one", "two", "other"))
    assert one == two != other
    counts = np.zeros((50, 60, 70), int)
    for cube in cubes_in(tmp_path / "one").values():
        counts[slice(*cube.z), slice(*cube.y), slice(*cube.x)] += 1
    assert counts.max() == 1


def test_a_cube_larger_than_the_volume_is_the_volume(write_tiff, tmp_path):
    pixels = np.random.default_rng(0).normal(size=(5, 60, 20)).astype(np.float32)
    write_tiff("a.tif", pixels, metadata={"axes": "ZYX"})
    run(tmp_path / "images", tmp_path / "o", gigabytes=0, crop=256)
    assert [path.name for path in cubes_in(tmp_path / "o")] == ["a-ROI-x0-20_y0-60_z0-5.nrrd"]
    np.testing.assert_array_equal(pixels_of(tmp_path / "o" / "a-ROI-x0-20_y0-60_z0-5.nrrd"), pixels)


def test_small_volumes_films_and_images_are_skipped_and_say_why(write_tiff, tmp_path):
    write_tiff("film.tif", np.zeros((9, 20, 20), np.uint8), metadata={"axes": "TYX"})
    write_tiff("image.tif", np.zeros((20, 20), np.uint8))
    write_tiff("small.tif", np.zeros((9, 20, 20), np.uint8), metadata={"axes": "ZYX"})
    items = run(tmp_path / "images", tmp_path / "o").items
    assert [item.status for item in items] == ["skipped"] * 3
    assert "points of time" in items[0].why
    assert "one slice" in items[1].why
    assert "not above 5; use it as a whole" in items[2].why


def test_of_a_volume_at_several_times_the_first_is_taken_and_said(write_tiff, tmp_path):
    pixels = np.random.default_rng(0).integers(-9, 9, (2, 6, 20, 20)).astype(np.int8)
    write_tiff("a.ome.tif", pixels, metadata={"axes": "TZYX"}, ome=True)
    item = run(tmp_path / "images", tmp_path / "o", gigabytes=0, crop=64).items[0]
    assert (item.status, item.why) == ("ok", "time 0 of 2 is taken")
    np.testing.assert_array_equal(pixels_of(next(iter(cubes_in(tmp_path / "o")))), pixels[0])


def test_a_grown_folder_leaves_old_cubes_and_a_changed_volume_takes_its_own_away(write_tiff, tmp_path):
    write_tiff("a.tif", np.zeros((20, 40, 40), np.uint8), metadata={"axes": "ZYX"})
    run(tmp_path / "images", tmp_path / "o", gigabytes=0, crop=8)
    old = {path: path.stat().st_mtime_ns for path in cubes_in(tmp_path / "o")}
    write_tiff("b.tif", np.zeros((20, 40, 40), np.uint8), metadata={"axes": "ZYX"})
    run(tmp_path / "images", tmp_path / "o", gigabytes=0, crop=8)
    assert {path: path.stat().st_mtime_ns for path in old} == old
    write_tiff("a.tif", np.zeros((7, 7, 7), np.uint8), metadata={"axes": "ZYX"})
    run(tmp_path / "images", tmp_path / "o", gigabytes=0, crop=8)
    names = pl.read_parquet(tmp_path / "o" / "crop.parquet").filter(source_path="a.tif")["file"].to_list()
    assert names == ["a-ROI-x0-7_y0-7_z0-7.nrrd"]
    assert not any(path.exists() for path in old)


def test_a_bad_volume_costs_only_itself(write_tiff, tmp_path):
    write_tiff("a.tif", np.zeros((20, 40, 40), np.uint8), metadata={"axes": "ZYX"})
    (tmp_path / "images" / "b.nrrd").write_text("NRRD0005\ntype: uchar\n")
    items = run(tmp_path / "images", tmp_path / "o", gigabytes=0, crop=8).items
    assert [item.status for item in items] == ["ok", "failed"]


def test_tiff_without_words_for_a_type_says_what_it_cannot_hold(tmp_path):
    pixels = np.arange(6 * 9 * 9).reshape(6, 9, 9)
    image = SimpleITK.GetImageFromArray(pixels)
    image.SetSpacing((0.1, 0.1, 0.3))
    (tmp_path / "v").mkdir()
    SimpleITK.WriteImage(image, str(tmp_path / "v" / "a.nrrd"))
    item = run(tmp_path / "v", tmp_path / "o", gigabytes=0, crop=64, write="tiff").items[0]
    assert item.why == "TIFF of int64 states no distance of slices"
    np.testing.assert_array_equal(tifffile.imread(next(iter(cubes_in(tmp_path / "o")))), pixels)
