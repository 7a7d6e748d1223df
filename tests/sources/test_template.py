from datetime import datetime
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smalti.core.errors import UnknownNameError, UsageError
from smalti.sources.template import Template


def values(text: str, path: str):
    hits = Template.read(text).match(path)
    return None if hits is None else {name: hit.value for name, hit in hits.items()}


@pytest.mark.parametrize(
    ("text", "path", "expected"),
    [
        (
            "{plate}/{well}_{site:int}_{channel}.tif",
            "run 1/P7/A01_03_DAPI.tif",
            {"plate": "P7", "well": "A01", "site": 3, "channel": "DAPI"},
        ),
        ("{row}{column:int}.png", "B12.png", {"row": "B", "column": 12}),
        ("{name}_{dose:float}uM.tif", "my_drug_1.5e-3uM.tif", {"name": "my_drug", "dose": 1.5e-3}),
        ("{day:date}/{n:int}", "2024-05-31/-4", {"day": datetime(2024, 5, 31), "n": -4}),
        ("{day:date_compact}_{}", "20240531_x.tif", {"day": datetime(2024, 5, 31)}),
        ("{well:identity}.tif", "deep/0042.tif", {"well": "0042"}),
        ("{_}/{site}.tif", "a/b.tif", {"site": "b"}),
        ("{{{n:int}}}.tif", "{3}.tif", {"n": 3}),
        ("a.{n}", "a.+", {"n": "+"}),
    ],
)
def test_parts_of_a_path_become_values_of_their_types(text, path, expected):
    assert values(text, path) == expected


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("{plate}/{well}.tif", "A01.tif"),
        ("{well}.tif", "A01.TIF"),
        ("img_{n:int}.tif", "img_1x.tif"),
        ("{n:int}.tif", "1234567890123456789.tif"),
        ("{day:date}.tif", "2024-02-30.tif"),
        ("{day:date_compact}.tif", "2024.tif"),
        ("{x:float}.tif", "nan.tif"),
        ("{a}_{b}.tif", "_b.tif"),
        ("g_{n}.tif", "img_1.tif"),
        ("a.{n}", "axb"),
    ],
)
def test_what_does_not_fit_is_no_match(text, path):
    assert values(text, path) is None


def test_a_hit_says_where_its_text_begins():
    hit = Template.read("{plate}/z{z:int}.tif").match("x/p/z007.tif")["z"]
    assert (hit.value, hit.text, hit.start) == (7, "007", 5)


@pytest.mark.parametrize(
    "text", ["plain.tif", "{a", "a}", "{a!r}", "{a.b}", "{1}", "{a}_{a}", "{}", "{a}" * 65]
)
def test_a_template_that_cannot_be_read_is_refused(text):
    with pytest.raises(UsageError):
        Template.read(text)


def test_an_unknown_type_is_answered_with_the_nearest():
    with pytest.raises(UnknownNameError, match="did you mean 'float'"):
        Template.read("{a:floot}.tif")


words = st.text("abcXYZ 019-ä.+*(", min_size=1, max_size=8)


@given(words, st.integers(-(10**6), 10**6), st.dates(), words)
@settings(max_examples=30, deadline=None)
def test_what_a_template_writes_it_reads_back(plate, site, day, channel):
    path = f"data/{plate}/s={site}~{day.isoformat()}~{channel}.ome.tif"
    read = values("{plate}/s={site:int}~{day:date}~{channel}.ome.tif", path)
    assert read == {
        "plate": plate,
        "site": site,
        "day": datetime(day.year, day.month, day.day),
        "channel": channel,
    }


@given(st.text("_a1", min_size=200, max_size=255), st.sampled_from(["{x}", "{x:int}", "{x:float}"]))
@settings(max_examples=20, deadline=None)
def test_no_name_makes_a_template_hang(name, kind):
    fields = "_".join(kind.replace("x", f"x{number}") for number in range(12))
    start = process_time()
    Template.read(f"{fields}_!.tif").match(f"{name}.tif")
    assert process_time() - start < 1
