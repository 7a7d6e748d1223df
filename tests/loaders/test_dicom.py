"""DICOM through SimpleITK, apart: stored values, stated sizes and times, and what is refused."""

import sys
from datetime import datetime

import numpy as np
import pytest
import SimpleITK

from smalti.core.errors import MissingExtraError, TooLargeError, UnreadableError
from smalti.core.plugin import find
from smalti.loaders._dicom import about_dicom, frame_axis, transfer_syntax
from smalti.loaders._guard import guarded
from smalti.loaders.choose import open_images

STATED = {
    "CT_small.dcm": ({"X": 661.468, "Y": 661.468}, "GE MEDICAL SYSTEMS RHAPSODE", "CT", None),
    "MR_small_RLE.dcm": ({"X": 312.5, "Y": 312.5}, "TOSHIBA_MEC MRT50H1", "MR", "RLE"),
    "ExplVR_BigEnd.dcm": ({}, "G.E. Medical Systems", "US", None),
    "liver_1frame.dcm": (
        {"X": 810.547, "Y": 810.547},
        "QIICR https://github.com/fedorov/dcmqi.git",
        "SEG",
        None,
    ),
    "rtdose.dcm": (
        {"X": 1e4, "Y": 1e4, "Z": 5e3},
        "Manufacturer name here Treatment Planning System name here",
        "RTDOSE",
        None,
    ),
    "examples_jpeg2k.dcm": ({}, "G.E. Medical Systems", "US", "JPEG 2000 lossless"),
}


@pytest.mark.parametrize("name", STATED)
def test_sizes_maker_and_compression_are_those_stated(name, data, first):
    with first(data / "dicom" / name) as image:
        found = image.metadata
        sizes, maker, modality, compression = STATED[name]
        assert image.pixel_size_um == pytest.approx(sizes)
        assert (found["modality"], found.get("compression")) == (modality, compression)
        assert found["instrument"].startswith(maker)


def test_rescaled_values_are_scaled_back_to_what_is_stored(data, first):
    with first(data / "dicom/CT_small.dcm") as image:
        stored = image.read()
        assert (image.dtype, stored.dtype) == (np.int16, np.int16)
        assert (image.metadata["rescale_slope"], image.metadata["rescale_intercept"]) == (1.0, -1024.0)
    given = SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(data / "dicom/CT_small.dcm")))[0]
    np.testing.assert_array_equal(stored.astype(int) - 1024, given)


def rescaled(data, slope, intercept):
    """A real file with other numbers for what its values are to be rescaled by."""
    whole = (data / "dicom/CT_small.dcm").read_bytes()
    for tag, text in ((b"\x52\x10DS", intercept), (b"\x53\x10DS", slope)):
        before, _, after = whole.partition(b"\x28\0" + tag)
        value = text.encode() + b" " * (len(text) % 2)
        rest = after[2 + int.from_bytes(after[:2], "little") :]
        whole = before + b"\x28\0" + tag + len(value).to_bytes(2, "little") + value + rest
    return whole


@pytest.mark.parametrize(
    ("slope", "intercept"), [("0.37", "-12.5"), ("3", "100"), ("1e-4", "0"), ("-2", "7")]
)
def test_any_slope_is_undone_exactly(slope, intercept, data, tmp_path, first):
    (tmp_path / "a.dcm").write_bytes(rescaled(data, slope, intercept))
    with first(tmp_path / "a.dcm") as other, first(data / "dicom/CT_small.dcm") as image:
        assert other.metadata["rescale_slope"] == float(slope)
        np.testing.assert_array_equal(other.read(), image.read(), strict=True)


def test_timed_frames_are_time_and_others_z(data, first):
    with first(data / "dicom/examples_ybr_color.dcm") as image:
        assert (image.axes, image.samples) == ("TYXS", "RGB")
        assert image.time_interval_s == pytest.approx(0.033333)
        assert image.acquired_at == datetime(2016, 5, 3, 12, 15, 35)
        assert image.read(t=3).shape == (240, 320, 3)
    assert frame_axis({"0028|0009": r"(0018,1063)"}) == "T"
    assert frame_axis({"0028|0009": r"(3004,000c)"}) == "Z"


