"""Trees of xarray: lazy levels, coordinates, operations on them, and what is written of them."""

import gc
import json

import dask.array as da
import numpy as np
import pytest
import SimpleITK
import xarray
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st

import smalti
from smalti.core.errors import SmaltiError, UsageError
from smalti.kernels.pyramid import METHODS
from smalti.writers.pyramid import reduced

PIXELS = np.random.default_rng(0).integers(0, 999, (3, 61, 47)).astype(np.uint16)
SPACED = {"scale": {"y": 0.5, "x": 0.25}, "translation": {"y": 10.0, "x": 0.0}, "units": "µm"}


@pytest.fixture
def tree():
    return smalti.to_multiscale(PIXELS, [2, 3], axes="cyx", **SPACED)


def stored(store):
    return [group["image"][...] for _, group in sorted(zarr.open_group(store, mode="r").groups())]


def transforms(store):
    [entry] = json.loads((store / "zarr.json").read_text())["attributes"]["ome"]["multiscales"]
    return [level["coordinateTransformations"] for level in entry["datasets"]]


def tree_axes(store):
    return json.loads((store / "zarr.json").read_text())["attributes"]["ome"]["multiscales"][0]["axes"]


@settings(max_examples=10, deadline=None)
@given(st.sampled_from([*METHODS, "gaussian"]), st.integers(1, 4), st.integers(1, 5), st.integers(2, 25))
def test_lazy_levels_equal_the_reference_however_they_are_chunked(method, first, second, chunk):
    tree = smalti.to_multiscale(PIXELS, [first, second], method, axes="cyx", chunks=(2, chunk, chunk + 1))
    expected = [PIXELS]
    for factor in (first, second):
        if factor > 1:
            expected.append(reduced(method, expected[-1], (1, factor, factor)))
    found = [node["image"].values for node in tree.children.values()]
    for level, wanted in zip(found, expected, strict=True):
        np.testing.assert_array_equal(level, wanted)


def test_nothing_is_computed_before_it_is_asked_for(tree):
    assert [type(node["image"].data) for node in tree.children.values()] == [da.Array] * 3


def test_coordinates_are_those_of_the_centres_of_pixels(tree):
    for number, times in enumerate((1, 2, 6)):
        y = tree[f"scale{number}"]["y"]
        assert y.values[0] == 10 + (times - 1) / 2 * 0.5
        np.testing.assert_allclose(np.diff(y), times * 0.5)
        assert y.attrs["units"] == "micrometer"


def test_an_image_of_itk_lives_as_long_as_its_tree():
    tree = smalti.to_multiscale(SimpleITK.GetImageFromArray(np.full((300, 400), 5, np.uint32)), [2])
    gc.collect()
    others = [np.full((300, 400), number, np.uint32) for number in range(9)]  # where its pixels were
    pixels = tree["scale0"]["image"].values
    del tree, others
    assert (pixels == 5).all()


def test_older_names_of_methods_are_known():
    for name, method in {
        "XARRAY_COARSEN": "mean",
        "ITK_GAUSSIAN": "gaussian",
        "DASK_IMAGE_MODE": "mode",
    }.items():
        one, other = (smalti.to_multiscale(PIXELS, [2], m, axes="cyx") for m in (name, method))
        xarray.testing.assert_equal(one, other)


def test_a_tree_is_written_in_one_pass_as_it_is(tree, tmp_path, monkeypatch):
    monkeypatch.setattr("smalti.export.pyramid.from_tree._write_each", None)
    store = smalti.write_pyramid(tree, tmp_path / "a.zarr")
    for number, level in enumerate(stored(store)):
        np.testing.assert_array_equal(level, tree[f"scale{number}"]["image"])
    assert transforms(store)[1][0]["scale"] == [1.0, 1.0, 0.5]
    assert transforms(store)[1][1]["translation"] == [0.0, 10.25, 0.125]


def test_a_transposed_tree_is_written_in_the_order_of_ome_zarr(tree, tmp_path):
    turned = tree.map_over_datasets(lambda level: level.transpose("x", "c", "y", missing_dims="ignore"))
    one, other = (smalti.write_pyramid(t, tmp_path / f"{n}.zarr") for n, t in enumerate((tree, turned)))
    for level, turned_level in zip(stored(one), stored(other), strict=True):
        np.testing.assert_array_equal(level, turned_level)
    assert transforms(one) == transforms(other)


@pytest.mark.parametrize("ngff", ["0.5", "0.4"])
def test_a_reindexed_tree_has_the_rows_that_were_asked_for(tree, tmp_path, ngff):
    rows = {f"scale{n}": tree[f"scale{n}"]["y"].values[2:6] for n in range(3)}
    cut = xarray.DataTree.from_dict({name: tree[name].to_dataset().reindex(y=y) for name, y in rows.items()})
    store = smalti.write_pyramid(cut, tmp_path / "a.zarr", ngff)
    for number, level in enumerate(stored(store)):
        np.testing.assert_array_equal(level, tree[f"scale{number}"]["image"][:, 2:6])


def test_assigned_coordinates_are_written(tree, tmp_path):
    moved = tree.map_over_datasets(
        lambda level: level.assign_coords(y=level["y"] + 5) if "y" in level.coords else level
    )
    store = smalti.write_pyramid(moved, tmp_path / "a.zarr")
    assert [level[1]["translation"][1] for level in transforms(store)] == [15.0, 15.25, 16.25]


