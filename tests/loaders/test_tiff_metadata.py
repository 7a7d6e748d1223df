"""What TIFF tags state, against the tags as Pillow reads them, and files written for the purpose."""

from datetime import datetime

import numpy as np
import pytest
import tifffile
from PIL import Image as Picture

PLANE = np.zeros((8, 9), np.uint8)

CALIBRATED = {  # path: (µm in the unit of ImageJ, spacing as ImageJ states it, seconds between frames)
    "em/xy_8bit__em_mitochondria_er.tif": (0.001, None, None),
    "microscopy_neubias/xy_16bit/xy_16bit__rat_hippocampal_neuron.tif": (1.0, None, None),
    "microscopy_neubias/xy_8bit/xy_8bit__mitocheck_incenp_t1.tif": (1.0, None, None),
    "microscopy_neubias/xyz_16bit/xyz_16bit__spots.tif": (1.0, 0.39999999999999974, None),
    "microscopy_neubias/xyzc_16bit/xyzc_16bit__spots.tif": (1.0, 0.39999999999999974, None),
}

OME = (
    '<?xml version="1.0"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06" Creator="NIS">'
    '<Instrument ID="Instrument:0"><Microscope Manufacturer="Nikon" Model="Ti2"/>'
    '<Objective ID="Objective:0" NominalMagnification="60" LensNA="1.4"/></Instrument>'
    '<Image ID="Image:0" Name="cells"><AcquisitionDate>2020-02-03T04:05:06Z</AcquisitionDate>'
    '<ObjectiveSettings ID="Objective:0"/>'
    '<Pixels ID="Pixels:0" DimensionOrder="XYCZT" Type="uint16" SignificantBits="12" SizeX="9" SizeY="8" '
    'SizeZ="1" SizeC="2" SizeT="1" PhysicalSizeX="108.3" PhysicalSizeXUnit="nm" PhysicalSizeY="0.1083" '
    'PhysicalSizeZ="0" TimeIncrement="2.5" TimeIncrementUnit="min">'
    '<Channel ID="Channel:0:0" Name="DAPI" SamplesPerPixel="1"/><Channel ID="Channel:0:1" Name="GFP" '
    'SamplesPerPixel="1"/><TiffData IFD="0" PlaneCount="2"/>'
    '<Plane TheZ="0" TheT="0" TheC="0" ExposureTime="150" ExposureTimeUnit="ms"/></Pixels></Image></OME>'
)


@pytest.mark.parametrize("path", CALIBRATED)
def test_the_scale_of_imagej_is_in_micrometres(path, data, first):
    unit, spacing, interval = CALIBRATED[path]
    with Picture.open(data / path) as picture:
        per_unit = {axis: float(picture.tag_v2[tag]) for axis, tag in (("X", 282), ("Y", 283))}
    expected = {axis: unit / n for axis, n in per_unit.items()} | ({"Z": spacing} if spacing else {})
    with first(data / path) as image:
        assert image.pixel_size_um == pytest.approx(expected)
        assert image.time_interval_s == interval
        assert image.metadata["format"] == "ImageJ TIFF"


def test_the_frame_interval_of_imagej_is_in_seconds(data, first):
    path = "microscopy_neubias/xyt_calibrated_16bit/xyt_calibrated_16bit__golgi_bfa_sum_projection.tif"
    with first(next(data.glob("**/" + path.rpartition("/")[2]))) as image:
        assert image.time_interval_s == 59.86
        assert image.pixel_size_um == pytest.approx({"X": 1 / 2.845474, "Y": 1 / 2.845474})


@pytest.mark.parametrize(
    "path",
    [
        "cellprofiler_examples/Speckles/1-162hrh2ax2.tif",  # 0.01 pixels a cm
        "cellprofiler_examples/IlluminationCorrection/AS_09047_050428030001_O01f00d2.TIF",  # 26 dpi
        "format_zoo/hopper.tif",  # 96 dpi
        "em/em_volume_imagej.tif",  # no unit
        "microscopy_neubias/xy_8bit/xy_8bit__nup.tif",
    ],
)
def test_a_resolution_of_screens_is_no_size_of_the_sample(path, data, first):
    with first(data / path) as image:
        assert bool(image.pixel_size_um) == ("nup" in path)


def test_a_fine_resolution_with_a_unit_is_the_size_of_a_pixel(tmp_path, first):
    tifffile.imwrite(tmp_path / "a.tif", PLANE, resolution=(50_000, 40_000), resolutionunit="CENTIMETER")
    with first(tmp_path / "a.tif") as image:
        assert image.pixel_size_um == pytest.approx({"X": 0.2, "Y": 0.25})


