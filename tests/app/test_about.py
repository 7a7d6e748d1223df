"""The page of a ZIP and of a table that came alone: what it is, and that nothing is missed."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

import smalti
from smalti.app.about import about, labels
from smalti.app.content import Content
from smalti.app.page import ProjectPage
from smalti.app.session import Session
from smalti.app.views.mosaic import MosaicView
from smalti.app.views.table import TableView
from smalti.processing.project import Project

SERVE = Callable[[Path], AbstractContextManager[str]]
TABLE = "interop/pixelpatrol_0.8.0_plankton.parquet"


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The user's cache, empty; that of kernels stays."""
    monkeypatch.setattr("platformdirs.user_cache_path", lambda *_: tmp_path / "cache")


def test_label_description_and_read_only_mark_are_said_and_escaped(
    demo: Project, tmp_path: Path, shelf: None
) -> None:
    assert labels(demo) is None
    assert about(demo) == []
    opened = smalti.open(demo.export(tmp_path / "x.zip"))
    opened.record = replace(opened.record, flavor="<b>IFCB</b>", description="a < b")
    said = labels(opened).object
    assert "&lt;b&gt;IFCB" in said
    assert "smalti export x.zip -o x.smalti" in said
    assert "a &lt; b" in about(opened)[0].object


def test_a_table_without_most_columns_is_shown_by_those_it_has(data: Path, shelf: None) -> None:
    session = Session(Content.of(smalti.open(data / TABLE)))
    assert "laplacian_variance" not in TableView(session).columns
    assert "blocking_index" in session.content.histograms
    assert ProjectPage(session).__panel__() is not None


def test_a_table_without_thumbnails_says_so_above_the_tiles(demo: Project, shelf: None) -> None:
    alone = Session(Content.of(smalti.open(demo.path / "images.parquet")))
    with_pictures = Session(Content.of(demo))
    assert [MosaicView(session).body[0].visible for session in (alone, with_pictures)] == [True, False]


@pytest.mark.browser
@pytest.mark.slow
def test_pixelpatrol_s_table_is_shown_with_its_thumbnails(
    data: Path, served: SERVE, visit: Callable[..., Any]
) -> None:
    with served(data / TABLE) as url:
        opened = visit(url)
        page = opened.page
        expect(page.get_by_text("read-only")).to_be_visible()
        expect(page.get_by_text("condition4_nois").first).to_be_visible()
        page.get_by_role("tab", name="Explore").click()
        page.locator(".qc-table button[data-do=open]").first.click()
        expect(page.get_by_text("give their base folder")).to_be_visible()
        assert opened.is_clean()
