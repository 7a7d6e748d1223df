"""The first notebook in a real JupyterLab: what is chosen on screen is known to Python, and back."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect
from pointing import drag, settled

from .jupyter_lab import jupyter_lab

pytestmark = [pytest.mark.browser, pytest.mark.slow]

NOTEBOOK = Path(__file__).resolve().parents[2] / "notebooks" / "01_quickstart.ipynb"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory, wait_for: Callable[[str, Any], None]) -> Iterator[str]:
    """The URL of the notebook in a JupyterLab with settings of its own."""
    with jupyter_lab(NOTEBOOK, tmp_path_factory.mktemp("lab"), wait_for) as url:
        yield url


@pytest.fixture(scope="module")
def notebook(lab: str, visit: Callable[..., Any]) -> Any:
    """The first notebook, opened, all its cells run."""
    opened = visit(lab, 1500, 1100)
    page = opened.page
    page.locator(".jp-Notebook").wait_for()
    expect(page.get_by_text("Python 3 (ipykernel) | Idle")).to_be_visible()
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    mosaics = page.locator(".smalti-mosaic .count")
    expect(mosaics).to_have_text([re.compile("120 images")] * 2, timeout=120_000)  # the page's, and one alone
    return opened


def ask(page: Page, code: str) -> Locator:
    """Run code in a new last cell; its output."""
    n = page.locator(".jp-CodeCell").count()
    page.locator(".jp-Notebook").click(position={"x": 5, "y": 5})
    page.keyboard.press("Escape")
    page.keyboard.press("Control+End")
    page.keyboard.press("b")
    cell = page.locator(".jp-CodeCell").nth(n)
    cell.locator(".cm-content").fill(code)
    page.keyboard.press("Control+Enter")
    return cell.locator(".jp-OutputArea")


def test_the_app_and_the_mosaic_are_shown(notebook: Any) -> None:
    expect(notebook.page.get_by_text("Overview", exact=True).first).to_be_visible()
    assert notebook.left_localhost == []


def test_what_is_selected_on_screen_is_read_in_the_next_cell(notebook: Any) -> None:
    tiles = notebook.page.locator(".smalti-mosaic .pad").last
    settled(tiles)
    tiles.click(position={"x": 40, "y": 60})
    said = ask(notebook.page, "print('selected', project.view.n[2], project.view.selected['path'].to_list())")
    expect(said).to_contain_text("selected 1 ['")


def test_a_box_on_the_scatter_is_read_in_python_too(notebook: Any) -> None:
    page = notebook.page
    page.get_by_role("tab", name="Explore").click()
    figure = page.locator(".scatter .bk-Figure").first
    figure.locator("canvas").first.wait_for()
    expect(page.locator(".qc-table tbody tr")).to_have_count(25)
    expect(page.get_by_text("Python 3 (ipykernel) | Idle")).to_be_visible()
    place = settled(figure)
    corners = ((0.3, 0.2), (0.95, 0.85))
    drag(page, [(place["x"] + x * place["width"], place["y"] + y * place["height"]) for x, y in corners])
    expect(page.get_by_text("box on mean × laplacian_variance")).to_be_attached()
    said = ask(page, "print('box', project.view.n[2], project.view.view.selection[0].how)")
    expect(said).to_contain_text(re.compile(r"box [1-9]\d* box"))
    assert notebook.is_clean()


def test_what_is_selected_in_python_is_shown_on_screen(notebook: Any) -> None:
    said = ask(notebook.page, "project.view.select_where('status == \"ok\"'); print('n', project.view.n[2])")
    expect(said).to_contain_text("n 1")
    n = said.inner_text().split()[-1]
    expect(notebook.page.get_by_text(f"{n} selected").first).to_be_attached()
