import pytest
from hypothesis import given
from hypothesis import strategies as st

from smalti.core.errors import UsageError
from smalti.curation.names import Corner, Cube, Flipbook, Patch2d, Patch3d, Picture, Section, parse

NUMBER = st.integers(0, 10**9)
SPAN = st.tuples(NUMBER, st.integers(1, 10**6)).map(lambda pair: (pair[0], sum(pair)))
AXIS = st.integers(0, 2)
PART = st.one_of(
    st.text(min_size=1),
    st.sampled_from(["-LOC-", "-ROI-", "-LOC-2d", "a-LOC-0_1_0-2_0-2", "x-ROI-x0-1_y0-1_z0-1"]),
)
DATASET = st.lists(PART, min_size=1, max_size=4).map("".join)
NAMES = st.one_of(
    st.builds(Patch3d, DATASET, AXIS, NUMBER, SPAN, SPAN),
    st.builds(Patch2d, DATASET, SPAN, SPAN, st.none() | NUMBER),
    st.builds(Cube, DATASET, SPAN, SPAN, SPAN),
    st.builds(Flipbook, DATASET, AXIS, SPAN, SPAN, SPAN),
    st.builds(Section, DATASET, AXIS, NUMBER),
    st.builds(Picture, DATASET),
    st.builds(Corner, DATASET, AXIS, NUMBER, NUMBER, NUMBER)
    | st.builds(Corner, DATASET, st.none(), st.none(), NUMBER, NUMBER),
)


@given(NAMES)
def test_what_a_name_says_comes_back_whatever_the_dataset_is_called(name):
    assert parse(name.format()) == name


@given(st.builds(Patch3d, DATASET, AXIS, NUMBER, SPAN, SPAN), st.integers(0, 12))
def test_zeros_before_a_slice_change_nothing(name, digits):
    assert parse(name.format(digits)) == name


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("em_volume-LOC-0_07_128-192_0-64", Patch3d("em_volume", 0, 7, (128, 192), (0, 64))),
        ("a-LOC-b-LOC-2_5_0-9_1-2.tiff", Patch3d("a-LOC-b", 2, 5, (0, 9), (1, 2))),
        ("v-ROI-x0-8_y8-16_z0-4-LOC-1_3_0-4_0-8", Patch3d("v-ROI-x0-8_y8-16_z0-4", 1, 3, (0, 4), (0, 8))),
        ("v-ROI-x0-8_y8-16_z0-4.nrrd", Cube("v", (0, 8), (8, 16), (0, 4))),
        ("img-LOC-2d-0-224_224-448", Patch2d("img", (0, 224), (224, 448))),
        ("img-LOC-2d_0-224_224-448.tiff", Patch2d("img", (0, 224), (224, 448))),
        ("img-LOC-2d-3_0-224_224-448", Patch2d("img", (0, 224), (224, 448), 3)),
        ("v-LOC-0_012_224_448.tiff", Corner("v", 0, 12, 224, 448)),
        ("img-LOC-2d_224_448", Corner("img", None, None, 224, 448)),
        ("v-LOC-0_2-7_0-224_0-224.tif", Flipbook("v", 0, (2, 7), (0, 224), (0, 224))),
        ("v-LOC-1_0044", Section("v", 1, 44)),
        ("img-LOC-2d.tiff", Picture("img")),
    ],
)
def test_known_forms_are_read(text, made):
    assert parse(text) == made


def test_a_patch_of_a_cube_leads_to_the_volume():
    patch = parse("v-ROI-x0-8_y8-16_z0-4-LOC-1_3_0-4_0-8")
    assert parse(patch.dataset) == Cube("v", (0, 8), (8, 16), (0, 4))


@pytest.mark.parametrize(
    "text", ["", "em_volume", "a-LOC-3_1_0-2_0-2", "-LOC-0_1_0-2_0-2", "a-LOC-0_1_0-2", "a-ROI-x0-1"]
)
def test_anything_else_is_answered_with_the_grammar(text):
    with pytest.raises(UsageError, match="DATASET-LOC-<axis>_<slice>"):
        parse(text)


def test_an_empty_range_is_named():
    with pytest.raises(UsageError, match="empty range 5-5"):
        parse("a-LOC-0_1_5-5_0-2")
