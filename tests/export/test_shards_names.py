"""What names of files say, YAML files, and options that do not go together."""

from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smalti.core import plugin
from smalti.core.errors import UnknownNameError, UsageError
from smalti.core.options import read_options
from smalti.core.plugin import collect, transform
from smalti.export.shards.config import read_config
from smalti.export.shards.naming import Naming, split_age_sex
from smalti.export.shards.options import PDS_BYTES, USUAL_BYTES, ShardOptions

WORDS = st.text("abcXYZ019", min_size=1, max_size=8)


def fields(template, path, *transforms, on_mismatch="error"):
    return Naming.of(template, transforms, on_mismatch).fields([path])[0]


@pytest.mark.parametrize(
    ("template", "name", "found"),
    [
        ("{mouse}_{slice:int}", "in/m7_3.ome.tif", {"mouse": "m7", "slice": 3}),
        ("{mouse}_{slice:int}.ome.tif", "m7_3.ome.tif", {"mouse": "m7", "slice": 3}),
        ("{mouse}.{date:date_compact}", "m7.20240531.tif", {"mouse": "m7", "date": "2024-05-31"}),
        ("m[{n:float}]+(x)", "m[0.5]+(x).tif", {"n": 0.5}),
        ("{group}/{mouse}", "a/control/m7.tif", {"group": "control", "mouse": "m7"}),
        ("{id:identity}", "007.png", {"id": "007"}),
    ],
)
def test_a_template_is_matched_whole_and_other_characters_are_themselves(template, name, found):
    assert fields(template, name) == found


@given(WORDS, st.integers(0, 999), st.sampled_from(["_", ".", "+", "(", "*", "\\", "$ ", "]["]))
def test_what_a_name_was_made_of_is_found_in_it(mouse, number, sign):
    template = f"{{mouse}}{sign}{{number:int}}"
    assert fields(template, f"{mouse}{sign}{number:03}.tif") == {"mouse": mouse, "number": number}


def test_transforms_make_values_of_fields():
    asked = ("animal=split_age_sex", "date=date", "slice=int")
    assert fields("{animal}_{date}_{slice}", "P21f_2024-05-31_04.tif", *asked) == {
        "animal": {"age": "P21", "sex": "F"},
        "date": "2024-05-31",
        "slice": 4,
    }


@pytest.mark.parametrize(
    ("text", "found"),
    [("45M", {"age": 45, "sex": "M"}), ("12w-F", {"age": "12w", "sex": "F"}), ("P21", None), ("M", None)],
)
def test_age_and_sex_are_split(text, found):
    assert split_age_sex(text) == found


def test_a_name_that_does_not_fit_is_an_error_with_template_and_name_or_null():
    with pytest.raises(
        UsageError, match=r"template '\{mouse\}_\{n:int\}' does not fit 'x/m7.tif'.*--on-mismatch null"
    ):
        fields("{mouse}_{n:int}", "x/m7.tif")
    assert fields("{mouse}_{n:int}", "x/m7.tif", on_mismatch="null") == {"mouse": None, "n": None}


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (["mouse=idntity"], "did you mean 'identity'"),
        (["mous=int"], "did you mean 'mouse'"),
        (["mouse"], "FIELD=TRANSFORM"),
    ],
)
def test_a_wrong_transform_is_named_with_the_nearest(asked, said):
    with pytest.raises(UsageError, match=said):
        fields("{mouse}", "m7.tif", *asked)


def test_a_transform_of_a_plugin_is_found_and_one_that_raises_is_no_match(monkeypatch):
    @transform("roman")
    def roman(text):
        """I, II and III as numbers."""
        return {"I": 1, "II": 2, "III": 3}[text]

    made = SimpleNamespace(**{"roman": roman, "__name__": roman.__module__})
    monkeypatch.setattr(plugin, "_entries", lambda kind: iter(collect(made)))
    assert fields("{mouse}_{layer}", "m_II.tif", "layer=roman") == {"mouse": "m", "layer": 2}
    with pytest.raises(UsageError, match="does not fit"):
        fields("{mouse}_{layer}", "m_V.tif", "layer=roman")


CONFIG = """
inputs: ["a/**/*.tif", b]
output_stem: out/train
shard_size: 1000000
to_uint8: true
compressed: true
filename_spec:
  template: "{mouse}_{slice}"
  transforms: {mouse: identity, slice: int}
"""


def write_config(tmp_path, text):
    (tmp_path / "c.yaml").write_text(text)
    return str(tmp_path / "c.yaml")


def test_a_yaml_file_asks_for_what_the_command_line_would(tmp_path):
    told = read_config(write_config(tmp_path, CONFIG))
    asked = read_options(ShardOptions, told.with_given({}))
    assert (told.inputs, told.out) == (("a/**/*.tif", "b"), "out")
    assert (asked.stem, asked.limit, asked.uint8, asked.compressed) == ("train", 1_000_000, True, True)
    assert asked.transforms == ("mouse=identity", "slice=int")


def test_what_is_typed_comes_before_what_a_file_says(tmp_path):
    told = read_config(write_config(tmp_path, CONFIG))
    asked = read_options(ShardOptions, told.with_given({"pds": True, "compressed": False, "stem": "x"}))
    assert (asked.limit, asked.compressed, asked.stem) == (PDS_BYTES, False, "x")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("inptus: [a]", "did you mean 'inputs'"),
        ("to_unit8: true", "did you mean 'to_uint8'"),
        ("filename_spec: {templat: x}", "did you mean 'template'"),
        ("[a, b]", "holds no keys"),
        ("a: [", "cannot be read"),
        ("inputs: 5", "inputs are 5; give a folder"),
        ("inputs:", "inputs are None; give a folder"),
    ],
)
def test_a_wrong_yaml_file_is_one_sentence(tmp_path, text, said):
    with pytest.raises(UsageError, match=said):
        read_config(write_config(tmp_path, text))


def test_a_shard_has_850_megabytes_unless_less_is_asked_for():
    assert (ShardOptions().limit, ShardOptions(pds=True).limit) == (USUAL_BYTES, PDS_BYTES)
    assert ShardOptions(shard_size="2 MB").limit == 2_000_000


@pytest.mark.parametrize(
    "given",
    [
        {"pds": True, "shard_size": "1MB"},
        {"uint8_percent": 1.0},
        {"uint8": True, "uint8_percent": 1.0, "uint8_limits": "0,1"},
        {"uint8": True, "uint8_limits": "5,1"},
        {"stem": "a/b"},
        {"shard_size": "many"},
        {"shard_size": "0"},
    ],
)
def test_options_that_do_not_go_together_are_refused(given):
    with pytest.raises(UsageError):
        ShardOptions(**given)


def test_an_unknown_option_is_named_with_the_nearest():
    with pytest.raises(UnknownNameError, match="did you mean 'compressed'"):
        read_options(ShardOptions, {"compresed": True})
