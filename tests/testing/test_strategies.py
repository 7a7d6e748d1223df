"""Drawn planes and images are valid, and as varied as promised."""

import numpy as np
from hypothesis import find, given, settings

from smalti.testing.strategies import images, planes


@settings(max_examples=30, deadline=None)
@given(planes(max_side=9))
def test_a_plane_has_two_axes_and_a_known_dtype(plane):
    assert plane.ndim == 2
    assert max(plane.shape) <= 9
    assert plane.dtype.kind in "buif"


@settings(max_examples=30, deadline=None)
@given(images())
def test_an_image_reads_the_array_it_was_made_of(drawn):
    image, array = drawn
    assert np.array_equal(image.read(), array)
    assert sum(image.read(t=p.t, c=p.c, z=p.z).size for p in image.planes()) == array.size


def test_planes_with_nan_and_constant_planes_are_found():
    assert np.isnan(find(planes(dtypes=("float32",)), lambda plane: np.isnan(plane).any())).any()
    assert find(planes(dtypes=("uint8",)), lambda plane: plane.size > 4 and np.ptp(plane) == 0).size > 4


def test_colour_planes_have_three_samples():
    assert find(planes(colour=True), lambda plane: True).shape == (1, 1, 3)
