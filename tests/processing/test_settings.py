import json

import pytest

from smalti.core.errors import UnknownNameError, UsageError
from smalti.processing.settings import Settings, parse_size


@pytest.mark.parametrize(
    ("text", "size"), [("4GB", 4 * 10**9), ("512 MiB", 512 * 2**20), ("1e9", 10**9), ("1.5k", 1500), ("7", 7)]
)
def test_sizes_are_read_as_people_write_them(text, size):
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "much", "-1GB", "1.2.3GB", "GB", "1e400", "1e308TB"])
def test_what_is_no_size_is_refused_with_an_example(text):
    with pytest.raises(UsageError, match="write it as 4GB"):
        parse_size(text)


def test_settings_survive_the_way_to_the_worker():
    settings = Settings().set(memory="2GB", metrics=["focus"], workers=3, timeout=1.5)
    assert Settings.from_dict(json.loads(json.dumps(settings.to_dict()))) == settings


def test_an_unknown_setting_is_answered_with_the_nearest():
    with pytest.raises(UnknownNameError, match="did you mean 'timeout'"):
        Settings().set(time_out=3)


@pytest.mark.parametrize("name", ["metrics", "exclude", "modules"])
def test_one_name_stands_for_a_list_of_one(name):
    assert Settings().set(**{name: "focus"}) == Settings().set(**{name: ["focus"]})


def test_none_gives_the_default():
    changed = Settings().set(workers=3, memory="2GB", timeout=1, exclude="focus")
    assert changed.set(workers=None, memory=None, timeout=None, exclude=None) == Settings()


@pytest.mark.parametrize(
    "wrong",
    [
        {"workers": -1},
        {"workers": "2"},
        {"workers": 1.5},
        {"timeout": 0},
        {"timeout": float("nan")},
        {"timeout": float("inf")},
        {"timeout": "5"},
        {"memory": -5},
        {"memory": float("inf")},
        {"metrics": 3},
    ],
)
def test_impossible_settings_are_refused_by_name_with_what_to_give(wrong):
    with pytest.raises(UsageError, match=f"{next(iter(wrong))} is .*; give"):
        Settings().set(**wrong)