def test_coordinates_of_a_single_level_are_written(tree, tmp_path):
    level = tree["scale1"].to_dataset()
    tree["scale1"] = xarray.DataTree(level.assign_coords(y=level["y"] + 7))
    store = smalti.write_pyramid(tree, tmp_path / "a.zarr")
    assert [level[1]["translation"][1] for level in transforms(store)] == [10.0, 17.25, 11.25]


def test_levels_without_coordinates_lie_where_blocks_of_the_first_do(tmp_path):
    levels = {
        f"s{n}": xarray.Dataset({"q": (("y", "x"), PIXELS[0, ::step, ::step])})
        for n, step in ((0, 1), (1, 2))
    }
    store = smalti.write_pyramid(xarray.DataTree.from_dict(levels), tmp_path / "a.zarr")
    assert transforms(store)[1] == [
        {"type": "scale", "scale": [2.0, 2.0]},
        {"type": "translation", "translation": [0.5, 0.5]},
    ]


@pytest.mark.parametrize("times", [np.array([0, 5, 10], "m8[s]"), np.array([60, 65, 70], "M8[s]")])
def test_times_of_xarray_become_seconds(tmp_path, times):
    film = xarray.DataArray(PIXELS, dims=("t", "y", "x"), coords={"t": times})
    store = smalti.write_pyramid(film, tmp_path / "a.zarr")
    assert transforms(store)[0] == [{"type": "scale", "scale": [5.0, 1.0, 1.0]}]
    assert tree_axes(store)[0] == {"name": "t", "type": "time", "unit": "second"}


@pytest.mark.parametrize(
    "options", [{"scale_factors": [4]}, {"method": "max"}, {"scale": (1, 2, 3)}, {"units": "mm"}]
)
def test_what_a_tree_has_of_its_own_cannot_be_said_once_more(tree, tmp_path, options):
    with pytest.raises(UsageError, match="of its own"):
        smalti.write_pyramid(tree, tmp_path / "a.zarr", **options)


@pytest.mark.parametrize("chunks", [(1, 2), (0, 5, 5)])
def test_chunks_that_are_none_are_refused(chunks):
    with pytest.raises(UsageError, match="for each of 3 axes"):
        smalti.to_multiscale(PIXELS, [2], axes="cyx", chunks=chunks)


def test_what_is_no_single_array_of_known_shape_is_refused(tmp_path):
    unknown = da.from_array(PIXELS[0])[da.from_array(PIXELS[0, :, 0]) > 500]
    for image, said in (
        (xarray.Dataset({"a": (("y", "x"), PIXELS[0])}), "a Dataset is no image"),
        (unknown, "unknown shape"),
    ):
        with pytest.raises(UsageError, match=said):
            smalti.write_pyramid(image, tmp_path / "a.zarr")


def test_uneven_coordinates_are_refused(tree, tmp_path):
    uneven = tree["scale0"].to_dataset().isel(y=[0, 1, 5])
    unknown = tree["scale0"].to_dataset().assign_coords(y=np.full(61, np.nan))
    for level in (uneven, unknown):
        with pytest.raises(UsageError, match="along y are not even"):
            smalti.write_pyramid(xarray.DataTree.from_dict({"scale0": level}), tmp_path / "a.zarr")


def test_levels_that_do_not_belong_together_are_refused(tree, tmp_path):
    tree["scale1"]["image"] = tree["scale1"]["image"].astype("float32")
    with pytest.raises(SmaltiError, match="differ"):
        smalti.write_pyramid(tree, tmp_path / "a.zarr")


def test_an_axis_of_one_pixel_keeps_its_spacing(tmp_path):
    tree = smalti.to_multiscale(PIXELS[:1], [2], axes="zyx", scale={"z": 3.0, "y": 1.0, "x": 1.0})
    assert transforms(smalti.write_pyramid(tree, tmp_path / "a.zarr"))[0][0]["scale"] == [3.0, 1.0, 1.0]


def test_dask_arrays_are_read_by_blocks(tmp_path):
    seen = []

    def block(info=None, block_info=None):
        seen.append(block_info[None]["chunk-location"])
        return np.full(block_info[None]["chunk-shape"], 7, np.uint8)

    array = da.map_blocks(
        block, chunks=((256,) * 4, (256,) * 4), dtype=np.uint8, meta=np.empty((0, 0), np.uint8)
    )
    store = smalti.write_pyramid(array, tmp_path / "a.zarr", scale_factors=[2])
    assert len(seen) == len(set(seen)) == 16
    assert (stored(store)[1] == 7).all()


@pytest.mark.parametrize("ngff", ["0.5", "0.4"])
def test_xarray_opens_what_is_written_as_a_tree(tree, tmp_path, ngff):
    store = smalti.write_pyramid(tree, tmp_path / "a.zarr", ngff)
    with xarray.open_datatree(store, engine="zarr", consolidated=False, chunks={}) as opened:
        for name, level in tree.children.items():
            xarray.testing.assert_equal(opened[name]["image"], level["image"].drop_vars(["y", "x"]))
