"""NRRD, NIfTI and MetaImage: what SimpleITK writes is read back, and what is not stated is not made up."""

import bz2
import gzip
import locale
import shutil
import struct
from contextlib import contextmanager

import numpy as np
import pytest
import SimpleITK
from hypothesis import given, settings
from hypothesis import strategies as st

from smalti.core.errors import TooLargeError, UnreadableError
from smalti.core.plugin import find
from smalti.loaders import _flat, _itk_pixels
from smalti.loaders._guard import guarded

TYPES = ["u1", "i1", "u2", "i2", "u4", "i4", "f4", "f8"]
ENDINGS = ["nrrd", "nhdr", "nii", "nii.gz", "hdr", "mha", "mhd"]


def volume(dtype, shape=(3, 4, 5)):
    return (np.arange(np.prod(shape)).reshape(shape) * 3 - (7 if np.dtype(dtype).kind != "u" else 0)).astype(
        dtype
    )


def write(path, array, packed=False, vector=False):
    writer = SimpleITK.ImageFileWriter()
    writer.SetFileName(str(path))
    writer.SetUseCompression(packed)
    writer.Execute(SimpleITK.GetImageFromArray(array, isVector=vector))
    return path


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "packed"])
@pytest.mark.parametrize("ending", ENDINGS)
def test_what_another_library_writes_is_read_as_it_was(ending, packed, tmp_path, read_all):
    for dtype in TYPES:
        array = volume(dtype)
        path = write(tmp_path / f"{dtype}.{ending}", array, packed and ending not in ("hdr", "nii"))
        ((image, pixels),) = read_all(path)
        assert (image.axes, image.dtype) == ("ZYX", array.dtype)
        np.testing.assert_array_equal(pixels, array, strict=True)


@pytest.mark.parametrize("ending", ["nrrd", "mha", "nii.gz"])
def test_time_comes_before_z(ending, tmp_path, read_all):
    array = volume("i2", (2, 3, 4, 5))
    ((image, pixels),) = read_all(write(tmp_path / f"a.{ending}", array))
    assert image.axes == "TZYX"
    np.testing.assert_array_equal(pixels, array)


@settings(max_examples=25, deadline=None)
@given(z=st.slices(6) | st.integers(0, 5), y=st.slices(7), x=st.slices(8))
@pytest.mark.parametrize("ending", ["nrrd", "nii.gz"])
def test_a_region_of_a_packed_volume_is_that_of_the_whole(ending, z, y, x, tmp_path_factory, first):
    path = tmp_path_factory.getbasetemp() / f"region.{ending}"
    array = volume("u2", (6, 7, 8))
    if not path.exists():
        write(path, array, packed=True)
    with pytest.MonkeyPatch.context() as patch, first(path) as image:
        patch.setattr(_flat, "SLAB_BYTES", 0)  # so small a volume would be kept whole
        np.testing.assert_array_equal(image.read(z=z, y=y, x=x), array[z, y, x])


def test_a_large_packed_volume_is_read_plane_by_plane(tmp_path, first, monkeypatch):
    monkeypatch.setattr(_flat, "SLAB_BYTES", 0)
    array = volume("u2", (6, 7, 8))
    with first(write(tmp_path / "a.nrrd", array, packed=True), limit=200) as image:
        assert image.block_shape == (1, 7, 8)
        for z in (3, 1, 5):
            np.testing.assert_array_equal(image.read(z=z), array[z])
        with pytest.raises(TooLargeError):
            image.read()


def nrrd(path, lines, data=b""):
    path.write_bytes("\n".join(["NRRD0005", *lines, "", ""]).encode() + data)
    return path


SMALL = ["type: uchar", "dimension: 3", "sizes: 4 3 2", "encoding: raw"]


@pytest.mark.parametrize(
    ("lines", "sizes"),
    [
        (["spacings: 0.5 0.5 2", 'units: "µm" "µm" "µm"'], {"X": 0.5, "Y": 0.5, "Z": 2.0}),
        (["spacings: 0.5 0.5 2"], {}),
        (
            [
                "space: left-posterior-superior",
                "space directions: (0.3,0.4,0) (0,1,0) (0,0,2)",
                'space units: "mm" "mm" "mm"',
            ],
            {"X": 500.0, "Y": 1000.0, "Z": 2000.0},
        ),
        (["space: left-posterior-superior", "space directions: (1,0,0) (0,1,0) (0,0,2)"], {}),
        (["spacings: nan 1 1", 'units: "mm" "mm" "mm"'], {"Y": 1000.0, "Z": 1000.0}),
    ],
)
def test_pixel_sizes_of_nrrd_need_a_unit(lines, sizes, tmp_path, first):
    with first(nrrd(tmp_path / "a.nrrd", [*SMALL, *lines], bytes(24))) as image:
        assert image.pixel_size_um == pytest.approx(sizes)


