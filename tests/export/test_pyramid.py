"""OME-Zarr from arrays and files: pixels, places, metadata, labels, plates, and what is refused."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
import SimpleITK
import tifffile
import xarray
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st

import smalti
from smalti.core.errors import SmaltiError, UsageError
from smalti.core.image import ImageRef
from smalti.core.progress import Silent
from smalti.export.pyramid.factors import all_factors, parse_factors
from smalti.export.pyramid.units import unit_name
from smalti.kernels.pyramid import METHODS
from smalti.loaders.choose import open_images
from smalti.writers.pyramid import reduced

LEVELS = [(1, 2, 2), (2, 3, 2)]


def noise(*shape, dtype="uint16", most=4000):
    return np.random.default_rng(sum(shape)).integers(0, most, shape).astype(dtype)


def attributes(store, path=""):
    folder = store / path
    if (folder / "zarr.json").exists():
        return json.loads((folder / "zarr.json").read_text())["attributes"]["ome"]
    return json.loads((folder / ".zattrs").read_text())


def loaded(store):
    with open_images(ImageRef(f"{store}/", store.name), 1 << 30) as images:
        return [(image, image.read()) for image in images]


@pytest.mark.parametrize("ngff", ["0.5", "0.4"])
@pytest.mark.parametrize("method", [*METHODS, "gaussian"])
def test_levels_are_those_of_the_reference_and_valid(tmp_path, method, ngff, assert_valid):
    pixels = noise(5, 37, 41)
    factors = [dict(zip("zyx", level, strict=True)) for level in LEVELS]
    store = smalti.write_pyramid(pixels, tmp_path / "a.ome.zarr", ngff, scale_factors=factors, method=method)
    expected = pixels
    for number, level in enumerate([(1, 1, 1), *LEVELS]):
        expected = reduced(method, expected, level)
        np.testing.assert_array_equal(zarr.open_group(store, mode="r")[f"scale{number}/image"][...], expected)
    assert assert_valid(store, ngff) == {"image"}


def test_pixels_are_placed_at_the_centres_of_blocks(tmp_path):
    where = {"scale": {"y": 0.5, "x": 2}, "translation": {"y": 10, "x": 0}, "units": "nm"}
    store = smalti.write_pyramid(noise(64, 64), tmp_path / "a.zarr", scale_factors=[2, 4], **where)
    [entry] = attributes(store)["multiscales"]
    scales, places = zip(*[level["coordinateTransformations"] for level in entry["datasets"]], strict=True)
    assert [one["scale"] for one in scales] == [[0.5, 2], [1, 4], [4, 16]]
    assert [one["translation"] for one in places] == [[10, 0], [10.25, 1], [11.75, 7]]
    assert entry["axes"][0] == {"name": "y", "type": "space", "unit": "nanometer"}


def test_an_image_without_spacing_states_no_unit(tmp_path):
    store = smalti.write_pyramid(noise(20, 20), tmp_path / "a.zarr", scale_factors=[2])
    assert attributes(store)["multiscales"][0]["axes"] == [{"name": n, "type": "space"} for n in "yx"]
    [(image, _)] = loaded(store)
    assert image.pixel_size_um == {}


@pytest.mark.parametrize(
    ("given", "name"),
    [
        *(("µm", "micrometer"), ("um", "micrometer"), ("Å", "angstrom"), ("mm", "millimeter")),
        *(("nanometres", "nanometer"), ("s", "second"), ("parsec", "parsec"), ("pixel", None)),
    ],
)
def test_units_are_called_as_ome_zarr_calls_them(given, name):
    assert unit_name(given) == name


@pytest.mark.parametrize("ngff", ["0.5", "0.4"])
def test_a_file_goes_there_and_back_with_all_that_it_states(tmp_path, ngff, assert_valid):
    pixels = noise(2, 3, 5, 40, 30)
    facts = {"axes": "TZCYX", "PhysicalSizeX": 0.2, "PhysicalSizeY": 0.2, "PhysicalSizeZ": 1.5}
    facts |= {"TimeIncrement": 4.0, "Channel": {"Name": list("abcde")}}
    tifffile.imwrite(tmp_path / "a.ome.tif", pixels, metadata=facts, ome=True)
    store = smalti.write_pyramid(tmp_path / "a.ome.tif", tmp_path / "a.ome.zarr", ngff, progress=Silent())
    [(image, found)] = loaded(store)
    np.testing.assert_array_equal(found, pixels.swapaxes(1, 2))
    assert image.pixel_size_um == pytest.approx({"X": 0.2, "Y": 0.2, "Z": 1.5})
    assert image.time_interval_s == 4.0
    assert image.channel_names == tuple("abcde")
    assert_valid(store, ngff)


def test_colours_become_channels_and_keep_their_colours(tmp_path):
    pixels = noise(33, 21, 3, dtype="uint8", most=256)
    tifffile.imwrite(tmp_path / "a.tif", pixels, photometric="rgb")
    store = smalti.write_pyramid(tmp_path / "a.tif", tmp_path / "a.zarr", progress=Silent())
    np.testing.assert_array_equal(
        zarr.open_group(store, mode="r")["scale0/image"][...], np.moveaxis(pixels, -1, 0)
    )
    channels = attributes(store)["omero"]["channels"]
    assert [one["color"] for one in channels] == ["FF0000", "00FF00", "0000FF"]
    assert channels[0]["window"] == {"min": 0, "max": 255, "start": 0, "end": 255}


def test_contrast_follows_the_smallest_level_and_nan_does_not_count(tmp_path):
    pixels = np.full((2, 8, 8), np.nan, np.float32)
    pixels[0, :4] = np.arange(4)[:, np.newaxis]
    store = smalti.write_pyramid(pixels, tmp_path / "a.zarr", axes="cyx", scale_factors=[4])
    first, second = (one["window"] for one in attributes(store)["omero"]["channels"])
    assert (first["start"], first["end"]) == (1.5, 2.5)
    assert (second["start"], second["end"]) == (0, 1)


@pytest.mark.parametrize("ngff", ["0.5", "0.4"])
@pytest.mark.parametrize("method", ["mode", "nearest"])
def test_labels_keep_their_values(tmp_path, ngff, method, assert_valid):
    labels = np.kron(np.array([[0, 7], [70_000, 3]], np.uint32), np.ones((17, 19), np.uint32))
    asked = {"axes": "cyx", "scale_factors": [2, 2], "scale": {"y": 2, "x": 2}, "label_method": method}
    store = smalti.write_pyramid(
        noise(3, 34, 38), tmp_path / "a.zarr", ngff, labels={"cells": labels}, **asked
    )
    assert assert_valid(store, ngff) == {"image", "label"}
    group = zarr.open_group(store, mode="r")["labels/cells"]
    np.testing.assert_array_equal(group["0"][...], labels)
    assert [set(np.unique(group[str(n)])) for n in range(3)] == [{0, 3, 7, 70_000}] * 3
    assert attributes(store, "labels")["labels"] == ["cells"]
    stated = attributes(store, "labels/cells")
    assert [one["label-value"] for one in stated["image-label"]["colors"]] == [0, 3, 7, 70_000]
    assert stated["multiscales"][0]["datasets"][0]["coordinateTransformations"][0]["scale"] == [2, 2]


def test_masks_of_truth_values_are_labels_of_0_and_1(tmp_path, assert_valid):
    mask = noise(30, 40) > 2000
    store = smalti.write_pyramid(noise(30, 40), tmp_path / "a.zarr", scale_factors=[2], labels={"a": mask})
    assert assert_valid(store, "0.5") == {"image", "label"}
    np.testing.assert_array_equal(zarr.open_group(store, mode="r")["labels/a/0"][...], mask.astype(np.uint8))


@pytest.mark.parametrize(("labels", "said"), [
    ({"a": np.zeros((5, 5))}, "are float64"),
    ({"a": np.zeros((5, 6), int)}, "6 pixels along x, the image 5"),
    ({"a/b": np.zeros((5, 5), int)}, "cannot be called"),
])  # fmt: skip
def test_labels_that_do_not_fit_are_refused(tmp_path, labels, said):
    with pytest.raises(UsageError, match=said):
        smalti.write_pyramid(noise(5, 5), tmp_path / "a.zarr", labels=labels)
    assert not list(tmp_path.iterdir())


@pytest.fixture(scope="module")
def wells(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wells")
    for name in ("A01_0", "A01_1", "C12_0"):
        tifffile.imwrite(folder / f"{name}.tif", noise(20, int(name[1:3]) + 20))
    lines = [f"{path.name},P,{path.name[:3]}" for path in sorted(folder.iterdir())]
    (folder.parent / "wells.csv").write_text("\n".join(["filename,plate,well", *lines]))
    return folder


@pytest.mark.parametrize("ngff", ["0.5", "0.4"])
def test_images_with_wells_make_a_plate(tmp_path, wells, ngff, assert_valid):
    store = smalti.write_pyramid(str(wells), tmp_path / "p.zarr", ngff, metadata=wells.parent / "wells.csv",
        progress=Silent())  # fmt: skip
    assert assert_valid(store, ngff) == {"image", "plate", "well"}
    found = [
        (image.metadata["plate"], image.metadata["well"], image.metadata["field"])
        for image, _ in loaded(store)
    ]
    assert found == [("P", "A01", "0"), ("P", "A01", "1"), ("P", "C12", "0")]


def test_a_projects_filter_chooses_the_images(tmp_path, wells):
    project = smalti.process(wells, output=tmp_path / "x.smalti", progress=Silent())
    project.view.add_filter("path", "contains", "A01")
    store = smalti.write_pyramid(project, tmp_path / "p.zarr", progress=Silent())
    assert sorted(path.name for path in store.iterdir()) == ["0", "1", "OME", "zarr.json"]
    assert [image.shape for image, _ in loaded(store)] == [(20, 21)] * 2


def test_images_that_fail_are_left_out_and_told(tmp_path, wells, smalti_report):
    broken = tmp_path / "in"
    broken.mkdir()
    for path in wells.iterdir():
        (broken / path.name).write_bytes(path.read_bytes())
    (broken / "B.tif").write_bytes(b"II*\0 no image")
    report = smalti_report(broken, tmp_path / "p.zarr")
    assert (report.written, report.failed) == (3, 1)
    assert report.errors[0][0] == "B.tif"
    assert len(loaded(tmp_path / "p.zarr")) == 3


def test_one_image_that_fails_leaves_nothing(tmp_path):
    (tmp_path / "a.tif").write_bytes(b"II*\0 no image")
    with pytest.raises(SmaltiError, match=r"a\.tif"):
        smalti.write_pyramid(tmp_path / "a.tif", tmp_path / "a.zarr", progress=Silent())
    assert [path.name for path in tmp_path.iterdir()] == ["a.tif"]


@pytest.fixture
def smalti_report():
    from smalti.export.images import of_folders
    from smalti.export.pyramid.export import pyramid
    from smalti.export.pyramid.options import PyramidOptions

    return lambda folder, out: pyramid(of_folders([str(folder)]), str(out), PyramidOptions(), Silent())


def test_what_is_there_is_kept_unless_it_shall_be_replaced(tmp_path):
    store = smalti.write_pyramid(noise(9, 9), tmp_path / "a.zarr")
    with pytest.raises(UsageError, match="--overwrite"):
        smalti.write_pyramid(noise(5, 5), store)
    assert loaded(store)[0][0].shape == (9, 9)
    smalti.write_pyramid(noise(5, 5), store, overwrite=True)
    assert loaded(store)[0][0].shape == (5, 5)
    assert [path.name for path in tmp_path.iterdir()] == ["a.zarr"]


def test_a_folder_that_is_no_store_is_never_replaced(tmp_path):
    (tmp_path / "a.zarr").mkdir()
    (tmp_path / "a.zarr" / "thesis.txt").write_text("years")
    with pytest.raises(UsageError, match="no Zarr store"):
        smalti.write_pyramid(noise(5, 5), tmp_path / "a.zarr", overwrite=True)


def test_an_error_in_the_middle_keeps_what_was_there(tmp_path):
    store = smalti.write_pyramid(noise(9, 9), tmp_path / "a.zarr")

    class Broken:
        shape, dtype, ndim = (5, 5), np.dtype("u1"), 2

        def __getitem__(self, region):
            raise SmaltiError("gone")

    with pytest.raises(SmaltiError, match="gone"):
        smalti.write_pyramid(Broken(), store, overwrite=True)
    assert loaded(store)[0][0].shape == (9, 9)
    assert [path.name for path in tmp_path.iterdir()] == ["a.zarr"]


def test_images_of_itk_bring_spacing_and_origin(tmp_path):
    image = SimpleITK.GetImageFromArray(noise(6, 7, 8))
    image.SetSpacing((0.1, 0.2, 0.5))
    image.SetOrigin((1.0, 2.0, 3.0))
    store = smalti.write_pyramid(image, tmp_path / "a.zarr", scale_factors=[2], units="mm")
    first = attributes(store)["multiscales"][0]["datasets"][0]["coordinateTransformations"]
    assert first[0]["scale"] == [0.5, 0.2, 0.1]
    assert first[1]["translation"] == [3.0, 2.0, 1.0]
    np.testing.assert_array_equal(zarr.open_group(store, mode="r")["scale0/image"][...], noise(6, 7, 8))


def test_axes_may_come_in_any_order(tmp_path):
    pixels = noise(7, 9, 2)
    store = smalti.write_pyramid(pixels, tmp_path / "a.zarr", axes="xyc", scale=(3, 2, 1))
    np.testing.assert_array_equal(
        zarr.open_group(store, mode="r")["scale0/image"][...], pixels.transpose(2, 1, 0)
    )
    first = attributes(store)["multiscales"][0]["datasets"][0]["coordinateTransformations"]
    assert first[0]["scale"] == [1, 2, 3]


@pytest.mark.parametrize(("options", "said"), [
    ({"axes": "qyx"}, "axes q, y, x: give different ones out of t, c, z, y, x"),
    ({"axes": "yx"}, "an array of 3 axes"),
    ({"axes": "zzy"}, "give different ones"),
    ({"scale": {"t": 2}}, "scale of axis 't'; the axes are z, y, x"),
    ({"scale": (1, 2)}, "2 numbers for the axes"),
    ({"scale": {"x": 0}}, "above 0"),
    ({"scale_factors": [0]}, "scale factor 0"),
    ({"scale_factors": [{"c": 2}]}, "the axes are z, y, x"),
    ({"axes": "cyx", "scale_factors": [{"c": 2}]}, "only z, y and x"),
    ({"translation": {"x": float("nan")}}, "finite numbers"),
    ({"chunks": (5, 5)}, "for each of 3 axes"),
    ({"compressor": "zip"}, "no compressor named 'zip'"),
    ({"method": "mdoe"}, "did you mean 'mode'"),
    ({"ngff": "0.3"}, "no ngff named '0.3'"),
])  # fmt: skip
def test_what_does_not_fit_is_said_before_anything_is_written(tmp_path, options, said):
    with pytest.raises(UsageError, match=said):
        smalti.write_pyramid(noise(3, 20, 20), tmp_path / "a.zarr", **options)
    assert not list(tmp_path.iterdir())


def test_both_64_bit_integers_of_c_are_taken(tmp_path):
    for char in "lqLQ":
        store = smalti.write_pyramid(np.ones((5, 5), char), tmp_path / f"{ord(char)}.zarr")
        assert zarr.open_group(store, mode="r")["scale0/image"].dtype.itemsize == 8


@pytest.mark.parametrize(
    "given",
    [
        *(np.zeros(5), np.zeros((0, 5)), np.zeros((5, 5), complex), SimpleNamespace()),
        np.ma.masked_equal(np.arange(9).reshape(3, 3), 4),
    ],
)
def test_what_is_no_image_is_refused(tmp_path, given):
    with pytest.raises(SmaltiError):
        smalti.write_pyramid(given, tmp_path / "a.zarr")


def test_a_name_that_is_no_store_is_refused(tmp_path):
    with pytest.raises(UsageError, match=r"\.ome\.zarr"):
        smalti.write_pyramid(noise(5, 5), tmp_path / "a")


def test_levels_are_halved_until_the_short_side_is_below_256():
    assert all_factors("yx", (1000, 4000), {}) == [(2, 2)] * 2
    assert all_factors("yx", (255, 4000), {}) == []


def test_z_joins_when_the_others_are_as_coarse():
    scale = {"z": 3.0, "y": 1.0, "x": 1.0}
    assert all_factors("zyx", (100, 2048, 2048), scale) == [(1, 2, 2), (1, 2, 2), (2, 2, 2), (2, 2, 2)]


def test_an_axis_of_one_pixel_stays_and_equal_levels_are_left_out():
    assert all_factors("zyx", (1, 4, 9), {}, [2, 2, 2, 2, 2, 2]) == [
        (1, 2, 2),
        (1, 2, 2),
        (1, 1, 2),
        (1, 1, 2),
    ]


def test_factors_are_read_from_text():
    assert parse_factors("2,z1y2x2") == [2, {"z": 1, "y": 2, "x": 2}]
    with pytest.raises(UsageError, match="scale factor 'two'"):
        parse_factors("two")


@settings(max_examples=20, deadline=None)
@given(st.permutations("tczyx"), st.integers(2, 5))
def test_xarray_names_its_axes_itself(order, n):
    dims = [axis for axis in order if axis in "tczyx"[-n:]]
    array = xarray.DataArray(noise(*range(3, 3 + n)), dims=dims)
    tree = smalti.to_multiscale(array, [2])
    assert tree["scale0"]["image"].dims == tuple("tczyx"[-n:])
    np.testing.assert_array_equal(tree["scale0"]["image"].transpose(*dims), array)


def test_a_bucket_takes_a_store_and_is_not_overwritten(bucket, tmp_path):
    import fsspec

    url = f"{bucket(tmp_path)}/a.zarr"
    options = {"scale_factors": [2], "chunks": (8, 8), "method": "gaussian"}
    assert smalti.write_pyramid(noise(20, 30), url, **options) == url
    with pytest.raises(UsageError, match="is there"):
        smalti.write_pyramid(noise(20, 30), url)
    fsspec.filesystem("s3").get(url, str(tmp_path / "a.zarr"), recursive=True)
    here = smalti.write_pyramid(noise(20, 30), tmp_path / "here.zarr", **options)
    there = {
        path.relative_to(tmp_path / "a.zarr") for path in (tmp_path / "a.zarr").rglob("*") if path.is_file()
    }
    assert there == {path.relative_to(here) for path in here.rglob("*") if path.is_file()}
    assert all((tmp_path / "a.zarr" / path).read_bytes() == (here / path).read_bytes() for path in there)
