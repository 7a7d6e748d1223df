import pytest
from hypothesis import given
from hypothesis import strategies as st

from smalti.core.axes import PlaneIndex, check_axes, n_planes, plane_indices, selection, sizes


def test_planes_come_in_t_c_z_order_whatever_the_stored_order():
    planes = list(plane_indices("ZCYX", (2, 2, 4, 5)))
    assert planes == [PlaneIndex(0, 0, 0), PlaneIndex(0, 0, 1), PlaneIndex(0, 1, 0), PlaneIndex(0, 1, 1)]


def test_colour_samples_belong_to_one_plane():
    assert n_planes("YXS", (4, 5, 3)) == 1


def test_an_image_without_pixels_has_no_plane():
    assert n_planes("", ()) == 0
    assert list(plane_indices("", ())) == []


def test_absent_axes_have_length_one():
    assert sizes("CYX", (3, 4, 5)) == {"T": 1, "C": 3, "Z": 1, "Y": 4, "X": 5, "S": 1}


@pytest.mark.parametrize(
    ("axes", "shape"), [("YX", (1,)), ("YY", (1, 1)), ("QYX", (1, 1, 1)), ("TZ", (1, 1))]
)
def test_axes_that_describe_no_image_are_refused(axes, shape):
    with pytest.raises(ValueError, match="axes"):
        check_axes(axes, shape)


def test_a_pick_outside_its_axis_says_which_and_how_long():
    with pytest.raises(IndexError, match="z=7 is outside the axis Z of length 3"):
        selection("ZYX", (3, 4, 5), {"Z": 7})


def test_an_absent_axis_may_only_be_picked_at_zero():
    assert selection("YX", (4, 5), {"Z": 0}) == (slice(0, 4, 1), slice(0, 5, 1))
    with pytest.raises(IndexError, match="without a Z axis"):
        selection("YX", (4, 5), {"Z": 1})


@given(st.integers(1, 20), st.integers(-25, 25), st.integers(-25, 25))
def test_slices_mean_what_they_mean_in_python(length, start, stop):
    (picked,) = selection("Y", (length,), {"Y": slice(start, stop)})
    assert list(range(length))[picked] == list(range(length))[start:stop]
