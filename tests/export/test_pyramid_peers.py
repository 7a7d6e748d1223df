"""What other programs read of pyramids: equal pixels on every level, and the sizes of pixels."""

import numpy as np
import pytest
import tensorstore
import zarr

import smalti
from smalti.writers.pyramid import reduced

FACTORS = [{"z": 1, "y": 2, "x": 2}, {"z": 2, "y": 2, "x": 3}]
SCALE = {"t": 2.5, "z": 2, "y": 0.5, "x": 0.25}
UNITS = {"t": "s", "z": "µm", "y": "µm", "x": "µm"}
PATHS = [f"scale{number}/image" for number in range(3)]


@pytest.fixture(scope="module", params=["0.5", "0.4"])
def written(request, tmp_path_factory):
    """A store of five axes of odd lengths, and what each of its levels holds."""
    pixels = np.random.default_rng(0).integers(0, 60_000, (2, 3, 5, 71, 83)).astype(np.uint16)
    options = {"scale_factors": FACTORS, "chunks": (1, 1, 2, 32, 32), "scale": SCALE, "units": UNITS}
    place = tmp_path_factory.mktemp("peers") / "a.ome.zarr"
    store = smalti.write_pyramid(pixels, place, request.param, **options)
    levels = [pixels]
    for level in FACTORS:
        levels.append(reduced("mean", levels[-1], (1, 1, *level.values())))
    return store, levels


def by_zarr_python(store):
    return [zarr.open_array(store / path, mode="r")[...] for path in PATHS]


def by_tensorstore(store):
    driver = "zarr3" if (store / "zarr.json").exists() else "zarr"
    specs = [{"driver": driver, "kvstore": {"driver": "file", "path": str(store / path)}} for path in PATHS]
    return [tensorstore.open(spec, read=True).result().read().result() for spec in specs]


def by_ome_zarr_py(store):
    from ome_zarr.io import parse_url
    from ome_zarr.reader import Reader

    [node] = Reader(parse_url(str(store)))()
    return [np.asarray(level) for level in node.data]


def by_bioio(store):
    from bioio_ome_zarr import Reader

    image = Reader(str(store))
    assert tuple(image.physical_pixel_sizes) == (2, 0.5, 0.25)
    assert image.dims.order == "TCZYX"
    return [image.set_resolution_level(level) or image.data for level in image.resolution_levels]


def by_ngff_zarr(store):
    import ngff_zarr

    found = ngff_zarr.from_ngff_zarr(str(store), validate=True)
    assert [dict(image.scale)["x"] for image in found.images] == [0.25, 0.5, 1.5]
    assert [dict(image.translation)["x"] for image in found.images] == [0, 0.125, 0.625]
    return [np.asarray(image.data) for image in found.images]


@pytest.mark.parametrize("read", [by_zarr_python, by_tensorstore, by_ome_zarr_py, by_bioio, by_ngff_zarr])
def test_every_reader_finds_the_same_pixels_on_every_level(written, read):
    store, levels = written
    found = read(store)
    assert len(found) == len(levels)
    for level, expected in zip(found, levels, strict=True):
        assert level.dtype == expected.dtype
        np.testing.assert_array_equal(level, expected)
