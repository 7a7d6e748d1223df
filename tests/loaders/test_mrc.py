"""MRC and CCP4 maps against mrcfile's own reading; odd headers; stacks and volumes."""

import bz2
import gzip
import struct

import mrcfile
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smalti.core.errors import TooLargeError, UnreadableError
from smalti.core.image import ImageRef
from smalti.loaders.choose import open_images

few = settings(max_examples=25, deadline=None)
KINDS = ["i1", "i2", "u2", "f2", "f4", "c8"]
NAME_AT, STAMP_AT, IMOD_AT = 208, 212, 152


def written(path, array, **header):
    with mrcfile.new(path) as file:
        file.set_data(array)
        for name, value in header.items():
            file.header[name] = value
    return path


def patched(path, at, content):
    whole = bytearray(path.read_bytes())
    whole[at : at + len(content)] = content
    path.write_bytes(whole)
    return path


@given(
    st.sampled_from(KINDS),
    st.lists(st.integers(1, 9), min_size=2, max_size=4),
    st.sampled_from([None, gzip, bz2]),
    st.integers(0, 2**32 - 1),
)
@few
def test_every_mode_comes_back_as_it_was_written(tmp_path_factory, kind, shape, packing, seed):
    rng = np.random.default_rng(seed)
    array = (rng.normal(size=shape) * 99).astype(kind) if kind != "u2" else rng.integers(0, 9**5, shape, "u2")
    path = written(tmp_path_factory.mktemp("mrc") / "a.mrc", array)
    if packing:
        content = packing.compress(path.read_bytes())
        path = path.with_name(f"a.mrc.{'gz' if packing is gzip else 'bz2'}")
        path.write_bytes(content)
    with open_images(ImageRef(str(path), path.name), 2**20) as images:
        image = next(images)
        np.testing.assert_array_equal(image.read(), array, strict=True)
        np.testing.assert_array_equal(
            image.read(y=slice(None, None, 2), x=-1), array[..., ::2, -1], strict=True
        )


@pytest.mark.parametrize(
    ("shape", "change", "axes"),
    [
        ((4, 5), {}, "YX"),
        ((3, 4, 5), {}, "ZYX"),
        ((3, 4, 5), {"ispg": 0, "mz": 1}, "TYX"),
        ((3, 4, 5), {"ispg": 0, "mz": 3}, "ZYX"),
        ((6, 4, 5), {"ispg": 401, "mz": 2}, "TZYX"),
    ],
)
def test_sections_are_time_where_the_header_says_images_and_depth_otherwise(
    tmp_path, first, shape, change, axes
):
    array = np.arange(np.prod(shape), dtype=np.int16).reshape(shape)
    with first(written(tmp_path / "a.mrcs", array, **change)) as image:
        assert image.axes == axes
        np.testing.assert_array_equal(image.read(), array.reshape(image.shape))


def test_sizes_of_voxels_follow_the_axes_of_the_map(data, first):
    with first(data / "em/mrc/EMD-3001.map") as image, mrcfile.open(data / "em/mrc/EMD-3001.map") as file:
        cell, samples = file.header.cella, [int(file.header[name]) for name in ("mx", "my", "mz")]
        along = [float(cell[name]) / n / 1e4 for name, n in zip("xyz", samples, strict=True)]
        assert (int(file.header.mapc), int(file.header.mapr), int(file.header.maps)) == (3, 1, 2)
    assert image.pixel_size_um == pytest.approx(dict(zip("ZXY", (along[1], along[2], along[0]), strict=True)))


def test_no_cell_is_no_size_of_a_pixel(tmp_path, first):
    with first(written(tmp_path / "a.mrc", np.zeros((3, 4, 5), np.int16))) as image:
        assert image.pixel_size_um == {}


