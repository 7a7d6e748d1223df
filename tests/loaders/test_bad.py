"""Broken, misnamed, hostile and odd files: pixels or a clear error, never anything else."""

import csv
import os
import resource

import pytest

from smalti.core.errors import SmaltiError
from smalti.loaders.choose import open_images

LIMIT = 500_000_000
SLOWEST_S = 5.0

WORDS = {
    "bad/zero_byte/empty.tif": "the file is empty (0 bytes)",
    "bad/not_image/lfs_pointer.tif": "Git LFS pointer",
    "bad/not_image/html_404.jpg": "web page, not an image: it starts with text '<!DOCTYPE html>",
    "bad/not_image/text.tif": "it starts with text 'This is a text file",
    "bad/not_image/zeros_10k.tif": "512 zero bytes",
    "bad/not_image/random.nd2": "File is not supported by ND2",
    "bad/not_image/json.fits": "a FITS file begins with SIMPLE; it starts with text",
    "bad/not_image/Thumbs.db": "an OLE container",
    "bad/bombs/png_declared_2e9.png": "4,000,000,000,000,000,000 bytes of pixels, which a file of",
    "bad/bombs/png_30000x30000_valid_black.png": "this region needs 900,000,000 bytes",
    "bad/bombs/pillow_decompression_bomb.gif": "one frame",
    "bad/bombs/tif_declared_2e9x2e9.tif": "one row needs 4,000,000,000 bytes",
    "bad/bombs/tif_declared_60000x60000.tif": "this region needs 7,200,000,000 bytes",
    "bad/bombs/zarr_declared_huge.zarr": "no chunk is stored, needs 20,000,000,000,000 bytes",
    "bad/corrupt/png_bad_ihdr_crc.png": "checksum of the PNG header",
    "bad/corrupt/tif_zero_width.tif": "its first page declares 0×200 pixels",
    "bad/corrupt/tif_bits_17.tif": "corrupted strip",
    "bad/corrupt/tif_unknown_compression.tif": "54321 is not a known COMPRESSION",
    "bad/bombs/fits_declared_huge.fits": "the file holds 0 of the 8,000,000,000,000 bytes it declares",
    "bad/corrupt/fits_naxis_mismatch.fits": "Header missing END card",
    "bad/corrupt/mrc_mode99.mrc": "the MRC header declares mode 99; 0, 1, 2, 4, 6 and 12 are read",
    "bad/corrupt/mrc_negative_nx.mrc": "the MRC header declares -5×64×8 pixels",
    "bad/truncated/fits_header_part.fits": "Empty or corrupt FITS file",
    "bad/truncated/mrc_header500.mrc": "an MRC header takes 1,024 bytes, the file holds 500",
    "bad/truncated/mp4_50pct.mp4": "the mov container cannot be read, as when its index is cut off",
    "bad/truncated/tif_header8.tif": "no image inside the TIFF",
    "bad/truncated/uncompressed_tif_60pct.tif": "the file holds 50,880 of",
    "bad/truncated/jpg_60pct.jpg": "the end marker (EOI) is missing",
    "bad/truncated/png_60pct.png": "png_read_data_fn input stream too small",
    "bad/truncated/MR_truncated.dcm": "cut short",
    "bad/zarr/bad_group_json.ome.zarr": "not JSON",
    "bad/zarr/no_array_meta.ome.zarr": "level 0 ('s0') is declared but absent",
    "bad/zarr/plate_missing_well.ome.zarr": "B/2: 'B/2' is listed in the metadata but absent",
    "bad/folder_named.tif": "the folder holds no Zarr metadata",
    "vendor/xyz__multiple_images.czi": "pip install bioio-czi",
    "fits/tb.fits": "holds no image: HDU 0 is without pixels; HDU 1 is a table",
    "fits/random_groups.fits": "HDU 0 is random groups (visibilities)",
    "fits/compressed_float_bzero.fits": "HDU 1 is a row of 3 numbers, such as a spectrum",
}

