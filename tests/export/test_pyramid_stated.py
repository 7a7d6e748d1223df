"""What files state of their images is carried into pyramids: channels, places, plates."""

import json

import numpy as np
import pytest
import tifffile
import zarr

import smalti
from smalti.core.progress import Silent

PIXELS = np.random.default_rng(0).integers(0, 4000, (2, 40, 50)).astype(np.uint16)


def attributes(store, path=""):
    return json.loads((store / path / "zarr.json").read_text())["attributes"]["ome"]


def pyramid(source, store, **options):
    return smalti.write_pyramid(source, store, progress=Silent(), **options)


@pytest.fixture
def stated(tmp_path):
    """A store whose channels have colours and contrast, and whose first pixel is not at 0."""
    options = {"axes": "cyx", "scale": {"y": 50, "x": 50}, "translation": {"y": 300, "x": 0}, "units": "nm"}
    store = smalti.write_pyramid(PIXELS, tmp_path / "stated.zarr", **options, scale_factors=[])
    content = json.loads((store / "zarr.json").read_text())
    for number, channel in enumerate(content["attributes"]["ome"]["omero"]["channels"]):
        channel |= {"label": "ab"[number], "color": "a1b2c3", "active": number == 0}
        channel["window"] |= {"start": 10 + number, "end": 500}
    (store / "zarr.json").write_text(json.dumps(content))
    return store


@pytest.mark.parametrize("ngff", ["0.5", "0.4"])
def test_channels_and_places_of_ome_zarr_are_kept(stated, tmp_path, ngff, assert_valid):
    made = pyramid(stated, tmp_path / "made.zarr", ngff=ngff)
    assert_valid(made, ngff)
    found = zarr.open_group(made, mode="r").attrs
    found = found.get("ome", found)
    told = [(one["label"], one["color"], one["active"]) for one in found["omero"]["channels"]]
    assert told == [("a", "A1B2C3", True), ("b", "A1B2C3", False)]
    windows = [one["window"] for one in found["omero"]["channels"]]
    assert windows == [{"min": 0, "max": 65535, "start": 10 + number, "end": 500} for number in range(2)]
    [entry] = found["multiscales"]
    assert entry["axes"][1] == {"name": "y", "type": "space", "unit": "micrometer"}
    scale, place = entry["datasets"][0]["coordinateTransformations"]
    assert scale["scale"] == pytest.approx([1, 0.05, 0.05])
    assert place["translation"] == pytest.approx([0, 0.3, 0])


def test_distances_without_a_unit_are_kept_without_one(tmp_path):
    first = smalti.write_pyramid(PIXELS, tmp_path / "first.zarr", axes="zyx", scale=(4, 0.5, 0.5))
    [entry] = attributes(pyramid(first, tmp_path / "made.zarr", scale_factors=[2]))["multiscales"]
    assert entry["datasets"][0]["coordinateTransformations"][0]["scale"] == [4, 0.5, 0.5]
    assert "unit" not in entry["axes"][0]


def test_colours_of_ome_xml_are_kept(tmp_path):
    facts = {"axes": "CYX", "Channel": {"Name": ["DAPI", "GFP"], "Color": [0x0000FFFF, -16776961]}}
    tifffile.imwrite(tmp_path / "a.ome.tif", PIXELS, ome=True, photometric="minisblack", metadata=facts)
    channels = attributes(pyramid(tmp_path / "a.ome.tif", tmp_path / "a.zarr"))["omero"]["channels"]
    assert [(one["label"], one["color"]) for one in channels] == [("DAPI", "0000FF"), ("GFP", "FF0000")]


def test_colours_go_through_a_tree(stated, tmp_path):
    from smalti.core.image import ImageRef
    from smalti.loaders.choose import open_images

    with open_images(ImageRef(f"{stated}/", "stated.zarr"), 1 << 30) as images:
        tree = smalti.to_multiscale(next(images), [2])
        made = smalti.write_pyramid(tree, tmp_path / "made.zarr")
    assert [one["color"] for one in attributes(made)["omero"]["channels"]] == ["A1B2C3"] * 2


@pytest.mark.parametrize("number", ["4", "5"])
def test_a_plate_stays_a_plate(data, tmp_path, number, assert_valid):
    source = data / "omezarr" / f"plate_v0{number}.ome.zarr"
    store = pyramid(source, tmp_path / "p.zarr", scale_factors=[2])
    assert assert_valid(store, "0.5") == {"image", "plate", "well"}
    theirs = zarr.open_group(source, mode="r").attrs
    wells = theirs.get("ome", theirs)["plate"]["wells"]
    assert [one["path"] for one in attributes(store)["plate"]["wells"]] == [one["path"] for one in wells]
    first = wells[0]["path"]
    inside = zarr.open_group(source, mode="r")[f"{first}/0"]
    expected = next(array for _, array in sorted(inside.arrays()))
    found = zarr.open_array(store / first / "0" / "scale0" / "image", mode="r")
    np.testing.assert_array_equal(found[...], expected[...])
