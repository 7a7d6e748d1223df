"""Options declared once: read from texts and from Python's own values, refused in words."""

from dataclasses import dataclass
from typing import Literal

import pytest

from smalti.core.errors import UnknownNameError, UsageError
from smalti.core.options import option, options_of, read_options
from smalti.export.settings import ConvertOptions


@dataclass(frozen=True, slots=True)
class Sorts:
    """One option of each sort."""

    yes: bool = option(False, "Whether.")
    count: int = option(3, "How many.", least=1, most=9)
    share: float | None = option(None, "How much.", least=0, usual="all")
    name: str = option("", "Which.")
    kind: Literal["tall", "small"] = option("tall", "What kind.")
    size: tuple[int, ...] | None = option(None, "How large.", metavar="H,W")
    tags: tuple[str, ...] = option((), "Which ones.")


@pytest.mark.parametrize(
    ("name", "given", "read"),
    [
        ("yes", True, True),
        ("count", "7", 7),
        ("count", 7.0, 7),
        ("count", " ", 3),
        ("share", "0.25", 0.25),
        ("share", 1, 1.0),
        ("share", "", None),
        ("share", None, None),
        ("name", "", ""),
        ("name", " x ", " x "),
        ("kind", "small", "small"),
        ("size", "512, 256", (512, 256)),
        ("size", [512, 256], (512, 256)),
        ("size", "7", (7,)),
        ("tags", "one", ("one",)),
        ("tags", ["1", 2], ("1", "2")),
    ],
)
def test_a_value_is_read_from_texts_and_from_pythons_own(name, given, read):
    found = getattr(read_options(Sorts, {name: given}), name)
    assert found == read
    assert type(found) is type(read)


@pytest.mark.parametrize(
    ("name", "given", "said"),
    [
        ("yes", "maybe", "--yes is 'maybe'; give True or False"),
        ("count", "many", "--count is 'many'; give a whole number from 1 to 9"),
        ("count", 0, "--count is 0; give a whole number from 1 to 9"),
        ("count", 2.5, "--count is 2.5; give a whole number"),
        ("count", True, "--count is True; give a whole number"),
        ("count", float("inf"), "--count is inf; give a whole number"),
        ("share", "-1", "--share is '-1'; give a number from 0 up"),
        ("share", "nan", "--share is 'nan'; give a number from 0 up"),
        ("size", "512x256", "--size is '512x256'; give whole numbers with commas, as H,W"),
        ("size", 512, "--size is 512; give whole numbers with commas, as H,W"),
        ("kind", "tal", "no kind named 'tal'; did you mean 'tall'?"),
    ],
)
def test_a_wrong_value_is_said_with_its_flag_and_what_is_expected(name, given, said):
    with pytest.raises(UsageError) as refused:
        read_options(Sorts, {name: given})
    assert said in str(refused.value)


def test_an_unknown_option_is_answered_with_the_nearest():
    with pytest.raises(UnknownNameError, match="no option named 'kindd'; did you mean 'kind'"):
        read_options(Sorts, {"kindd": "tall"})


def test_options_describe_themselves():
    described = {one.name: one for one in options_of(Sorts)}
    assert list(described) == ["yes", "count", "share", "name", "kind", "size", "tags"]
    assert [one.kind for one in described.values()] == [
        "bool",
        "int",
        "float",
        "str",
        "choice",
        "ints",
        "strs",
    ]
    assert (described["kind"].choices, described["size"].flag) == (("tall", "small"), "--size")
    assert [name for name, one in described.items() if one.optional] == ["share", "size"]


def test_a_field_that_no_form_can_show_is_refused_when_it_is_described():
    @dataclass(frozen=True)
    class Wrong:
        size: dict = option(None, "What.")

    with pytest.raises(TypeError, match=r"Wrong\.size is .*dict.*, which no form can show"):
        options_of(Wrong)


@dataclass(frozen=True)
class Plain:
    """An option without a meaning."""

    size: int = 3


def test_a_field_without_a_meaning_is_refused():
    with pytest.raises(TypeError, match=r"Plain\.size has no meaning; make it with option"):
        options_of(Plain)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"append": True, "overwrite": True}, "append and overwrite are opposites"),
        ({"resize": "512"}, "give height and width, as 512,512"),
        ({"resize": (0, 5)}, "give height and width, as 512,512"),
        ({"compressor": "zsdt"}, "did you mean 'zstd'"),
        ({"compressor": "gzip", "clevel": 12}, "gzip has no level 12; give one of 0 to 9"),
        ({"clevel": 23}, "--clevel is 23; give a whole number from 0 to 22"),
        ({"chunk_shape": "1,2"}, "chunk shape"),
        ({"chunk_shape": "0,2,2"}, "chunk shape"),
        ({"interpolation_order": 6}, "from 0 to 5"),
        ({"shard_images": 0}, "from 1 up"),
        ({"workers": -1}, "--workers is -1"),
        ({"axes": "YXQ"}, "axes"),
        ({"memory": "lots"}, "lots"),
        ({"dtype": "uint7"}, "did you mean 'uint"),
        ({"planes": "some"}, "no planes named 'some'"),
        ({"chunkshape": "1,2,2"}, "did you mean 'chunk_shape'"),
    ],
    ids=str,
)
def test_what_no_conversion_can_be_asked_for_is_said_before_it_begins(wrong, said):
    with pytest.raises(UsageError, match=said):
        read_options(ConvertOptions, wrong)
