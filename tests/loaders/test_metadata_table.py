"""Sizes, names, intervals and dates of real files, against a table written by hand.

Each line was read off the file without a loader of ours:

* OME-TIFF, ImageJ: tag 270 (and 282, 283, 296, 50839) as a walker of 30 lines over the directory of tags
  printed them: ``PhysicalSizeX``, ``Channel Name``; ``unit``, ``spacing``, ``finterval``, and the resolution.
* OME-Zarr: ``.zattrs`` and ``zarr.json`` as text: ``axes``, ``scale``, ``omero``.
* FITS: the header blocks, 80 characters a card: ``CDELT``, ``CD``, ``CUNIT``, ``DATE-OBS``, ``TIME-OBS``.
* MRC: ``cella`` / ``mx my mz`` of the first 1,024 bytes, in ångström, in the order of ``mapc mapr maps``.
* ND2: nd2's `voxel_size`, `metadata.channels` and `frame_metadata`: relative times of frames 0 and 20 (z 0 of
  t 0 and t 2) over two, and the Julian day of frame 0 less its relative time.
"""

from typing import NamedTuple

import pytest

from smalti.loaders.choose import open_images


class Stated(NamedTuple):
    """What a file states; sizes in µm in the order X, Y, Z."""

    sizes: tuple[float | None, ...] = ()
    channels: tuple[str, ...] | None = None
    interval_s: float | None = None
    acquired: str | None = None


FOLDER = "microscopy_neubias/"
TABLE = {
    # OME-TIFF
    "ometiff/multichannel.ome.tif": Stated((0.2, 0.2), ("ch0", "ch1")),
    "ometiff/small_multichannel.ome.tif": Stated((0.2,)),
    "ometiff/multi-channel-z-series.ome.tif": Stated(),
    "ometiff/viv_multi-channel.ome.tif": Stated(),
    "ometiff/pyramid_subifd.ome.tif": Stated(),
    "ometiff/tiled_zlib.ome.tif": Stated(),
    "ometiff/tzcyx_5d.ome.tif": Stated(),
    # ImageJ
    "bioio_samples/tifs/cyx_16bit.tif": Stated(
        (1 / 3.52172, 1 / 3.52172),
        ("c:1/2 - 241115_20x_BIHi278A2_03 Merged", "c:2/2 - 241115_20x_BIHi278A2_03 Merged"),
    ),
    "bioio_samples/tifs/tcyx_8bit.tif": Stated((1 / 96, 1 / 96)),
    "bioio_samples/tifs/zyx_16bit.tif": Stated(),
    "em/em_volume_imagej.tif": Stated(),
    "em/xy_8bit__em_mitochondria_er.tif": Stated((0.008, 0.008)),
    f"{FOLDER}conditions/PLK1/xy_8bit__nuclei_PLK1_control.tif": Stated((1 / 6.022167,) * 2),
    f"{FOLDER}xy_16bit/xy_16bit__nuclei_with_background.tif": Stated((0.32, 0.32)),
    f"{FOLDER}xy_8bit/xy_8bit__mitocheck_incenp_t1.tif": Stated((0.1, 0.1)),
    f"{FOLDER}xyc_16bit/xyc_16bit__cell_dna_mts_actin.tif": Stated((1 / 7.547649,) * 2),
    f"{FOLDER}xyc_8bit/xyc_8bit__cyto_nuclei.tif": Stated(),
    f"{FOLDER}xyt_8bit_polyp/xyt_8bit_polyp.tif": Stated(),
    f"{FOLDER}xyt_calibrated_16bit/xyt_calibrated_16bit__golgi_bfa_sum_projection.tif": Stated(
        (1 / 2.845474,) * 2, interval_s=59.86
    ),
    f"{FOLDER}xyz_16bit/xyz_16bit__spots.tif": Stated((1 / 10.623103, 1 / 10.623103, 0.4)),
    f"{FOLDER}xyz_8bit/xyz_8bit__mitotic_plate_calibrated.tif": Stated((1 / 11.737581, 1 / 11.737581, 3.0)),
    f"{FOLDER}xyz_8bit/xyz_8bit__mitotic_plate_badZcalibrated.tif": Stated((1 / 11.737581, 1 / 11.737581)),
    f"{FOLDER}xyzc_16bit/xyzc_16bit__dna_conf_wf.tif": Stated(
        (1 / 1.953591, 1 / 1.953591, 0.4994126016284111)
    ),
    f"{FOLDER}xyzc_8bit_spheres/xyzc_8bit_spheres.tif": Stated((1.0, 1.0, 2.0)),
    # OME-Zarr
    "omezarr/em_sharded_v05.ome.zarr": Stated((0.0046, 0.0046, 0.045)),
    "omezarr/em_zyx_v05.ome.zarr": Stated((0.25, 0.25, 1.0)),
    "omezarr/image_cyx_v04.ome.zarr": Stated((0.25, 0.25)),
    "omezarr/image_cyx_v05.ome.zarr": Stated((0.25, 0.25)),
    "omezarr/small_cyx_v05.ome.zarr": Stated((0.25, 0.25)),
    "omezarr/tczyx_v04.ome.zarr": Stated((0.25, 0.25, 1.0)),
    "omezarr/viv_blobs_image_v04.ome.zarr": Stated((), ("0", "1", "2")),
    "omezarr/viv_blobs_image_v05.ome.zarr": Stated((), ("0", "1", "2")),
    # FITS
    "fits/1904-66_AZP.fits": Stated(),
    "fits/fixed-1890.fits": Stated(acquired="2011-09-16T10:33:45.368000"),
    "fits/j94f05bgq_flt.fits": Stated(acquired="2005-03-07T06:51:26"),
    "fits/tile_compressed/m13.fits": Stated(),
    "fits/o4sp040b0_raw.fits": Stated(acquired="1998-04-20T18:38:15"),
    "fits/sep_image.fits": Stated(acquired="1992-10-26T00:00:00"),
    "fits/skimage_multi.fits": Stated(acquired="2001-09-10T15:01:11.500000"),
    "fits/skimage_simple.fits": Stated(acquired="1987-04-05T00:00:00"),
    "fits/test0.fits": Stated(acquired="1994-05-19T15:41:16"),
    # MRC
    "em/em_small.mrc": Stated((0.0046, 0.0046, 0.0046)),
    "em/em_volume.mrc": Stated((0.0046, 0.0046, 0.0046)),
    "em/mrc/EMD-3001.map": Stated((33.03 / 72e4, 17.93 / 40e4, 4.71 / 12e4)),
    "em/mrc/EMD-3001.map.bz2": Stated((33.03 / 72e4, 17.93 / 40e4, 4.71 / 12e4)),
    "em/mrc/EMD-3197.map": Stated((0.00114, 0.00114, 0.00114)),
    "em/mrc/emd_3197.map.gz": Stated((0.00114, 0.00114, 0.00114)),
    # ND2
    "vendor/cluster.nd2": Stated(
        (0.16780898323268245, 0.16780898323268245, 0.5),
        ("5-FAM/pH 9.0", "FM 4-64/2% CHAPS"),
        10.647547207,
        "2014-06-18T13:55:23.392019",
    ),
}