@pytest.mark.parametrize(
    ("kinds", "axes", "samples"),
    [
        ("RGB-color domain domain", "YXS", "RGB"),
        ("vector domain domain", "YXC", ""),
        ("domain domain time", "TYX", ""),
        ("domain domain list", "CYX", ""),
        ("domain domain domain", "ZYX", ""),
    ],
)
def test_kinds_of_nrrd_name_the_axes(kinds, axes, samples, tmp_path, first):
    lines = ["type: uchar", "dimension: 3", "sizes: 3 4 2", "encoding: raw", f"kinds: {kinds}"]
    with first(nrrd(tmp_path / "a.nrrd", lines, bytes(24))) as image:
        assert (image.axes, image.samples) == (axes, samples)


@pytest.mark.parametrize(
    ("lines", "data"),
    [
        (["encoding: bzip2"], bz2.compress(bytes(range(24)))),
        (["encoding: gzip"], gzip.compress(bytes(range(24)))),
        (["encoding: hex"], bytes(range(24)).hex().encode()),
        (["encoding: ascii"], " ".join(map(str, range(24))).encode()),
        (["encoding: raw", "byte skip: -1"], b"something" + bytes(range(24))),
        (["encoding: raw", "line skip: 2"], b"one\ntwo\n" + bytes(range(24))),
        (["encoding: gzip", "byte skip: 5"], gzip.compress(b"12345" + bytes(range(24)))),
    ],
)
def test_every_encoding_of_nrrd_is_read(lines, data, tmp_path, read_all):
    ((_, pixels),) = read_all(nrrd(tmp_path / "a.nrrd", [*SMALL[:3], *lines], data))
    np.testing.assert_array_equal(pixels.ravel(), range(24))


@pytest.mark.parametrize(
    "name", ["../a.raw", "/etc/passwd", "sub/a.raw", "..\\a.raw", "LIST", "a%03d.raw 0 1 1", ""]
)
@pytest.mark.parametrize("ending", ["nhdr", "mhd"])
def test_a_header_leads_to_no_file_outside_its_folder(ending, name, tmp_path, read_all):
    (tmp_path / "a.raw").write_bytes(bytes(24))
    (tmp_path / "in").mkdir()
    path = tmp_path / "in" / f"a.{ending}"
    if ending == "nhdr":
        nrrd(path, [*SMALL, f"data file: {name}"])
    else:
        path.write_text(f"NDims = 3\nDimSize = 4 3 2\nElementType = MET_UCHAR\nElementDataFile = {name}\n")
    with pytest.raises(UnreadableError, match=r"data file|several files|encoding"):
        read_all(path)


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_file_cut_short_says_so_instead_of_giving_zeros(ending, tmp_path, read_all):
    array = np.random.default_rng(0).integers(0, 255, (8, 30, 30), np.uint8)
    path = write(tmp_path / f"a.{ending}", array)
    (*_, largest) = sorted(tmp_path.iterdir(), key=lambda file: file.stat().st_size)
    largest.write_bytes(largest.read_bytes()[:-4000])
    with pytest.raises(UnreadableError, match=r"declares|ended"):
        read_all(path)


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_volume_that_declares_too_much_is_refused(ending, tmp_path, read_all):
    path = write(tmp_path / f"a.{ending}", volume("u2", (40, 50, 60)))
    with pytest.raises(TooLargeError):
        read_all(path, 1000)


def nifti(path, units=10, pixdim=4.6, **changes):
    array = volume("i2", (2, 3, 4, 5))
    write(path, array)
    data = bytearray(path.read_bytes())
    data[123] = units
    struct.pack_into("<4f", data, 80, pixdim, pixdim, 45, 0.5)
    for at, value in changes.items():
        struct.pack_into("<f", data, int(at[1:]), value)
    path.write_bytes(data)
    return path, array


@pytest.mark.parametrize(
    ("units", "size", "interval"), [(10, 4600.0, 0.5), (3, 4.6, None), (18, 4600.0, 0.0005), (0, None, None)]
)
def test_pixel_sizes_and_intervals_of_nifti_need_a_unit(units, size, interval, tmp_path, first):
    path, _ = nifti(tmp_path / "a.nii", units)
    with first(path) as image:
        assert image.pixel_size_um.get("X") == size
        assert image.time_interval_s == interval


