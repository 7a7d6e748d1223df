"""One state: the filter as typed, the images it lets through, the order they are in."""

import polars as pl
import pytest

from smalti.app.content import Content
from smalti.app.state import NO_GROUPS, PageState
from smalti.processing.project import Project


@pytest.fixture(scope="module")
def content(demo: Project) -> Content:
    return Content.of(demo)


@pytest.fixture
def state(content: Content) -> PageState:
    return PageState(content)


def test_all_images_are_shown_at_first(state: PageState, content: Content) -> None:
    assert state.shown.height == content.images.height == 100
    assert state.group_by == "condition"


def test_a_filter_keeps_the_images_it_names(state: PageState) -> None:
    state.where = 'condition == "em" and status == "ok"'
    assert state.shown["condition"].unique().to_list() == ["em"]
    assert state.trouble == ""


@pytest.mark.parametrize("text", ["blurr > 3", "mean >", "mean + 1", 'mean > "a"', "__import__('os')"])
def test_a_filter_that_makes_no_sense_is_explained_and_the_old_view_kept(state: PageState, text: str) -> None:
    state.where = 'condition == "sky"'
    before = state.shown
    state.where = text
    assert state.shown is before
    assert len(state.trouble) > 10


def test_clearing_brings_all_images_back(state: PageState) -> None:
    state.where = "blurr > 3"
    state.clear()
    assert (state.shown.height, state.trouble) == (100, "")


def test_order_puts_missing_values_last_and_outlives_a_filter(state: PageState) -> None:
    state.param.update(sort_by="mean", descending=True)
    state.where = 'condition == "control"'
    values = state.shown["mean"].drop_nulls().to_list()
    assert values == sorted(values, reverse=True)
    assert (
        state.shown["mean"].tail(state.shown["mean"].null_count()).null_count()
        == state.shown["mean"].null_count()
    )


def test_groups_are_those_of_the_whole_table_whatever_is_shown(state: PageState) -> None:
    before = state.groups
    state.where = 'condition == "sky"'
    assert state.groups == before
    state.group_by = NO_GROUPS
    assert state.groups.names == ("all",)


def test_every_finding_shows_as_many_images_as_it_says(state: PageState, content: Content) -> None:
    for finding in content.findings:
        if finding.where is not None:
            state.where = finding.where
            assert state.trouble == ""
            assert 0 < state.shown.height < 100


def test_injected_defects_are_found(content: Content) -> None:
    topics = {finding.topic for finding in content.findings if finding.level == "warning"}
    assert {"Files", "Saturation", "Sharpness", "Duplicates", "Compression"} <= topics


def test_each_image_with_pixels_has_a_thumbnail(content: Content) -> None:
    ok = content.images.filter(pl.col("status") == "ok")["image_id"].head(5).to_list()
    pictures = content.thumbnails([*ok, "no such id"])
    assert set(pictures) == set(ok)
    assert all(uri.startswith("data:image/jpeg;base64,") for uri in pictures.values())
