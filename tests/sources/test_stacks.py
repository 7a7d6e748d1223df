import pytest

from smalti.core.errors import UsageError
from smalti.core.image import ImageRef
from smalti.sources.stacks import axes_of, stacked
from smalti.sources.template import Template


def stacks_of(text: str, axes: str, *paths: str):
    refs = [ImageRef(f"/d/{path}", path, 10, number) for number, path in enumerate(paths)]
    template = Template.read(text)
    return stacked(refs, template, axes_of(axes, template))


def test_files_that_differ_in_the_stacked_fields_are_one():
    (one, two), said = stacks_of("{w}_z{z:int}.tif", "z", "a_z2.tif", "a_z10.tif", "b_z1.tif", "a_z1.tif")
    assert (one.path, one.size_bytes, one.mtime, one.uri) == ("a_z{z}.tif", 30, 3, "/d/a_z1.tif")
    assert [member.rpartition("z")[2] for member in one.stack.members[:2]] == ["1.tif", "2.tif"]
    assert (two.path, two.stack.lengths, said) == ("b_z{z}.tif", (0, 0, 1), [])


def test_members_are_in_t_c_z_order_whatever_the_names_say():
    (ref,), _ = stacks_of(
        "z{z:int}c{c}t{t:int}", "z,t,c", *(f"z{z}c{c}t{t}" for z in (1, 2) for c in "ba" for t in (5, 4))
    )
    assert [member[3:] for member in ref.stack.members] == [
        f"z{z}c{c}t{t}" for t in (4, 5) for c in "ab" for z in (1, 2)
    ]
    assert (ref.stack.lengths, ref.stack.channel_names) == ((2, 2, 2), ("a", "b"))


def test_channels_come_in_natural_order():
    (ref,), _ = stacks_of("{c}.tif", "c", "ch10.tif", "ch2.tif", "DAPI.tif")
    assert ref.stack.channel_names == ("DAPI", "ch2", "ch10")


@pytest.mark.parametrize(
    ("numbers", "there"),
    [((0, 1, 3), "1101"), ((0, 2, 4), "111"), ((0, 17, 95), "111"), ((4, 5, 6, 9), "111001")],
    ids=str,
)
def test_a_number_left_out_is_a_missing_plane_unless_most_are(numbers, there):
    (ref,), _ = stacks_of("{t:int}.tif", "t", *(f"{number}.tif" for number in numbers))
    assert [bool(member) for member in ref.stack.members] == [mark == "1" for mark in there]


def test_a_channel_without_one_of_its_planes_has_a_gap():
    (ref,), _ = stacks_of("c{c:int}z{z:int}", "c,z", "c0z0", "c0z1", "c1z1")
    assert [member.rpartition("/")[2] for member in ref.stack.members] == ["c0z0", "c0z1", "", "c1z1"]


def test_what_does_not_fit_and_what_comes_twice_stay_alone():
    refs, said = stacks_of("z{z:int}.tif", "z", "other.tif", "z1.tif", "z01.tif", "z2.tif")
    assert [ref.path for ref in refs] == ["other.tif", "z1.tif", "z{z}.tif"]
    assert "left alone: 1, such as z1.tif" in said[0]


@pytest.mark.parametrize("axes", ["z", "t,z", "y", "c,c", ""])
def test_axes_that_cannot_be_stacked_are_refused(axes):
    with pytest.raises(UsageError, match="--stack-by"):
        axes_of(axes, Template.read("{c}.tif"))