PARTIAL = {
    "bad/corrupt/tif_ifd_loop.tif": "page 0 points back to page 0",
    "bad/corrupt/tif_next_ifd_beyond_eof.tif": "invalid page offset",
    "bad/truncated/pillow_truncated_end_chunk.png": "IEND",
    "bad/truncated/mrc_70pct.mrc": "the file holds 91,443 of the 131,072 bytes it declares",
    "bad/truncated/avi_50pct.avi": "the file holds 6 of the 11 frames it declares",
}


def outcome(ref):
    """What became of a file: the number of planes read, and every error on the way."""
    planes, errors = 0, []
    try:
        with open_images(ref, LIMIT) as images:
            for image in images:
                for t, c, z in image.planes():
                    try:
                        planes += image.read(t=t, c=c, z=z).size > 0
                    except SmaltiError as error:
                        errors.append(str(error))
                        break
    except SmaltiError as error:
        errors.append(str(error))
    return planes, errors


def paths_of(data, *folders):
    with (data / "BAD_READERS.csv").open(encoding="utf-8", newline="") as file:
        found = {data / row["path"] for row in csv.DictReader(file)}
    files = (path for folder in folders for path in (data / folder).rglob("*") if path.is_file())
    stores = {path for path in data.rglob("*.zarr") if path.is_dir()}
    return sorted(found | stores | {path for path in files if ".zarr" not in str(path)})


def cpu_seconds():
    """Of this process and those that it has waited for: what else runs here does not count."""
    return sum(os.times()[:4])


@pytest.fixture(scope="module", autouse=True)
def _bioio_is_loaded(data, ref_of):
    """The first file that needs bioio waits seconds for its import."""
    outcome(ref_of(data / "bad/not_image/Thumbs.db"))


def test_every_bad_or_odd_file_is_read_or_refused_in_seconds_and_in_bounded_memory(data, ref_of):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    paths = paths_of(data, "bad", "odd_valid", "format_zoo")
    outcome(ref_of(paths[0]))  # brings bioio, which takes seconds once
    slow, silent = [], []
    for path in paths:
        start = cpu_seconds()
        planes, errors = outcome(ref_of(path))
        silent += [] if planes or errors else [path.name]
        slow += [path.name] if cpu_seconds() - start > SLOWEST_S else []
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    assert (silent, slow) == ([], [])
    assert grown < LIMIT + 400_000_000, f"{grown:,} bytes more than before; bioio alone takes 200 MB"


@pytest.mark.parametrize("path", WORDS)
def test_the_error_says_what_was_found(path, data, ref_of):
    planes, errors = outcome(ref_of(data / path))
    assert WORDS[path] in " ".join(errors)
    assert planes == 0 or "plate" in path


@pytest.mark.parametrize("path", PARTIAL)
def test_a_file_that_lacks_something_is_partial_and_says_what(path, data, first):
    with first(data / path) as image:
        assert PARTIAL[path] in image.partial
        assert image.read(t=0, z=0).any()


@pytest.mark.parametrize("path", ["odd_valid", "format_zoo"])
def test_odd_but_valid_files_are_whole(path, data, ref_of):
    files = sorted((data / path).iterdir())
    assert [file.name for file in files if outcome(ref_of(file))[1]] == []


def test_what_is_whole_before_a_broken_header_is_read(data, ref_of):
    planes, (error,) = outcome(ref_of(data / "bad/truncated/fits_70pct.fits"))
    assert (planes, "one more HDU begins" in error) == (2, True)


def test_errors_do_not_give_the_absolute_path_away(data, ref_of):
    for path in ("bad/not_image/csv.png", "bad/corrupt/pillow_zero_width.gif", "bad/not_image/random.tif"):
        _, errors = outcome(ref_of(data / path))
        assert errors
        assert str(data) not in " ".join(errors)


def test_both_readers_words_are_kept(data, ref_of):
    _, (error,) = outcome(ref_of(data / "bad/corrupt/png_bad_ihdr_crc.png"))
    assert error.startswith("raster: the checksum of the PNG header")
    assert "; bioio: bioio_imageio: broken PNG file" in error
