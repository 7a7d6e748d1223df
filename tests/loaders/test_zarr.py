"""Zarr: planes and levels against zarr-python's own reads; plates, plain arrays, scale and names."""

import json

import numpy as np
import pytest
import zarr

from smalti.core.errors import TooLargeError, UnreadableError
from smalti.loaders import zarr as slabs
from smalti.loaders.choose import open_images


@pytest.mark.parametrize(
    ("path", "levels"),
    [
        ("omezarr/tczyx_v04.ome.zarr", ("s0", "s1", "s2")),
        ("omezarr/em_sharded_v05.ome.zarr", ("0", "1")),
        ("omezarr/image_cyx_v05.ome.zarr", ("s0", "s1", "s2")),
    ],
)
def test_planes_of_all_levels_equal_the_arrays(path, levels, data, first):
    with first(data / path) as image:
        assert len(image.levels) == len(levels)
        for number, name in enumerate(levels):
            stored = zarr.open_array(data / path / name, mode="r")[:]
            for t, c, z in image.planes():
                picks = {"T": t, "C": c, "Z": z}
                expected = stored[tuple(picks.get(axis, slice(None)) for axis in image.axes)]
                np.testing.assert_array_equal(image.read(t=t, c=c, z=z, level=number), expected, strict=True)


def test_a_region_equals_the_region_of_the_array(data, first):
    stored = zarr.open_array(data / "omezarr/em_zyx_v05.ome.zarr/s0", mode="r")[:]
    with first(data / "omezarr/em_zyx_v05.ome.zarr") as image:
        region = image.read(z=slice(3, 12, 2), y=slice(100, 180), x=200)
        np.testing.assert_array_equal(region, stored[3:12:2, 100:180, 200])


@pytest.mark.parametrize("version", ["v04", "v05"])
def test_fields_of_a_plate_are_series_named_by_row_column_and_field(version, data, ref_of):
    with open_images(ref_of(data / f"omezarr/plate_{version}.ome.zarr"), 2**30) as images:
        refs = [image.ref for image in images]
    assert [ref.series_name for ref in refs] == [f"{r}/{c}/{f}" for r in "AB" for c in "12" for f in "012"]
    assert [ref.series for ref in refs] == list(range(12))


def test_fields_before_an_absent_well_are_read(data, ref_of):
    seen = []
    with (
        pytest.raises(UnreadableError, match="B/2"),
        open_images(ref_of(data / "bad/zarr/plate_missing_well.ome.zarr"), 2**30) as images,
    ):
        seen.extend(image.read().shape for image in images)
    assert seen == [(1, 256, 256)] * 9


def test_the_scale_is_in_micrometres_only_where_a_unit_is_stated(data, first):
    with first(data / "omezarr/em_sharded_v05.ome.zarr") as image:
        assert image.pixel_size_um == pytest.approx({"Z": 0.045, "Y": 0.0046, "X": 0.0046})
        assert image.metadata["format"] == "OME-Zarr 0.5"
    with first(data / "omezarr/viv_blobs_image_v04.ome.zarr") as image:
        assert image.pixel_size_um == {}


def test_channel_names_and_frame_interval_are_read(tmp_path, first):
    group = zarr.open_group(tmp_path / "a.zarr", mode="w", zarr_format=2)
    group.create_array("0", data=np.zeros((3, 2, 4, 5), np.uint8))
    axes = [{"name": "t", "type": "time", "unit": "minute"}, {"name": "c", "type": "channel"}]
    axes += [{"name": name, "type": "space", "unit": "nanometer"} for name in "yx"]
    scale = [{"type": "scale", "scale": [0.5, 1, 100, 100]}]
    outer = [{"type": "scale", "scale": [1, 1, 2, 2]}]
    datasets = [{"path": "0", "coordinateTransformations": scale}]
    group.attrs["multiscales"] = [{"axes": axes, "datasets": datasets, "coordinateTransformations": outer}]
    group.attrs["omero"] = {"channels": [{"label": "DAPI"}, {"label": "GFP"}]}
    with first(tmp_path / "a.zarr") as image:
        assert (image.time_interval_s, image.channel_names) == (30.0, ("DAPI", "GFP"))
        assert image.pixel_size_um == pytest.approx({"Y": 0.2, "X": 0.2})


