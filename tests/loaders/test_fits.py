"""FITS: scaling, blanks, axes and scale against astropy's own reading and the standard."""

import gzip

import numpy as np
import pytest
from astropy.io import fits
from hypothesis import given, settings
from hypothesis import strategies as st

from smalti.core.errors import TooLargeError, UnreadableError
from smalti.core.image import ImageRef
from smalti.loaders.choose import open_images

few = settings(max_examples=25, deadline=None)
INTEGERS = ["u1", "i1", "i2", "u2", "i4", "u4", "i8", "u8"]


def written(path, array, compressed=False, **cards):
    """A file with the array as its only image, and cards as ``DATE_OBS="..."``."""
    header = fits.Header([(key.replace("_OBS", "-OBS"), value) for key, value in cards.items()])
    if compressed:
        hdus = [fits.PrimaryHDU(), fits.CompImageHDU(array, header)]
    else:
        hdus = [fits.PrimaryHDU(array, header)]
    fits.HDUList(hdus).writeto(path)
    return path


def raw(path, array, **cards):
    """The same with BSCALE, BZERO and BLANK as given, and numbers stored as they are."""
    header = fits.Header([("SIMPLE", True), ("BITPIX", 8 * array.itemsize), ("NAXIS", array.ndim)])
    header.extend([(f"NAXIS{i + 1}", n) for i, n in enumerate(reversed(array.shape))], strip=False)
    header.extend(list(cards.items()), strip=False)
    data = array.astype(array.dtype.newbyteorder(">")).tobytes()
    path.write_bytes(header.tostring().encode() + data + b"\0" * (-len(data) % 2880))
    return path


@given(
    st.sampled_from([*INTEGERS, "f4", "f8"]),
    st.lists(st.integers(1, 12), min_size=2, max_size=4),
    st.booleans(),
    st.integers(0, 2**32 - 1),
)
@few
def test_numbers_of_every_type_come_back_as_they_were_written(tmp_path_factory, kind, shape, packed, seed):
    rng, dtype = np.random.default_rng(seed), np.dtype(kind)
    if dtype.kind == "f":
        array = rng.normal(size=shape).astype(dtype)
    else:
        array = rng.integers(np.iinfo(dtype).min, np.iinfo(dtype).max, shape, dtype, endpoint=True)
    path = written(tmp_path_factory.mktemp("fits") / "a.fits", array)
    if packed:
        path = path.with_name("a.fits.gz")
        path.write_bytes(gzip.compress(path.with_name("a.fits").read_bytes()))
    with open_images(ImageRef(str(path), path.name), 2**20) as images:
        image = next(images)
        np.testing.assert_array_equal(image.read(), array, strict=True)
        np.testing.assert_array_equal(
            image.read(y=-1, x=slice(None, None, 2)), array[..., -1, ::2], strict=True
        )


@pytest.mark.parametrize("kind", ["u1", "i2", "u2", "i4", "f4", "f8"])
def test_regions_of_tiles_equal_astropy_own(tmp_path, first, kind):
    array = (np.random.default_rng(0).random((3, 70, 90)) * 200).astype(kind)
    path = written(tmp_path / "a.fits", array, compressed=True)
    with first(path) as image, fits.open(path) as file:
        stored = file[1].data
        assert image.dtype == stored.dtype.newbyteorder("=")
        np.testing.assert_array_equal(image.read(), stored)
        np.testing.assert_array_equal(
            image.read(z=1, y=slice(9, 61, 3), x=slice(5, 80)), stored[1, 9:61:3, 5:80]
        )
        assert image.metadata["compression"] == "RICE_1"


@pytest.mark.parametrize("blank", [-7, 0])
@pytest.mark.parametrize("zero", [0, 2**15])
def test_blank_pixels_are_nan_and_the_others_exact(tmp_path, first, blank, zero):
    stored = np.array([[blank, 1], [2, 3]], np.int16)
    with first(raw(tmp_path / "a.fits", stored, BZERO=zero, BLANK=blank)) as image:
        expected = np.array([[np.nan, 1 + zero], [2 + zero, 3 + zero]], np.float32)
        np.testing.assert_array_equal(image.read(), expected, strict=True)


