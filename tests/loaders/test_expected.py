"""Every item of EXPECTED.csv in the formats that are read directly, compared on `Image.read()`."""

import numpy as np
import pytest

from smalti.core.errors import UnreadableError
from smalti.loaders.choose import open_images

FORMATS = {
    "PNG": (".png",),
    "JPEG": (".jpg", ".jpeg", ".jp2"),
    "GIF": (".gif",),
    "WebP": (".webp",),
    "others": (".bmp", ".ppm", ".pgm", ".sgi"),
    "TIFF": (".tif", ".tiff", "no_extension_tiff"),
    "Zarr": (".zarr",),
    "FITS": (".fits", ".fits.gz"),
    "MRC": (".mrc", ".map", ".map.gz", ".map.bz2"),
    "video": (".avi", ".mov", ".mp4"),
    "ND2": (".nd2",),
    "SPE": (".spe",),
    "NRRD": (".nrrd", ".nhdr"),
    "NIfTI": (".nii.gz",),
    "DICOM": (".dcm",),
}
"""How the names of files end."""

UNREAD = {
    ".czi": "the readers of CZI are GPL and installed by the user",
}

PIECE = 2**22
"""Counting takes eight bytes a value."""

RGB_THROUGHOUT = "frames of an animated GIF are RGB throughout; the list has indices (or grey) for the first"
ONE_AXIS = "a row of numbers, such as a spectrum, is no image"
NO_PIXELS = "an axis of length 0 is declared: the table beside it, or its groups, hold the data"
EXCEPTIONS = {
    ("fits/compressed_float_bzero.fits", "HDU1 COMPRESSED_IMAGE"): ONE_AXIS,
    ("fits/random_groups.fits", "HDU0"): NO_PIXELS,
    ("fits/zerowidth.fits", "HDU0 PRIMARY"): NO_PIXELS,
    ("format_zoo/dispose_bgnd.gif", "frame0 mode=P"): RGB_THROUGHOUT,
    ("format_zoo/iss634.gif", "frame0 mode=P"): RGB_THROUGHOUT,
    ("odd_valid/animated_var.gif", "frame0 mode=P"): RGB_THROUGHOUT,
    ("skimage/no_time_for_that_tiny.gif", "frame0 mode=P"): RGB_THROUGHOUT,
    ("video/clip.gif", "frame0 mode=L"): RGB_THROUGHOUT,
    ("video/clip.gif", "frame1 mode=P"): RGB_THROUGHOUT,
    ("dicom/JPEG-lossy.dcm", "0"): "a lone frame has no axis Z; the list gives it one of length 1",
    ("dicom/examples_palette.dcm", "0"): "GDCM hands out the colours of a palette; the list has indices",
    ("dicom/examples_ybr_color.dcm", "0"): "decoders of lossy JPEG differ by up to 3",
}


def items_of(image):
    """The names that EXPECTED.csv gives to the parts of one image, and their pixels."""
    if image.ref.loader == "zarr":
        for level in range(max(1, len(image.levels))):
            yield f"{image.ref.series_name or ''}/{level}".lstrip("/"), image.read(level=level)
    elif image.ref.loader == "tiff":
        yield f"series{image.ref.series}", image.read()
    elif image.ref.loader == "raster":
        for t in range(image.sizes["T"]):
            yield f"frame{t}", image.read(t=t)
    else:
        names = {"fits": f"HDU{image.metadata.get('hdu')}", "video": "all"}
        yield names.get(image.ref.loader, str(image.ref.series)), image.read()


def key_of(row):
    """The item without its details; levels of a Zarr are named ``s0`` or ``0`` in their store."""
    item = row["item"].split()[0]
    return "/".join(part.removeprefix("s") for part in item.split("/")) if row["reader"] == "zarr" else item


def differences(array, row):
    shape = "x".join(map(str, array.shape))
    if (shape, array.dtype.name) != (row["shape"], row["dtype"]):
        return f"{shape} {array.dtype.name}"
    values, counts = summary(np.abs(array) if array.dtype.kind == "c" else array)
    finite = np.isfinite(values)
    unfinite = [int(counts[test(values)].sum()) for test in (np.isnan, np.isinf)]
    found = statistics(values[finite], counts[finite])
    stated = [float(row[key] or "nan") for key in ("min", "max", "mean", "std")]
    agree = np.isclose(found, stated, rtol=[0, 0, 1e-6, 1e-6], atol=[0, 0, 1e-12, 1e-12], equal_nan=True)
    return "" if all(agree) and unfinite == [int(row["n_nan"]), int(row["n_inf"])] else f"{found} {unfinite}"


def summary(array):
    """Distinct values and how often each occurs; of 8 and 16 bits by counting, which is ten times faster."""
    if array.dtype.kind in "bu" and array.dtype.itemsize <= 2:
        values = array.ravel()
        pieces = (values[start : start + PIECE] for start in range(0, values.size, PIECE))
        counts = sum(np.bincount(piece, minlength=2**16) for piece in pieces)
        return np.arange(counts.size, dtype=float)[counts > 0], counts[counts > 0]
    return array.astype(np.float64).ravel(), np.ones(array.size, np.int64)


def statistics(values, counts):
    if not values.size:
        return [np.nan] * 4
    mean = np.average(values, weights=counts)
    return [values.min(), values.max(), mean, np.sqrt(np.average((values - mean) ** 2, weights=counts))]


def found_in(ref):
    """Pixels of every item; none where the file holds no image."""
    try:
        with open_images(ref, 2**30) as images:
            return {item: array for image in images for item, array in items_of(image)}
    except UnreadableError:
        return {}


@pytest.mark.parametrize("name", FORMATS)
def test_every_listed_item_reads_as_its_primary_reader_reads_it(name, expected, data, ref_of):
    wanted = {}
    for row in expected:
        if row["path"].lower().endswith(FORMATS[name]):
            wanted.setdefault(row["path"], []).append(row)
    wrong = {}
    for path, rows in wanted.items():
        found = found_in(ref_of(data / path))
        for row in rows:
            array = found.get(key_of(row))
            wrong[path, row["item"]] = "absent" if array is None else differences(array, row)
    assert {key: said for key, said in wrong.items() if said and key not in EXCEPTIONS} == {}
    assert sum(map(bool, wrong.values())) == sum(key in wrong for key in EXCEPTIONS), (
        "an exception that is none"
    )


def test_every_listed_file_is_compared_or_said_to_be_unread(expected):
    endings = (*(ending for some in FORMATS.values() for ending in some), *UNREAD)
    assert [row["path"] for row in expected if not row["path"].lower().endswith(endings)] == []
    paths = {row["path"].lower() for row in expected}
    assert [ending for ending in endings if not any(path.endswith(ending) for path in paths)] == []
