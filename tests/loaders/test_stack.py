from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image as Picture

from smalti.core.errors import UnreadableError
from smalti.core.image import ImageRef, Stack
from smalti.loaders.choose import open_images
from smalti.loaders.stack import relative_members, stack_of

LIMIT = 500_000_000


@pytest.fixture
def planes(tmp_path):
    """Six files of 4×5 pixels, each filled with its number."""
    for number in range(6):
        (tmp_path / f"t{number // 3}").mkdir(exist_ok=True)
        tifffile.imwrite(tmp_path / f"t{number // 3}/{number}.tif", np.full((4, 5), number, np.uint16))
    return [str(tmp_path / f"t{number // 3}/{number}.tif") for number in range(6)]


def ref_of(members, lengths, names=()):
    first = next((member for member in members if member), "")
    return ImageRef(first, "t{t}/{z}.tif", stack=Stack(tuple(members), lengths, names))


def test_files_are_planes_in_t_c_z_order(planes):
    with open_images(ref_of(planes, (2, 0, 3)), LIMIT) as images:
        image = next(images)
        assert (image.axes, image.shape, image.ref.loader) == ("TZYX", (2, 3, 4, 5), "stack")
        assert image.read()[:, :, 0, 0].tolist() == [[0, 1, 2], [3, 4, 5]]
        assert image.read(t=1, z=slice(None, None, -1), y=0, x=slice(1, 3)).tolist() == [
            [5, 5],
            [4, 4],
            [3, 3],
        ]
        assert next(images, None) is None


def test_channels_have_the_names_of_their_files(planes):
    with open_images(ref_of(planes, (0, 2, 3), ("DAPI", "GFP")), LIMIT) as images:
        image = next(images)
        assert (image.axes, image.channel_names) == ("CZYX", ("DAPI", "GFP"))


def test_a_missing_file_costs_its_plane_only(planes):
    planes[0] = planes[4] = ""
    with open_images(ref_of(planes, (2, 0, 3)), LIMIT) as images:
        image = next(images)
        assert image.partial == "files of 2 of 6 planes are missing"
        assert image.read(t=1, z=2)[0, 0] == 5
        with pytest.raises(UnreadableError, match="no file for this plane"):
            image.read(t=1, z=1)


@pytest.mark.parametrize(
    ("array", "said"),
    [
        (np.zeros((4, 6), np.uint16), r"2\.tif is 4×6 uint16, unlike .* 4×5 uint16"),
        (np.zeros((4, 5), np.uint8), "uint8, unlike"),
        (np.zeros((3, 4, 5), np.uint16), "one plane a file"),
    ],
)
def test_a_file_unlike_the_others_is_named(planes, array, said):
    tifffile.imwrite(planes[2], array, metadata={"axes": "ZYX"[-array.ndim :]}, photometric="minisblack")
    with open_images(ref_of(planes, (0, 0, 6)), LIMIT) as images:
        image = next(images)
        assert image.read(z=3)[0, 0] == 3
        with pytest.raises(UnreadableError, match=said):
            image.read(z=2)


def test_colour_pictures_stack_too(tmp_path):
    for number in range(2):
        Picture.new("RGB", (5, 4), (number, 2, 3)).save(tmp_path / f"{number}.png")
    members = [str(tmp_path / f"{number}.png") for number in range(2)]
    with open_images(ref_of(members, (2, 0, 0)), LIMIT) as images:
        image = next(images)
        assert (image.axes, image.samples, image.read(t=1)[0, 0].tolist()) == ("TYXS", "RGB", [1, 2, 3])


def test_a_stack_of_nothing_readable_says_what_the_first_file_says(planes):
    for member in planes:
        Path(member).write_bytes(b"")
    with (
        open_images(ref_of(planes, (0, 0, 6)), LIMIT) as images,
        pytest.raises(UnreadableError, match="is empty"),
    ):
        next(images)


@pytest.mark.parametrize("home", ["/data/set", "s3://bucket/set", "https://host/set"])
def test_a_row_of_the_table_leads_back_to_the_files(home):
    members = (f"{home}/t0/a.tif", "", f"{home}/t1/a.tif")
    planes = Stack(members, (3, 0, 0))
    row = {
        "uri": members[0],
        "members": relative_members(members[0], planes),
        "axes": "TYX",
        "channel_names": None,
    }
    assert row["members"] == ["a.tif", "", "../t1/a.tif"]
    assert stack_of({**row, "size_t": 3, "size_c": 1, "size_z": 1}) == planes


def test_the_sections_of_a_volume_are_its_planes(data):
    folder = data / "em/celegans_tiff_series"
    members = sorted(map(str, folder.glob("*.tif")))
    with open_images(ref_of(members, (0, 0, 21)), LIMIT) as images:
        image = next(images)
        assert (image.axes, image.shape, image.dtype) == ("ZYX", (21, 256, 256), np.uint8)
        np.testing.assert_array_equal(image.read(z=20), tifffile.imread(members[20]))
