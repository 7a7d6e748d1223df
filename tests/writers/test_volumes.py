"""NRRD, OME-TIFF, OME-Zarr and MRC as other readers see them."""

import gzip

import mrcfile
import numpy as np
import pytest
import SimpleITK
import tifffile
import zarr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from smalti.core.errors import SmaltiError
from smalti.core.image import ImageRef
from smalti.loaders.choose import read_later
from smalti.writers.aside import aside, partial_of
from smalti.writers.mrc import MrcBytes, write_mrc_bytes
from smalti.writers.nrrd import write_nrrd
from smalti.writers.ome_zarr import write_ome_zarr
from smalti.writers.tiff import write_tiff_image, write_tiff_stack
from smalti.writers.volume import Volume, slabs

DTYPES = [
    "bool",
    "float16",
    "float32",
    "float64",
    *(f"{sign}int{n}" for sign in ("", "u") for n in (8, 16, 32, 64)),
]
STEPS = {"z": 0.045, "y": 0.0046, "x": 0.004}


def made_up(dtype, shape=(5, 33, 70), seed=0):
    pixels = np.random.default_rng(seed).integers(-100, 100, shape)
    return (pixels > 0) if dtype == "bool" else pixels.astype(dtype)


def volume_of(pixels, steps=STEPS, axes="zyx", **facts):
    return Volume(axes, pixels.shape, pixels.dtype, steps, name="µ volume", **facts)


def opened(path):
    return read_later(ImageRef(str(path), path.name), 1 << 30)


WRITERS = {
    "a.nrrd": write_nrrd,
    "packed.nrrd": lambda *args: write_nrrd(*args, packed=True),
    "a.ome.tif": write_tiff_stack,
    "a.ome.zarr": write_ome_zarr,
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", WRITERS)
def test_each_form_gives_back_voxels_of_each_type(name, dtype, tmp_path):
    pixels = made_up(dtype)
    WRITERS[name](tmp_path / name, volume_of(pixels), lambda region: pixels[region])
    image = opened(tmp_path / name)
    assert image.axes == "ZYX"
    np.testing.assert_array_equal(image.read(), pixels)
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize("steps", [STEPS, {"y": 0.0046, "x": 0.004}, {}], ids=["all", "no z", "none"])
def test_each_form_keeps_the_spacing_that_is_known_and_invents_none(name, steps, tmp_path):
    pixels = made_up("uint16")
    WRITERS[name](tmp_path / name, volume_of(pixels, steps), lambda region: pixels[region])
    found = {axis.lower(): step for axis, step in opened(tmp_path / name).pixel_size_um.items()}
    assert found == pytest.approx(steps)


@pytest.mark.parametrize("name", WRITERS)
def test_each_form_says_that_a_film_is_one(name, tmp_path):
    pixels = made_up("uint8")
    WRITERS[name](tmp_path / name, volume_of(pixels, {"t": 0.04}, "tyx"), lambda region: pixels[region])
    image = opened(tmp_path / name)
    assert (image.axes, image.time_interval_s) == ("TYX", pytest.approx(0.04))


@pytest.mark.parametrize("packed", [False, True])
def test_itk_reads_nrrd_with_spacing_and_origin(packed, tmp_path):
    pixels = made_up("int16")
    volume = volume_of(pixels, origin={"z": 1.5, "y": 0.25}, facts={"kind": "cube", "note": "a\nb \\ c"})
    write_nrrd(tmp_path / "a.nrrd", volume, lambda region: pixels[region], packed=packed)
    found = SimpleITK.ReadImage(str(tmp_path / "a.nrrd"))
    np.testing.assert_array_equal(SimpleITK.GetArrayFromImage(found), pixels)
    assert found.GetSpacing() == pytest.approx((0.004, 0.0046, 0.045))
    assert found.GetOrigin() == pytest.approx((0, 0.25, 1.5))
    assert found.GetMetaData("kind") == "cube"


def test_spacing_without_a_unit_stays_a_number_in_nrrd(tmp_path):
    pixels = made_up("uint8")
    volume = volume_of(pixels, {"z": 45, "y": 4.6, "x": 4.6}, unit="")
    write_nrrd(tmp_path / "a.nrrd", volume, lambda region: pixels[region])
    assert SimpleITK.ReadImage(str(tmp_path / "a.nrrd")).GetSpacing() == pytest.approx((4.6, 4.6, 45))
    assert opened(tmp_path / "a.nrrd").pixel_size_um == {}


def test_nrrd_samples_are_little_endian_behind_an_empty_line(tmp_path):
    pixels = np.arange(24, dtype=">u2").reshape(2, 3, 4)
    write_nrrd(tmp_path / "a.nrrd", volume_of(pixels), lambda region: pixels[region], packed=True)
    header, _, data = (tmp_path / "a.nrrd").read_bytes().partition(b"\n\n")
    assert header.startswith(b"NRRD0005\ntype: uint16\n")
    assert gzip.decompress(data) == pixels.astype("<u2").tobytes()


def test_complex_voxels_are_refused_and_leave_nothing(tmp_path):
    pixels = np.ones((2, 3, 4), np.complex64)
    with pytest.raises(SmaltiError, match="NRRD has no pixels of complex64"):
        write_nrrd(tmp_path / "a.nrrd", volume_of(pixels), lambda region: pixels[region])
    assert list(tmp_path.iterdir()) == []


def test_a_reader_that_fails_leaves_what_was_there(tmp_path):
    (tmp_path / "a.nrrd").write_text("before")

    def read(region):
        raise SmaltiError("gone")

    with pytest.raises(SmaltiError, match="gone"):
        write_nrrd(tmp_path / "a.nrrd", volume_of(made_up("uint8")), read)
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"a.nrrd": "before"}


