"""The page stands on any table: without metrics, with one row, with columns of nulls, with many groups."""

from collections.abc import Callable
from typing import Any

import panel as pn
import polars as pl
import pytest

from smalti.app.content import Content
from smalti.app.gallery import Gallery
from smalti.app.page import ProjectPage
from smalti.app.state import PageState
from smalti.app.table_view import TableView
from smalti.app.words import value_text
from smalti.processing.project import Project
from smalti.table.schema import IMAGE_COLUMNS

MAKE = Callable[[pl.DataFrame], Project]
KNOWN = [column.name for column in IMAGE_COLUMNS]
FLOATS = pl.selectors.float()


def html_of(view: Any) -> str:
    """All HTML of a view, as the browser would get it."""
    panes = pn.panel(view).select(pn.pane.HTML)
    return "".join(str(pane.object) for pane in panes)


@pytest.mark.parametrize(
    "change",
    [
        lambda images: images.select(KNOWN),
        lambda images: images.head(1),
        lambda images: images.head(0),
        lambda images: images.with_columns(
            pl.lit(None, pl.Float32).alias(name) for name in images.select(FLOATS).columns
        ),
        lambda images: images.with_columns(parent=pl.int_range(pl.len()).cast(pl.String)),
        lambda images: images.with_columns(FLOATS.fill_null(0) * float("inf")),
        lambda images: images.with_columns(status=pl.lit("unreadable"), error=pl.lit(None, pl.String)),
    ],
    ids=["no metrics", "one row", "no row", "all null", "a folder each", "infinite", "all failed"],
)
def test_it_renders(demo: Project, project_of: MAKE, change: Callable[[pl.DataFrame], pl.DataFrame]) -> None:
    project = project_of(change(demo.images.collect()))
    page = ProjectPage(Content.of(project))
    assert page.__panel__().get_root() is not None


def test_names_from_files_are_text_not_markup(demo: Project, project_of: MAKE) -> None:
    evil = pl.lit("<img src=x onerror=alert(1)>")
    images = demo.images.head(3).with_columns(name=evil, path=evil, error=evil, condition=evil, dtype=evil)
    state = PageState(Content.of(project_of(images.collect())))
    for view in (Gallery(state=state), TableView(state=state), ProjectPage(state.content)):
        assert "<img src=x" not in html_of(view)


def test_an_image_without_pixels_is_a_tile_with_the_reason(demo: Project) -> None:
    state = PageState(Content.of(demo))
    state.where = 'status == "unreadable"'
    gallery = html_of(Gallery(state=state))
    assert gallery.count('class="picture none"') == state.shown.height > 0
    assert state.shown["error"][0][:20] in gallery


def test_thumbnails_are_the_first_channel_in_the_order_chosen(demo: Project) -> None:
    state = PageState(Content.of(demo))
    state.param.update(sort_by="size_c", descending=True)
    assert "channel 1 of" in html_of(Gallery(state=state))


def test_filters_without_a_match_say_so_and_keep_the_views(demo: Project) -> None:
    page = ProjectPage(Content.of(demo))
    page.state.where = "size_x < 0"
    nothing = [pane for pane in page.__panel__().select() if "nothing" in pane.css_classes]
    assert [pane.visible for pane in nothing] == [True]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (True, "yes"),
        (12_345, "12,345"),
        (0.123456, "0.1235"),
        (123456.7, "123,457"),
        (["a"], "a"),
    ],
)
def test_values_are_written_as_people_write_them(value: Any, text: str) -> None:
    assert value_text(value) == text