def test_malformed_attributes_cost_their_facts_and_not_the_pixels(tmp_path, first):
    group = zarr.open_group(tmp_path / "a.zarr", mode="w")
    group.create_array("0", data=np.ones((4, 5), np.uint8))
    group.attrs["multiscales"] = [{"datasets": [{"path": "0"}], "axes": ["y", "x"]}]
    group.attrs["omero"] = [1, 2]
    with first(tmp_path / "a.zarr") as image:
        assert (image.axes, image.read().sum()) == ("YX", 20)
        assert "AttributeError" in image.metadata["metadata_error"]


def test_a_chunk_of_many_planes_is_decoded_once(tmp_path, first):
    stored = np.random.default_rng(0).integers(0, 255, (32, 64, 64), np.uint8)
    zarr.create_array(tmp_path / "a.zarr", data=stored, chunks=(32, 64, 64))
    with first(tmp_path / "a.zarr") as image:
        plane = image.read(z=0)
        (tmp_path / "a.zarr/c/0/0/0").unlink()
        plane[:] = 0
        np.testing.assert_array_equal(np.stack([image.read(z=z) for z in range(32)]), stored)


def test_a_chunk_of_planes_larger_than_is_kept_is_decoded_once_for_as_many_as_fit(
    tmp_path, first, monkeypatch
):
    stored = np.random.default_rng(0).integers(0, 255, (12, 64, 64), np.uint8)
    array = zarr.create_array(tmp_path / "a.zarr", data=stored, chunks=(12, 64, 64))
    monkeypatch.setattr(slabs, "SLAB_BYTES", 5 * 64 * 64)
    asked = []
    monkeypatch.setattr(slabs, "_decoded", lambda array, at: asked.append(at[0]) or array[at])
    with first(tmp_path / "a.zarr") as image:
        np.testing.assert_array_equal(np.stack([image.read(z=z) for z in range(12)]), array[:])
    assert asked == [slice(0, 4, 1), slice(4, 8, 1), slice(8, 12, 1)]


@pytest.mark.parametrize("version", [2, 3])
@pytest.mark.parametrize(
    ("shape", "axes"), [((6, 7), "YX"), ((6, 7, 3), "YXS"), ((5, 6, 7), "ZYX"), ((2, 3, 4, 6, 7), "ZTCYX")]
)
def test_plain_arrays_have_the_usual_axes(tmp_path, first, version, shape, axes):
    stored = np.arange(np.prod(shape), dtype=np.uint16).reshape(shape)
    zarr.create_array(tmp_path / "a.zarr", data=stored, zarr_format=version)
    with first(tmp_path / "a.zarr") as image:
        assert (image.axes, image.metadata["format"]) == (axes, f"Zarr v{version}")
        np.testing.assert_array_equal(image.read(), stored, strict=True)


def test_named_dimensions_are_believed(tmp_path, first):
    names = ["time", "channel", "y", "x"]
    zarr.create_array(tmp_path / "a.zarr", shape=(2, 3, 4, 5), dtype="i2", dimension_names=names)
    with first(tmp_path / "a.zarr") as image:
        assert image.axes == "TCYX"


def test_big_endian_pixels_come_in_native_order(tmp_path, first):
    stored = np.arange(30, dtype=">u2").reshape(5, 6)
    zarr.create_array(tmp_path / "a.zarr", data=stored, zarr_format=2)
    with first(tmp_path / "a.zarr") as image:
        assert image.read().dtype == image.dtype == np.dtype("=u2")
        np.testing.assert_array_equal(image.read(), stored)


def test_a_level_that_is_absent_is_named(data, first):
    with first(data / "bad/zarr/dataset_path_missing.ome.zarr") as image:
        assert image.metadata["absent_levels"] == "nope"
        assert [shape[-1] for shape in image.levels] == [160, 40]


def test_an_absent_chunk_is_its_fill_value(data, first):
    with first(data / "bad/zarr/missing_chunk.ome.zarr") as image:
        assert image.partial is None
        assert not image.read(c=0, y=slice(0, 80), x=slice(0, 80)).any()


def test_a_chunk_above_the_limit_is_refused(tmp_path, first):
    zarr.create_array(tmp_path / "a.zarr", shape=(4000, 4000), chunks=(4000, 4000), dtype="u1")
    with pytest.raises(TooLargeError, match="one chunk"), first(tmp_path / "a.zarr", limit=1_000_000):
        pass


def test_broken_metadata_is_one_clear_error(tmp_path, first):
    (tmp_path / "a.zarr").mkdir()
    (tmp_path / "a.zarr" / "zarr.json").write_text(json.dumps({"zarr_format": 7, "node_type": "group"}))
    with pytest.raises(UnreadableError), first(tmp_path / "a.zarr"):
        pass