@given(shape=st.tuples(*[st.integers(1, 9)] * 3), item=st.sampled_from([1, 2, 8]), most=st.integers(1, 700))
def test_slabs_cover_a_stack_in_the_order_of_its_pixels(shape, item, most):
    pixels = np.arange(np.prod(shape)).reshape(shape)
    parts = [pixels[region] for region in slabs(shape, item, most)]
    np.testing.assert_array_equal(np.concatenate([part.reshape(-1) for part in parts]), pixels.reshape(-1))
    assert all(part.size * item <= max(most, shape[2] * item) for part in parts)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=20)
@given(cuts=st.lists(st.integers(1, 299), max_size=5), width=st.sampled_from([1, 700, 5000]))
def test_an_image_is_the_same_however_its_rows_come(cuts, width, tmp_path):
    pixels = made_up("uint8", (300, width))
    write_tiff_image(tmp_path / "a.tiff", pixels.shape, np.split(pixels, sorted(cuts)), {"Y": 0.1, "X": 0.2})
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "a.tiff"), pixels)
    assert opened(tmp_path / "a.tiff").pixel_size_um == pytest.approx({"Y": 0.1, "X": 0.2}, rel=1e-5)


def test_the_same_stack_gives_the_same_bytes(tmp_path):
    pixels = made_up("float32")
    for name in ("a.ome.tif", "b.ome.tif"):
        write_tiff_stack(tmp_path / name, volume_of(pixels), lambda region: pixels[region])
    assert (tmp_path / "a.ome.tif").read_bytes() == (tmp_path / "b.ome.tif").read_bytes()


def test_zarr_reads_the_store_and_its_metadata(tmp_path):
    pixels = made_up("int16", (70, 130, 90))
    write_ome_zarr(tmp_path / "a.zarr", volume_of(pixels), lambda region: pixels[region], 2)
    group = zarr.open_group(tmp_path / "a.zarr", mode="r")
    np.testing.assert_array_equal(group["0"][:], pixels)
    scale = group.attrs["ome"]["multiscales"][0]["datasets"][0]["coordinateTransformations"][0]["scale"]
    assert scale == [0.045, 0.0046, 0.004]


def test_mrcfile_reads_unsigned_bytes_with_spacing_and_statistics(tmp_path):
    pixels = made_up("uint8", (7, 30, 40))
    about = MrcBytes(pixels.shape, "volume", 7, {"Z": 0.045, "Y": 0.0046, "X": 0.004}, "made up")
    write_mrc_bytes(tmp_path / "a.mrc", about, iter(pixels))
    with mrcfile.open(tmp_path / "a.mrc") as file:
        np.testing.assert_array_equal(file.data.view(np.uint8), pixels)
        assert file.header.mode == 0
        assert [float(file.voxel_size[axis]) for axis in "zyx"] == pytest.approx([450, 46, 40])
        assert file.header.dmean == pytest.approx(pixels.mean(dtype=np.float64))
        assert file.header.rms == pytest.approx(pixels.std(dtype=np.float64), rel=1e-6)
    np.testing.assert_array_equal(opened(tmp_path / "a.mrc").read(), pixels)


def test_what_a_check_refuses_takes_no_place(tmp_path):
    (tmp_path / "a").write_text("before")

    def check(written):
        raise SmaltiError(written.read_text())

    with pytest.raises(SmaltiError, match="after"), aside(tmp_path / "a", check) as temporary:
        temporary.write_text("after")
    assert (tmp_path / "a").read_text() == "before"
    assert not partial_of(tmp_path / "a").exists()