ON_THE_SKY = {
    "fits/1904-66_AZP.fits": 6.666666666667e-2 * 3600,
    "fits/scale.fits": 0.001388889 * 3600,
    "fits/checksum.fits": 1.944444492e-3 * 3600,
    "fits/comp.fits": 1.944444492e-3 * 3600,
    "fits/tile_compressed/m13_rice.fits": 0.00027770002 * 3600,
    "fits/skimage_multi.fits": 1.1634929,  # 3600 √|−2.92667e-4 · 2.93036e-4 − 1.36728e-4 · 1.36706e-4|
    "fits/j94f05bgq_flt.fits": 0.0500239,  # 3600 √|1.29056e-5 · −1.26448e-5 − 5.95309e-6 · 5.02206e-6|
    "fits/fixed-1890.fits": None,  # its axes are pixels
    "fits/o4sp040b0_raw.fits": None,  # a wavelength and an angle along the slit
    "fits/sep_image.fits": None,
}
"""Arcseconds a pixel: the root of a pixel's area by CD or CDELT, in degrees."""


@pytest.mark.parametrize("path", TABLE)
def test_a_real_file_states_what_stands_in_the_table(path, data, first):
    stated = TABLE[path]
    with first(data / path, 2**30) as image:
        assert dict(image.pixel_size_um) == pytest.approx(
            dict(zip("XYZ", stated.sizes, strict=False)), rel=1e-6
        )
        assert image.channel_names == stated.channels
        assert image.time_interval_s == pytest.approx(stated.interval_s)
        assert (image.acquired_at and image.acquired_at.isoformat()) == stated.acquired


@pytest.mark.parametrize("path", ON_THE_SKY)
def test_a_real_image_of_the_sky_states_its_scale(path, data, first):
    with first(data / path) as image:
        assert image.metadata.get("wcs_scale_arcsec") == pytest.approx(ON_THE_SKY[path])


@pytest.mark.parametrize(
    ("path", "stated"),
    [
        (
            "vendor/cluster.nd2",
            {"objective_magnification": 60.0, "objective_na": 0.95, "significant_bits": 12},
        ),
        ("fits/sep_image.fits", {"exposure_s": 1200.0, "instrument": "ESONTTB EMMI"}),
        ("fits/test0.fits", {"exposure_s": 0.23, "instrument": "WFPC2"}),
        ("vendor/spestack_test.spe", {"format": "SPE"}),
    ],
)
def test_optics_and_exposure_are_those_of_the_file(path, stated, data, first):
    with first(data / path) as image:
        assert {key: image.metadata.get(key) for key in stated} == stated


@pytest.mark.parametrize("version", ["v04", "v05"])
def test_fields_of_a_plate_are_placed(version, data, ref_of):
    with open_images(ref_of(data / f"omezarr/plate_{version}.ome.zarr"), 2**20) as images:
        found = [tuple(image.metadata[key] for key in ("plate", "well", "field")) for image in images]
    wells = [(row + column, field) for row in "AB" for column in "12" for field in "012"]
    assert found == [(f"plate_{version}", *well) for well in wells]
