"""The fallback: any format that an installed bioio reader knows."""

import os
from pathlib import Path

import nd2
import numpy as np
import pytest

from smalti.core.errors import TooLargeError
from smalti.core.image import ImageRef
from smalti.loaders.choose import open_images

LIMIT = 2**30


@pytest.mark.parametrize(
    "path", ["ometiff/tzcyx_5d.ome.tif", "microscopy_neubias/xyzc_16bit/xyzc_16bit__spots.tif"]
)
def test_planes_agree_with_the_direct_reader(path, data, first):
    with first(data / path, name="bioio") as image, first(data / path) as direct:
        assert image.sizes == direct.sizes
        for t, c, z in list(direct.planes())[::5]:
            np.testing.assert_array_equal(image.read(t=t, c=c, z=z), direct.read(t=t, c=c, z=z), strict=True)


def test_facts_of_an_nd2_file_are_those_of_the_format_own_reader(data, first):
    with first(data / "vendor/cluster.nd2") as image, nd2.ND2File(data / "vendor/cluster.nd2") as file:
        assert (image.ref.loader, image.axes, image.shape) == ("bioio", "TZCYX", tuple(file.sizes.values()))
        np.testing.assert_array_equal(image.read(t=1, z=4, c=1), file.asarray()[1, 4, 1])
        lens = file.metadata.channels[0].microscope
        stated = (lens.objectiveMagnification, lens.objectiveNumericalAperture)
        assert (image.metadata["objective_magnification"], image.metadata["objective_na"]) == stated
        assert "software" not in image.metadata  # OME's creator is the library that translated, no camera's


def test_an_nd2_file_is_closed_with_its_loader(data, first):
    with first(data / "vendor/cluster.nd2") as image:
        image.read(t=0, z=0)
    assert [
        target for target in map(os.path.realpath, Path("/proc/self/fd").iterdir()) if ".nd2" in target
    ] == []


def test_the_scale_comes_along(data, first):
    path = "ometiff/multichannel.ome.tif"
    with first(data / path, name="bioio") as image, first(data / path) as direct:
        assert {axis: image.pixel_size_um[axis] for axis in "XY"} == pytest.approx(direct.pixel_size_um)
        assert image.channel_names == direct.channel_names == ("ch0", "ch1")


def test_scenes_become_series_and_stay_readable_side_by_side(data):
    path = data / "odd_valid/multipage_mixed_shape_dtype.tif"
    ref = ImageRef(str(path), path.name)
    with open_images(ref, LIMIT, "bioio") as images, open_images(ref, LIMIT) as directs:
        pairs = [(image, direct.read()) for image, direct in zip(images, directs, strict=True)]
        assert [image.ref.series for image, _ in pairs] == [0, 1, 2, 3]
        for image, pixels in reversed(pairs):
            np.testing.assert_array_equal(image.read().squeeze(), pixels, strict=True)


def test_a_block_above_the_limit_is_refused(data, first):
    with pytest.raises(TooLargeError, match="one block"), first(data / "skimage/coins.png", 1000, "bioio"):
        pass