def test_ome_xml_fills_the_columns_in_our_units(tmp_path, first):
    tifffile.imwrite(tmp_path / "a.ome.tif", np.zeros((2, 8, 9), np.uint16), description=OME, metadata=None)
    with first(tmp_path / "a.ome.tif") as image:
        assert (image.axes, image.channel_names, image.ref.series_name) == ("CYX", ("DAPI", "GFP"), "cells")
        assert image.pixel_size_um == pytest.approx({"X": 0.1083, "Y": 0.1083})
        assert (image.time_interval_s, image.acquired_at) == (150.0, datetime(2020, 2, 3, 4, 5, 6))
        stated = ("objective_magnification", "objective_na", "exposure_s", "significant_bits", "instrument")
        assert [image.metadata[key] for key in stated] == [60.0, 1.4, 0.15, 12, "Nikon Ti2"]
        assert (image.metadata["format"], image.metadata["software"]) == ("OME-TIFF", "NIS")


def test_broken_ome_xml_costs_its_facts_and_not_the_pixels(data, first):
    with first(data / "bad/metadata/ome_xml_malformed.ome.tif") as image:
        assert "not well-formed" in image.metadata["ome_xml"]
        assert image.read().any()


def test_metamorph_states_when_and_on_what_it_was_taken(data, first):
    path = next((data / "cellprofiler_examples/StraightenWorms").glob("*w2*"))
    with first(path) as image:
        assert (image.metadata["format"], image.channel_names) == ("MetaMorph STK", ("FITC",))
        assert image.pixel_size_um == {"X": 6.25, "Y": 6.25}
        assert image.acquired_at == datetime(2010, 10, 12, 16, 20, 59)
        stated = ("exposure_s", "objective_na", "significant_bits", "stage_label")
        assert [image.metadata[key] for key in stated] == [0.5, 0.1, 12, "C16"]


def write_lsm(path, info):
    """A page with Zeiss's tag 34412 and its thumbnail, which an LSM file has for every plane."""
    with tifffile.TiffWriter(path) as writer:
        writer.write(PLANE, extratags=[(34412, 1, len(info), info, True)], metadata=None)
        writer.write(PLANE[:4, :4], subfiletype=1, metadata=None)


def test_voxels_of_zeiss_lsm_are_in_metres(tmp_path, first):
    info = np.zeros((), [(name, kind) for name, kind in tifffile.TIFF.CZ_LSMINFO])
    stated = {"MagicNumber": 67127628, "StructureSize": info.dtype.itemsize, "DimensionX": 9, "DimensionY": 8}
    stated |= {f"Dimension{axis}": 1 for axis in ("Z", "Channels", "Time")}
    stated |= {"VoxelSizeX": 1e-7, "VoxelSizeY": 1e-7, "VoxelSizeZ": 5e-7, "TimeIntervall": 2.5}
    for key, value in stated.items():
        info[key] = value
    write_lsm(tmp_path / "a.lsm", info.tobytes())
    with first(tmp_path / "a.lsm") as image:
        assert image.pixel_size_um == pytest.approx({"X": 0.1, "Y": 0.1, "Z": 0.5})
        assert image.time_interval_s == 2.5


def test_micro_manager_states_pixel_size_and_exposure(tmp_path, first):
    tag = (51123, "s", 0, '{"PixelSizeUm": 0.325, "Exposure-ms": 40, "Camera": "Andor"}', True)
    tifffile.imwrite(tmp_path / "a.tif", PLANE, extratags=[tag], metadata=None)
    with first(tmp_path / "a.tif") as image:
        assert image.pixel_size_um == {"X": 0.325, "Y": 0.325}
        assert (image.metadata["exposure_s"], image.metadata["instrument"]) == (0.04, "Andor")


def test_aperio_states_micrometres_a_pixel_and_magnification(tmp_path, first):
    words = "Aperio Image Library v10.0\r\n9x8 [0,0 9x8] (16x16)|AppMag = 20|MPP = 0.4990"
    tifffile.imwrite(tmp_path / "a.svs", PLANE, tile=(16, 16), description=words, metadata=None)
    with first(tmp_path / "a.svs") as image:
        assert image.pixel_size_um == {"X": 0.499, "Y": 0.499}
        assert image.metadata["objective_magnification"] == 20.0


def test_private_tags_that_make_no_sense_cost_their_facts_and_not_the_pixels(tmp_path, first):
    write_lsm(tmp_path / "a.lsm", b"\x00\x00\x04\x00abcd")
    with first(tmp_path / "a.lsm") as image:
        assert image.read().shape == (8, 9)
        assert not image.pixel_size_um
