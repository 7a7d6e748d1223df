"""NumPy's own files: every type and order; what is no image is refused, and nothing is unpickled."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smalti.core.errors import TooLargeError, UnreadableError
from smalti.core.image import ImageRef
from smalti.loaders.choose import open_images

few = settings(max_examples=30, deadline=None)


class Trap:
    """Would fail the test if anything unpickled it."""

    def __reduce__(self):
        return pytest.fail, ("it was unpickled",)


@given(
    st.sampled_from(["?", "u1", "i2", ">u2", "<i4", "u8", "f2", ">f4", "f8", "c8"]),
    st.lists(st.integers(2, 7), min_size=2, max_size=4),
    st.booleans(),
    st.integers(0, 2**32 - 1),
)
@few
def test_arrays_come_back_as_they_were_written(tmp_path_factory, kind, shape, backwards, seed):
    array = (np.random.default_rng(seed).normal(size=(*shape[:-1], shape[-1] + 7)) * 99).astype(kind)
    path = tmp_path_factory.mktemp("npy") / "a.npy"
    np.save(path, np.asfortranarray(array) if backwards else array)
    native = array.astype(array.dtype.newbyteorder("="))
    with open_images(ImageRef(str(path), path.name), 2**20) as images:
        image = next(images)
        np.testing.assert_array_equal(image.read(), native, strict=True)
        for t, c, z in image.planes():
            picks = {"T": t, "C": c, "Z": z}
            plane = native[tuple(picks.get(axis, slice(None)) for axis in image.axes)]
            np.testing.assert_array_equal(image.read(t=t, c=c, z=z), plane, strict=True)


@pytest.mark.parametrize(
    ("shape", "axes"),
    [
        ((5, 6), "YX"),
        ((4, 5, 6), "ZYX"),
        ((5, 6, 3), "YXS"),
        ((5, 6, 4), "YXS"),
        ((3, 4, 4), "ZYX"),
        ((3, 4, 3), "ZYX"),
        ((2, 5, 6, 3), "ZYXS"),
        ((2, 3, 5, 6), "ZTYX"),
        ((2, 3, 2, 5, 6), "ZTCYX"),
    ],
)
def test_axes_are_told_by_length(tmp_path, first, shape, axes):
    np.save(tmp_path / "a.npy", np.zeros(shape, np.uint8))
    with first(tmp_path / "a.npy") as image:
        assert (image.axes, image.shape) == (axes, shape)
        assert image.samples == ({3: "RGB", 4: "RGBA"}[shape[-1]] if "S" in axes else "")


def test_what_finds_no_letter_makes_series(tmp_path, ref_of):
    array = np.arange(2 * 2 * 2 * 2 * 5 * 6).reshape(2, 2, 2, 2, 5, 6)
    np.save(tmp_path / "a.npy", array)
    with open_images(ref_of(tmp_path / "a.npy"), 2**20) as images:
        found = [(image.ref.series_name, image.read()) for image in images]
    assert [name for name, _ in found] == ["axis3=0", "axis3=1"]
    np.testing.assert_array_equal(found[1][1], array[:, :, :, 1])


@pytest.mark.parametrize(
    ("array", "said"),
    [
        (np.arange(9), r"its shape is \(9,\)"),
        (np.array(7.0), r"its shape is \(\)"),
        (np.zeros((0, 4)), r"its shape is \(0, 4\)"),
        (np.zeros((2, 2), [("a", "u1"), ("b", "f4")]), "it holds .*; an image holds numbers"),
        (np.array([["a", "b"]]), "it holds <U1"),
        (np.array([[Trap(), None]], object), "it holds object"),
        (np.zeros((2, 2), [("µ", "u1")]), "arrays of named fields|it holds"),
        (np.zeros((2, 2), np.longdouble), "it holds .*; an image holds numbers of up to 64 bits"),
    ],
    ids=["row", "number", "empty", "fields", "text", "objects", "fields in unicode", "long double"],
)
@pytest.mark.filterwarnings("ignore:Stored array in format 3.0")
def test_what_is_no_image_is_refused_in_words(tmp_path, first, array, said):
    np.save(tmp_path / "a.npy", array)
    with pytest.raises(UnreadableError, match=said), first(tmp_path / "a.npy"):
        pass


@pytest.mark.parametrize("order", ["C", "F"])
def test_a_stack_above_the_limit_is_read_plane_by_plane(tmp_path, first, order):
    array = np.random.default_rng(0).integers(0, 9, (30, 20, 50), np.uint8)
    np.save(tmp_path / "a.npy", np.asarray(array, order=order))
    with first(tmp_path / "a.npy", limit=1000) as image:
        np.testing.assert_array_equal(image.read(z=17), array[17])
        with pytest.raises(TooLargeError, match="this region"):
            image.read()


def test_a_header_that_declares_more_than_there_is_costs_no_memory(tmp_path, first):
    with (tmp_path / "a.npy").open("wb") as file:
        header = {"descr": "<f8", "fortran_order": False, "shape": (10**6, 10**6)}
        np.lib.format.write_array_header_1_0(file, header)
    with pytest.raises(UnreadableError, match="0 of the 8,000,000,000,000 bytes"), first(tmp_path / "a.npy"):
        pass
