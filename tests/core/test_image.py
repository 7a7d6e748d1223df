import numpy as np
import pytest

from smalti.core.image import Image, ImageRef, image_id


def image_of(array, axes, **facts):
    return Image(
        ref=ImageRef("/data/a.tif", "a.tif"),
        axes=axes,
        shape=array.shape,
        dtype=array.dtype,
        pixels=lambda index, level: array[index],
        **facts,
    )


def test_the_id_depends_on_path_and_series_only():
    here = ImageRef("/mnt/a/x.tif", "x.tif", size_bytes=5, series=1)
    there = ImageRef("s3://bucket/x.tif", "x.tif", series=1)
    assert here.image_id == there.image_id == image_id("x.tif", 1)
    assert here.image_id != image_id("x.tif", 0)
    assert len(here.image_id) == 16


def test_an_index_drops_its_axis_and_a_slice_keeps_it():
    array = np.arange(2 * 3 * 4 * 5).reshape(2, 3, 4, 5)
    image = image_of(array, "TCYX")
    assert image.read(t=1, c=2).shape == (4, 5)
    assert image.read(t=slice(0, 1), y=slice(1, 3)).shape == (1, 3, 2, 5)
    assert np.array_equal(image.read(c=-1), array[:, 2])


def test_reading_what_has_no_pixels_says_so():
    image = Image(ImageRef("/a.acq", "a.acq"), "", (), None)
    with pytest.raises(ValueError, match="metadata only"):
        image.read()


def test_a_level_that_does_not_exist_is_refused():
    with pytest.raises(ValueError, match="level 1 asked of an image with 1"):
        image_of(np.zeros((2, 2)), "YX").read(level=1)


def test_a_plane_counts_all_its_samples():
    assert image_of(np.zeros((3, 8, 9, 4), np.uint16), "ZYXS").plane_bytes == 8 * 9 * 4 * 2
