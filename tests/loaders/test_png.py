import struct
import sys
import zlib

import imagecodecs
import numba  # noqa: F401 - so that the compiled way is taken
import numpy as np
import pytest

from smalti.core.errors import SmaltiError
from smalti.core.image import ImageRef
from smalti.loaders import _png, _png_rows
from smalti.loaders._png import _decode_any, _decode_plain
from smalti.loaders.choose import open_images

LARGEST = 1_000_000


def told(path):
    """Pixels of a PNG, or why there are none."""
    try:
        with open_images(ImageRef(str(path), path.name), 2**28, "raster") as images:
            return [image.read() for image in images]
    except SmaltiError as error:
        return str(error)


def test_every_real_png_gives_what_libpng_gives_broken_ones_included(data, monkeypatch):
    paths = sorted(path for path in data.rglob("*.png") if path.stat().st_size < LARGEST)
    assert len(paths) > 300
    fast = [told(path) for path in paths]
    monkeypatch.delitem(sys.modules, "numba")
    for path, found in zip(paths, fast, strict=True):
        np.testing.assert_equal(found, told(path), str(path))


def test_a_png_read_by_rows_is_the_same_png(data, monkeypatch):
    monkeypatch.setattr(_png_rows, "BAND_BYTES", 5000)
    rows = 0
    for path in sorted(path for path in data.rglob("*.png") if path.stat().st_size < LARGEST):
        whole = told(path)
        with monkeypatch.context() as small:
            small.setattr(_png, "WHOLE_BYTES", 0)
            by_rows = told(path)
        rows += isinstance(whole, list)
        if isinstance(whole, list) or isinstance(by_rows, list):
            np.testing.assert_equal(by_rows, whole, str(path))
    assert rows > 300


def test_rows_of_a_large_png_are_had_in_any_order(tmp_path, monkeypatch):
    monkeypatch.setattr(_png, "WHOLE_BYTES", 0)
    plane = np.random.default_rng(0).integers(0, 65535, (50, 30), np.uint16)
    path = tmp_path / "a.png"
    path.write_bytes(imagecodecs.png_encode(plane))
    with open_images(ImageRef(str(path), path.name), 2**28) as images:
        image = next(images)
        for y, x in ((slice(10, 20), None), (slice(5, 40, 3), slice(2, 9)), (7, 4), (slice(40, 2, -5), 3)):
            np.testing.assert_equal(image.read(y=y, x=x), plane[y, slice(None) if x is None else x])


def chunks(start, pixels):
    """A PNG of these header fields and chunks of pixels."""
    parts = [(b"IHDR", struct.pack(">IIBBBBB", *start)), *((b"IDAT", part) for part in pixels)]
    written = (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in (*parts, (b"IEND", b""))
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(written)


def decoded(file, size, bits, colour):
    return _decode_plain(memoryview(file), size, bits, colour)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize(("samples", "colour"), [(1, 0), (2, 4), (3, 2), (4, 6)])
def test_smooth_pictures_of_every_kind_are_decoded_the_fast_way(dtype, samples, colour):
    y, x = np.mgrid[:40, :50]
    smooth = np.stack([(3 * x + 5 * y * (s + 1)) * (np.iinfo(dtype).max // 1200) for s in range(samples)], -1)
    picture = np.ascontiguousarray((smooth if samples > 1 else smooth[..., 0]).astype(dtype))
    found = decoded(imagecodecs.png_encode(picture), (40, 50), 8 * picture.itemsize, colour)
    np.testing.assert_array_equal(found, picture, strict=True)


def test_pixels_may_lie_in_many_chunks():
    rows = zlib.compress(b"".join(bytes([2, *range(9)]) for _ in range(5)))
    file = chunks((9, 5, 8, 0, 0, 0, 0), [rows[:3], b"", rows[3:7], rows[7:]])
    np.testing.assert_array_equal(decoded(file, (5, 9), 8, 0), _decode_any(memoryview(file), 8, 0))


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        (b"\0\1\2\3" * 1, "a row too few"),
        (b"\0\1\2\3" * 3, "a row too many"),
        (b"\7\1\2\3" * 2, "no such filter"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_not_as_it_should_be_is_left_to_libpng(rows, why):
    assert decoded(chunks((3, 2, 8, 0, 0, 0, 0), [zlib.compress(rows)]), (2, 3), 8, 0) is None


@pytest.mark.parametrize("place", [8, -1])
def test_a_flipped_bit_in_the_pixels_or_their_checksum_is_left_to_libpng(place):
    file = bytearray(chunks((3, 2, 8, 0, 0, 0, 0), [zlib.compress(b"\0\1\2\3" * 2)]))
    start = file.index(b"IDAT") - 4
    length = int.from_bytes(file[start : start + 4])
    file[start + (8 + length + 3 if place < 0 else place)] ^= 1
    assert decoded(bytes(file), (2, 3), 8, 0) is None


def test_an_interlaced_picture_is_left_to_libpng():
    file = chunks((1, 1, 8, 0, 0, 0, 1), [zlib.compress(b"\0\7")])
    assert decoded(file, (1, 1), 8, 0) is None
    assert _decode_any(memoryview(file), 8, 0) == 7
