"""Which reader opens a file, and what stands between it and its caller."""

import logging
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import tifffile

from smalti.core.errors import MissingExtraError, UnknownNameError, UnreadableError
from smalti.core.image import ImageRef
from smalti.loaders.choose import known_extensions, open_images, read_later


@pytest.mark.parametrize(
    ("path", "loader", "form"),
    [
        ("bad/wrong_ext/png_named.tif", "raster", "PNG"),
        ("bad/wrong_ext/jpg_named.png", "raster", "JPEG"),
        ("bad/wrong_ext/tif_named.png", "tiff", "TIFF"),
        ("bad/wrong_ext/tif_named.czi", "tiff", "TIFF"),
        ("odd_valid/no_extension_tiff", "tiff", "TIFF"),
        ("odd_valid/uppercase_ext.TIFF", "tiff", "TIFF"),
        ("odd_valid/uint16_bigtiff.tif", "tiff", "BigTIFF"),
        ("odd_valid/name with spaces & #%ü日本.tif", "tiff", "TIFF"),
        ("odd_valid/ends in dot..tif", "tiff", "TIFF"),
        ("odd_valid/jp2.jp2", "raster", "JPEG 2000"),
        ("odd_valid/animated_var.gif", "raster", "GIF"),
        ("odd_valid/webp_lossless.webp", "raster", "WebP"),
        ("bad/wrong_ext/fits_named.jpg", "fits", "FITS"),
        ("fits/dist_lookup.fits.gz", "fits", "FITS"),
        ("em/mrc/EMD-3001.map.bz2", "mrc", "MRC"),
        ("video/bulk-water.mov", "video", "QuickTime"),
        ("video/clip_h264.mp4", "video", "MP4"),
        ("video/clip_mjpeg.avi", "video", "AVI"),
        ("odd_valid/rgb.bmp", "raster", "BMP"),
        ("ometiff/multichannel.ome.tif", "tiff", "OME-TIFF"),
        ("omezarr/tczyx_v04.ome.zarr", "zarr", "OME-Zarr 0.4"),
    ],
)
def test_content_decides_before_the_name(path, loader, form, data, first):
    with first(data / path) as image:
        assert (image.ref.loader, image.metadata["format"]) == (loader, form)


@pytest.mark.parametrize(
    ("path", "loader"),
    [
        ("video/clip_mjpeg.avi", "video"),
        ("video/clip_h264.mp4", "video"),
        ("em/em_small.mrc", "mrc"),
        ("odd_valid/webp_lossless.webp", "raster"),
    ],
)
def test_a_magic_inside_the_file_is_found_under_another_name(path, loader, data, tmp_path, first):
    for name in ("a.png", "a", "a.dat"):
        shutil.copyfile(data / path, tmp_path / name)
        with first(tmp_path / name) as image:
            assert image.ref.loader == loader


def test_a_reader_can_be_forced(data, first):
    with first(data / "skimage/coins.png", name="bioio") as image:
        assert image.ref.loader == "bioio"
        with first(data / "skimage/coins.png") as direct:
            np.testing.assert_array_equal(image.read(), direct.read())


def test_a_forced_reader_that_fails_is_not_replaced(data, first):
    with pytest.raises(UnreadableError, match=r"^tiff: "), first(data / "skimage/coins.png", name="tiff"):
        pass


def test_a_reader_of_unknown_name_is_answered_with_the_nearest(data, first):
    with (
        pytest.raises(UnknownNameError, match="did you mean 'tiff'"),
        first(data / "skimage/coins.png", name="tif"),
    ):
        pass


def test_a_missing_file_is_an_error_of_ours(tmp_path, first):
    with pytest.raises(UnreadableError, match="No such file"), first(tmp_path / "gone.tif"):
        pass


def test_slices_backwards_and_empty_ones_work_as_in_numpy(data, first):
    with first(data / "ometiff/tzcyx_5d.ome.tif") as image:
        whole = image.read()
        np.testing.assert_array_equal(
            image.read(t=slice(None, None, -1), y=slice(90, 3, -7)), whole[::-1, :, :, 90:3:-7]
        )
        assert image.read(z=slice(2, 2)).shape == (3, 0, 2, 128, 128)


def test_read_later_keeps_no_handle_and_serves_many_threads(data, tmp_path, ref_of):
    stack = np.random.default_rng(0).integers(0, 255, (6, 40, 50), np.uint8)
    tifffile.imwrite(tmp_path / "a.tif", stack, photometric="minisblack", compression="zlib")
    image = read_later(ref_of(tmp_path / "a.tif"), 10**6)
    with ThreadPoolExecutor(8) as pool:
        planes = list(pool.map(lambda z: image.read(z=z % 6), range(48)))
    np.testing.assert_array_equal(np.stack(planes), np.concatenate([stack] * 8))
    (tmp_path / "a.tif").unlink()
    with pytest.raises(UnreadableError, match="No such file"):
        image.read(z=0)


def test_read_later_finds_its_series(data):
    path = data / "omezarr/plate_v05.ome.zarr"
    image = read_later(ImageRef(str(path), path.name, series=4), 10**7)
    assert image.ref.series_name == "A/2/1"
    with pytest.raises(UnreadableError, match="no series 12"):
        read_later(ImageRef(str(path), path.name, series=12), 10**7)


def test_the_log_of_readers_is_kept_off_the_screen_only_while_smalti_reads(data, first, caplog, capfd):
    with first(data / "bad/corrupt/tif_ifd_loop.tif") as image:
        image.read()
    assert (caplog.text, *capfd.readouterr()) == ("", "", "")
    logging.getLogger("tifffile").warning("of the user's own reading")
    assert "of the user's own reading" in caplog.text


def test_threads_do_not_hear_each_other(data, ref_of):
    def partial(path):
        with open_images(ref_of(data / path), 2**20) as images:
            return next(images).partial

    paths = ["bad/corrupt/tif_ifd_loop.tif", "odd_valid/int16.tif"] * 40
    with ThreadPoolExecutor(8) as pool:
        said = list(pool.map(partial, paths))
    assert all(said[::2])
    assert not any(said[1::2])


def test_known_extensions_are_lower_case_without_dot():
    known = known_extensions()
    assert {"png", "ome.tif", "tif", "zarr", "czi", "nii.gz", "fits", "mp4", "webp"} <= known
    assert all(extension == extension.lower().strip(".") for extension in known)


def test_choosing_loads_no_heavy_library():
    code = (
        "import sys; from smalti.loaders.choose import known_extensions; known_extensions();"
        "heavy = {'PIL', 'tifffile', 'imagecodecs', 'zarr', 'bioio', 'dask', 'astropy', 'mrcfile', 'av'};"
        "print(heavy & set(sys.modules))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True)
    assert run.stdout.strip() == "set()"


@pytest.mark.parametrize(
    ("path", "library", "module", "extra"),
    [
        ("fits/arange.fits", "astropy", "astropy.io", "astro"),
        ("em/em_small.mrc", "mrcfile", "mrcfile.utils", "volumes"),
        ("video/clip_mjpeg.avi", "av", "av", "video"),
    ],
)
def test_a_library_that_is_not_installed_is_named_with_its_extra(
    path, library, module, extra, data, first, monkeypatch
):
    monkeypatch.setitem(sys.modules, module, None)
    said = rf"{library} is not installed; run: pip install 'smalti\[{extra}\]'"
    with pytest.raises(MissingExtraError, match=said), first(data / path):
        pass