@pytest.mark.parametrize(("kind", "pixels"), [("i2", "f4"), ("i4", "f8"), ("u1", "f4")])
def test_a_scale_makes_floats_wide_enough_for_the_stored_numbers(tmp_path, first, kind, pixels):
    stored = np.arange(6, dtype=kind).reshape(2, 3)
    with first(raw(tmp_path / "a.fits", stored, BSCALE=0.5, BZERO=10.0)) as image:
        np.testing.assert_array_equal(image.read(), (stored * 0.5 + 10).astype(pixels), strict=True)


@pytest.mark.parametrize(
    ("kinds", "axes"),
    [
        ((), "ZYX"),
        (("FREQ",), "CYX"),
        (("VELO-LSR",), "CYX"),
        (("TIME",), "TYX"),
        (("STOKES", "FREQ"), "ZCYX"),
        (("FREQ", "TIME"), "TCYX"),
        (("", ""), "ZTYX"),
    ],
)
def test_further_axes_are_what_their_type_says(tmp_path, first, kinds, axes):
    cards = {f"CTYPE{3 + i}": kind for i, kind in enumerate(kinds) if kind}
    shape = (2,) * (max(1, len(kinds)) - 1) + (3, 4, 5)
    with first(written(tmp_path / "a.fits", np.zeros(shape, np.int16), **cards)) as image:
        assert (image.axes, image.shape) == (axes, shape)


def test_a_fourth_stack_axis_makes_series_of_its_own(tmp_path, ref_of):
    array = np.arange(2 * 3 * 2 * 2 * 4 * 5, dtype=np.int16).reshape(2, 3, 2, 2, 4, 5)
    path = written(tmp_path / "a.fits", array, CUNIT6="um", CDELT6=0.5, CUNIT3="nm", CDELT3=9.0)
    with open_images(ref_of(path), 2**20) as images:
        opened = [(image, image.read()) for image in images]
    assert [dict(image.pixel_size_um) for image, _ in opened] == [{"Z": 0.5}] * 2
    found = [(image.ref.series_name, image.axes, pixels) for image, pixels in opened]
    assert [(name, axes) for name, axes, _ in found] == [(f"NAXIS3={i}", "ZTCYX") for i in range(2)]
    np.testing.assert_array_equal(found[1][2], array[:, :, :, 1])


def test_a_pixel_has_a_size_where_its_unit_is_one_of_length(tmp_path, first):
    cards = {"CUNIT1": "um", "CDELT1": -0.5, "CUNIT2": "mm", "CDELT2": 0.001, "CUNIT3": "nm", "CDELT3": 200.0}
    with first(written(tmp_path / "a.fits", np.zeros((2, 3, 4), np.uint8), **cards)) as image:
        assert image.pixel_size_um == pytest.approx({"X": 0.5, "Y": 1.0, "Z": 0.2})
    cards = {"CTYPE1": "WAVE", "CUNIT1": "nm", "CDELT1": 0.5}
    with first(written(tmp_path / "b.fits", np.zeros((3, 4), np.uint8), **cards)) as image:
        assert image.pixel_size_um == {}


@pytest.mark.parametrize("turn", [0.0, 0.7])
def test_the_scale_on_the_sky_is_in_arcseconds_however_the_camera_is_turned(tmp_path, first, turn):
    cards = {"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN"}
    step = 0.25 / 3600
    cards |= {"CD1_1": -step * np.cos(turn), "CD1_2": step * np.sin(turn)}
    cards |= {"CD2_1": step * np.sin(turn), "CD2_2": step * np.cos(turn)}
    with first(written(tmp_path / "a.fits", np.zeros((3, 4), np.uint8), **cards)) as image:
        assert image.metadata["wcs_scale_arcsec"] == pytest.approx(0.25)
        assert image.pixel_size_um == {}


def test_frames_have_the_interval_that_their_axis_states(tmp_path, first):
    cards = {"CTYPE3": "TIME", "CUNIT3": "min", "CDELT3": 0.5}
    with first(written(tmp_path / "a.fits", np.zeros((2, 3, 4), np.uint8), **cards)) as image:
        assert (image.axes, image.time_interval_s) == ("TYX", 30.0)


