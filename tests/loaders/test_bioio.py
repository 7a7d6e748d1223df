"""The fallback: any format that an installed bioio reader knows."""

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


def test_a_format_without_a_direct_reader_is_read(data, first):
    with first(data / "video/clip_mjpeg.avi") as image:
        assert (image.ref.loader, image.axes, image.samples) == ("bioio", "TYXS", "RGB")
        assert image.read(t=3).std() > 1


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