@pytest.mark.parametrize("name", ["x.tif", "x", "x.png"])
def test_dicom_is_known_by_its_magic_whatever_its_name(name, data, tmp_path, first):
    (tmp_path / name).write_bytes((data / "dicom/MR_small.dcm").read_bytes())
    with first(tmp_path / name) as image:
        assert (image.ref.loader, image.axes) == ("volume", "YX")


BANDS = {5: (1, 0, 0), 25: (0, 1, 0), 45: (0, 0, 1), 95: (1, 1, 1)}
"""Colours of rows of pydicom's ``SC_rgb`` pictures, of which the second frame is the negative."""


def test_colours_of_32_bits_coded_by_runs_are_not_left_to_gdcm(data, first):
    with first(data / "dicom/SC_rgb_rle_32bit_2frame.dcm") as image:
        assert (image.axes, image.shape, image.samples) == ("ZYXS", (2, 100, 100, 3), "RGB")
        for y, colour in BANDS.items():
            np.testing.assert_equal(image.read(z=0, y=y, x=50), np.multiply(colour, 2**32 - 1))
            np.testing.assert_equal(image.read(y=y, x=50)[1], np.subtract(1, colour) * (2**32 - 1))


@pytest.mark.parametrize("length", [1300, 4000, 6230])
def test_a_cut_file_of_runs_says_so(length, data, tmp_path, first):
    whole = (data / "dicom/SC_rgb_rle_32bit_2frame.dcm").read_bytes()
    (tmp_path / "x.dcm").write_bytes(whole[:length])
    with pytest.raises(UnreadableError, match=r"cut|fragment|frames"), first(tmp_path / "x.dcm"):
        pass


def test_what_one_read_would_take_is_refused_before(data, ref_of):
    with (
        pytest.raises(TooLargeError),
        open_images(ref_of(data / "dicom/examples_ybr_color.dcm"), 10_000) as images,
    ):
        next(images)


@pytest.mark.parametrize(
    "name", ["truncated/MR_truncated.dcm", "valid_other_container/test-SR.dcm", "metadata/no_meta.dcm"]
)
def test_the_error_says_what_may_be_wrong_without_places_in_memory(name, data, ref_of):
    with (
        pytest.raises(UnreadableError, match="without pixels") as raised,
        open_images(ref_of(data / "bad" / name), 2**28) as images,
    ):
        next(images)
    assert "0x" not in str(raised.value)


def test_a_missing_extra_is_named(data, ref_of, monkeypatch):
    monkeypatch.setitem(sys.modules, "SimpleITK", None)
    with pytest.raises(MissingExtraError, match=r"smalti\[volumes\]"):
        next(guarded(find("loader", "volume"), ref_of(data / "dicom/CT_small.dcm"), 2**28))


def test_half_a_date_is_none_and_a_whole_one_keeps_its_fraction():
    def moment(**tags):
        names = {"day": "0008|0022", "time": "0008|0032", "both": "0008|002a"}
        return about_dicom({names[k]: v for k, v in tags.items()}, (1.0, 1.0), None).acquired_at

    assert moment(day="20240229") is None
    assert moment(day="20240229", time="1201") == datetime(2024, 2, 29, 12, 1)
    assert moment(both="20240229120130.25") == datetime(2024, 2, 29, 12, 1, 30, 250000)
    assert moment(both="20240231120130") is None


@pytest.mark.parametrize("head", [b"", b"\0" * 128 + b"DICM", b"\0" * 128 + b"DICM\x02\x00\x10\x00UI"])
def test_a_head_that_ends_early_has_no_transfer_syntax(head):
    assert transfer_syntax(head) in (None, "")