@pytest.mark.parametrize(
    ("cards", "taken"),
    [
        ({"DATE_OBS": "2011-09-16T10:33:45.368"}, "2011-09-16T10:33:45.368000"),
        ({"DATE_OBS": "2005-03-07", "TIME_OBS": "06:51:26"}, "2005-03-07T06:51:26"),
        ({"DATE_OBS": "19/05/94"}, "1994-05-19T00:00:00"),
    ],
)
def test_the_date_of_observation_is_read_in_its_three_spellings(tmp_path, first, cards, taken):
    with first(written(tmp_path / "a.fits", np.zeros((3, 4), np.uint8), **cards)) as image:
        assert image.acquired_at.isoformat() == taken


def test_the_primary_header_speaks_for_extensions_that_are_silent(data, ref_of):
    with open_images(ref_of(data / "fits/j94f05bgq_flt.fits"), 2**20) as images:
        found = list(images)
    assert [(image.ref.series_name, image.metadata["hdu"]) for image in found] == [("SCI", 1), ("SCI,2", 4)]
    assert {image.metadata["instrument"] for image in found} == {"HST ACS"}
    assert found[0].metadata["FILTER1"] == "F606W"


def test_one_plane_of_a_cube_is_read_under_a_limit_that_the_cube_exceeds(tmp_path, first):
    array = np.random.default_rng(0).integers(0, 99, (50, 40, 30), np.int16)
    with first(written(tmp_path / "a.fits", array), limit=40 * 30 * 2) as image:
        np.testing.assert_array_equal(image.read(z=33), array[33])
        with pytest.raises(TooLargeError, match="this region"):
            image.read()


def test_what_a_compressed_file_unpacks_to_beyond_its_header_costs_nothing(tmp_path, first):
    whole = written(tmp_path / "a.fits", np.ones((20, 30), np.uint8)).read_bytes()
    with gzip.open(tmp_path / "a.fits.gz", "wb", compresslevel=1) as file:
        file.write(whole)
        for _ in range(50):
            file.write(bytes(1 << 20))
    with first(tmp_path / "a.fits.gz", limit=20 * 30) as image:
        assert image.read().sum() == 600


def test_a_tile_or_row_above_the_limit_is_refused(tmp_path, first):
    array = np.zeros((100, 100), np.int16)
    with pytest.raises(TooLargeError, match="one row"), first(written(tmp_path / "a.fits", array), limit=100):
        pass
    path = written(tmp_path / "b.fits", array, compressed=True)
    with pytest.raises(TooLargeError, match="one tile"), first(path, limit=100):
        pass


@pytest.mark.parametrize("compressed", [False, True])
def test_a_cut_file_is_partial_and_gives_what_is_there(tmp_path, first, compressed):
    array = np.random.default_rng(0).integers(0, 30000, (60, 50, 40), np.int16)
    path = written(tmp_path / "a.fits", array, compressed=compressed)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 6 // 10])
    with first(path) as image:
        assert "it is cut" in image.partial
        np.testing.assert_array_equal(image.read(z=2), array[2])
        with pytest.raises(UnreadableError):
            image.read(z=-1)


def test_nothing_of_astropy_appears_on_the_screen(data, ref_of, caplog, capfd):
    with open_images(ref_of(data / "fits/zerowidth.fits"), 2**20) as images, pytest.raises(UnreadableError):
        next(images)
    with open_images(ref_of(data / "bad/truncated/fits_70pct.fits"), 2**20) as images:
        assert next(images).read().any()
    assert (caplog.text, *capfd.readouterr()) == ("", "", "")


def test_more_tiles_than_the_table_has_rows_are_not_tried_one_by_one(tmp_path, first):
    path = written(tmp_path / "a.fits", np.zeros((3, 20, 30), np.int16), compressed=True)
    content = path.read_bytes()
    declared, claimed = (f"ZNAXIS3 =           {n:>10}".encode() for n in (3, 2**30))
    assert declared in content
    path.write_bytes(content.replace(declared, claimed))
    with (
        pytest.raises(UnreadableError, match="21,474,836,480 tiles are declared, their table has 60 rows"),
        first(path),
    ):
        pass