def test_stored_values_of_nifti_are_scaled_as_its_header_says(tmp_path, read_all):
    path, array = nifti(tmp_path / "a.nii", _112=0.5, _116=100.0)
    ((image, pixels),) = read_all(path)
    assert image.dtype == pixels.dtype == np.float32
    np.testing.assert_allclose(pixels, array * 0.5 + 100)


def test_a_big_endian_nifti_and_one_with_lone_axes_are_read(tmp_path, read_all):
    header = bytearray(352)
    struct.pack_into(">i", header, 0, 348)
    struct.pack_into(">8h", header, 40, 5, 4, 3, 1, 1, 2, 0, 0)
    struct.pack_into(">hh", header, 70, 4, 16)
    struct.pack_into(">f", header, 108, 352)
    header[344:348] = b"n+1\0"
    wanted = np.arange(24, dtype=">i2").reshape(2, 3, 4)
    (tmp_path / "a.nii").write_bytes(header + wanted.tobytes())
    ((image, pixels),) = read_all(tmp_path / "a.nii")
    assert (image.axes, image.dtype) == ("CYX", np.dtype("=i2"))
    np.testing.assert_array_equal(pixels, wanted)


def test_metaimage_states_a_size_only_with_its_unit(tmp_path, first):
    path = write(tmp_path / "a.mha", volume("u1"))
    with first(path) as image:
        assert image.pixel_size_um == {}
    path.write_bytes(path.read_bytes().replace(b"ElementType", b"DistanceUnits = um\nElementType"))
    with first(path) as image:
        assert image.pixel_size_um == {"X": 1.0, "Y": 1.0, "Z": 1.0}


def test_vectors_of_metaimage_are_channels(tmp_path, read_all):
    array = volume("f4", (3, 4, 5, 2))
    ((image, pixels),) = read_all(write(tmp_path / "a.mha", array, vector=True))
    assert image.axes == "ZYXC"
    np.testing.assert_array_equal(pixels, array)


@pytest.mark.parametrize("ending", ["vtk", "gipl", "mnc"])
def test_what_itk_alone_reads_has_no_size_in_micrometres(ending, tmp_path, read_all):
    array = volume("i2")
    ((image, pixels),) = read_all(write(tmp_path / f"a.{ending}", array))
    assert (image.ref.loader, image.axes, image.pixel_size_um) == ("volume", "ZYX", {})
    assert image.metadata["spacing"] == (1.0, 1.0, 1.0)
    np.testing.assert_array_equal(pixels, array, strict=True)


@contextmanager
def own_locale():
    """ITK sets the locale to C where it reads VTK; elsewhere the loader keeps it in a process of its own."""
    before = locale.setlocale(locale.LC_ALL)
    yield
    locale.setlocale(locale.LC_ALL, before)


@settings(max_examples=20, deadline=None)
@given(z=st.slices(6) | st.integers(0, 5), y=st.slices(7), x=st.slices(8))
def test_a_part_that_itk_streams_is_that_of_the_whole(z, y, x, tmp_path_factory, ref_of):
    path = tmp_path_factory.getbasetemp() / "part.vtk"
    array = volume("u2", (6, 7, 8))
    if not path.exists():
        write(path, array)
    with pytest.MonkeyPatch.context() as patch, own_locale():
        patch.setattr(_itk_pixels, "SLAB_BYTES", 0)  # so small a volume would be kept whole
        images = guarded(find("loader", "volume"), ref_of(path), 2**20)
        np.testing.assert_array_equal(next(images).read(z=z, y=y, x=x), array[z, y, x])
        images.close()


def test_a_header_of_another_kind_is_tried_with_other_readers(tmp_path, read_all):
    (tmp_path / "a.hdr").write_bytes(b"#?RADIANCE\n" + bytes(600))
    with pytest.raises(UnreadableError, match=r"nifti: it is no NIfTI.*; bioio: "):
        read_all(tmp_path / "a.hdr")


def test_pixels_beside_a_header_are_clutter_not_failures(data, tmp_path):
    from smalti.loaders.choose import known_extensions
    from smalti.sources.folder import discover

    shutil.copytree(data / "em/nrrd_synthetic", tmp_path / "a")
    write(tmp_path / "a/b.hdr", volume("u1"))
    found = discover(tmp_path / "a", (), (), known_extensions())
    assert {"*.raw", "*.img"} <= set(found.clutter)
    assert not [ref for ref in found.refs if ref.path.endswith((".raw", ".img"))]
