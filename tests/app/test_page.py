"""The page stands on any table: without metrics, with one row, with columns of nulls, with many groups."""

from collections.abc import Callable
from typing import Any

import polars as pl
import pytest

from smalti.app.content import Content
from smalti.app.live import Live
from smalti.app.page import ProjectPage
from smalti.app.session import Session
from smalti.app.views.table import TableView
from smalti.app.words import value_text
from smalti.processing.project import Project
from smalti.table.schema import IMAGE_COLUMNS

MAKE = Callable[[pl.DataFrame], Project]
KNOWN = [column.name for column in IMAGE_COLUMNS]
FLOATS = pl.selectors.float()


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
    page = ProjectPage(Session(Content.of(project)))
    assert page.__panel__().get_root() is not None


def test_names_from_files_are_text_not_markup(demo: Project, project_of: MAKE) -> None:
    evil = pl.lit("<img src=x onerror=alert(1)>")
    images = demo.images.head(3).with_columns(name=evil, path=evil, error=evil, condition=evil, dtype=evil)
    session = Session(Content.of(project_of(images.collect())))
    table = TableView(session)
    table.show(table.compute(session.state.snapshot()))
    session.opened = 0
    session.state.add_filter("condition", "==", "<img src=x onerror=alert(1)>")
    page = ProjectPage(session).__panel__()
    markup = [part.markup for part in (*page.select(Live), *table.__panel__().select(Live))]
    assert any("&lt;img" in text for text in markup)
    assert not any("<img src=x" in text for text in markup)


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