@pytest.mark.parametrize(
    ("at", "content"),
    [(NAME_AT, b"    "), (STAMP_AT, b"\x11\x11\0\0"), (STAMP_AT, b"\0\0\0\0"), (NAME_AT, b"MAP\0")],
    ids=["no name", "wrong stamp", "no stamp", "name cut"],
)
def test_a_header_slightly_off_is_believed_where_it_makes_sense(tmp_path, first, at, content):
    array = np.random.default_rng(0).normal(size=(3, 4, 5)).astype(np.float32)
    with first(patched(written(tmp_path / "a.map", array), at, content)) as image:
        np.testing.assert_array_equal(image.read(), array, strict=True)


def test_big_endian_numbers_come_in_native_order(tmp_path, first):
    array = np.arange(60, dtype=">i2").reshape(3, 4, 5)
    with first(written(tmp_path / "a.mrc", array)) as image:
        assert image.dtype == np.dtype(np.int16)
        np.testing.assert_array_equal(image.read(), array)


@pytest.mark.parametrize(("flags", "kind"), [(0, np.uint8), (1, np.int8)])
def test_bytes_of_imod_are_signed_only_where_its_flag_says_so(tmp_path, first, flags, kind):
    array = np.arange(-30, 30, dtype=np.int8).reshape(3, 4, 5)
    path = patched(written(tmp_path / "a.st", array), IMOD_AT, struct.pack("<2i", 1146047817, flags))
    with first(path) as image:
        np.testing.assert_array_equal(image.read(), array.view(kind), strict=True)


@pytest.mark.parametrize(
    "content", [b'{"version":3,"file":"app.js"}' * 99, bytes(5000)], ids=["text", "zeros"]
)
def test_other_files_called_map_are_told_by_what_they_hold(tmp_path, first, content):
    (tmp_path / "app.map").write_bytes(content)
    with (
        pytest.raises(UnreadableError, match=r"'MAP' at byte 208; it starts with"),
        first(tmp_path / "app.map"),
    ):
        pass


def test_a_compressed_file_that_declares_little_unpacks_no_more(tmp_path, first):
    whole = written(tmp_path / "a.mrc", np.ones((2, 3, 4), np.int16)).read_bytes()
    with bz2.open(tmp_path / "a.mrc.bz2", "wb", compresslevel=1) as file:
        file.write(whole + bytes(30 << 20))
    with first(tmp_path / "a.mrc.bz2", limit=48) as image:
        assert image.read().sum() == 24


def test_a_compressed_file_that_declares_much_is_refused_and_not_unpacked(tmp_path, first):
    whole = bytearray(written(tmp_path / "a.mrc", np.ones((2, 3, 4), np.int16)).read_bytes())
    struct.pack_into("<3i", whole, 0, 30_000, 30_000, 1)
    whole += np.random.default_rng(0).bytes(2 << 20)  # as much as might unpack to what is declared
    (tmp_path / "a.map.gz").write_bytes(gzip.compress(bytes(whole)))
    with first(tmp_path / "a.map.gz") as image:
        assert image.shape == (1, 30_000, 30_000)
        with pytest.raises(TooLargeError, match="this region needs 1,800,000,000 bytes"):
            image.read(z=0)


def test_planes_before_the_cut_are_read(data, first):
    with first(data / "bad/truncated/mrc_70pct.mrc") as image, first(data / "em/em_small.mrc") as whole:
        np.testing.assert_array_equal(image.read(z=4), whole.read(z=4))
        with pytest.raises(UnreadableError, match="the file holds 9,523 of them; it is cut"):
            image.read(z=5)


@pytest.mark.parametrize("packed", [False, True])
def test_planes_that_cannot_be_there_are_not_tried_one_by_one(tmp_path, first, packed):
    whole = bytearray(written(tmp_path / "a.mrc", np.ones((2, 30, 40), np.int16)).read_bytes())
    struct.pack_into("<i", whole, 8, 2**30)
    path = tmp_path / ("a.mrc.gz" if packed else "a.mrc")
    path.write_bytes(gzip.compress(bytes(whole)) if packed else bytes(whole))
    with pytest.raises(UnreadableError, match="bytes it declares"), first(path):
        pass
