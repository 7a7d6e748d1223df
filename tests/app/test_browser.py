"""The whole page in a real Chromium with the network off, served by the real command."""

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pointing
import pytest
from playwright.sync_api import FloatRect, Locator, Page, expect
from pointing import settled

import smalti
from smalti.core.progress import Silent
from smalti.processing.project import Project

pytestmark = pytest.mark.browser

SERVED = Callable[[Path], AbstractContextManager[str]]
TABS = ("Overview", "Explore", "Mosaic", "Compare")


@pytest.fixture(scope="module")
def demo_url(demo: Project, served: SERVED) -> Iterator[str]:
    with served(demo.path) as url:
        yield url


@pytest.fixture
def explore(demo_url: str, visit: Callable[..., Any]) -> Iterator[Any]:
    """The Explore tab of a new visitor, its scatter drawn."""
    opened = visit(demo_url, 1280, 1000)
    turn_to(opened.page, "Explore")
    opened.page.locator(".scatter .bk-Figure canvas").first.wait_for()
    expect(opened.page.locator(".qc-table tbody tr")).to_have_count(25)
    yield opened
    opened.page.context.close()


def turn_to(page: Page, tab: str) -> None:
    page.get_by_role("tab", name=tab).click()
    expect(page.get_by_role("tab", name=tab)).to_have_attribute("aria-selected", "true")


def shown(page: Page) -> Locator:
    return page.locator(".n-shown")


def selected(page: Page) -> int:
    """How many images the left column calls selected."""
    found = re.search(r"([\d,]+) selected", page.locator(".selection").first.inner_text())
    return int(found[1].replace(",", "")) if found else 0


def filter_by(page: Page, text: str) -> None:
    field = page.get_by_label("or an expression")
    field.fill(text)
    field.press("Enter")


def plot(page: Page) -> FloatRect:
    """Where the scatter is."""
    return settled(page.locator(".scatter .bk-Figure").first)


def drag(page: Page, *places: tuple[float, float]) -> None:
    """Draw a line over the scatter through places given as shares of its width and height."""
    box = plot(page)
    pointing.drag(page, [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in places])


def test_every_tab_is_drawn_and_nothing_is_asked_of_another_host(demo_url: str, visit: Any) -> None:
    opened = visit(demo_url)
    for tab in TABS:
        turn_to(opened.page, tab)
        expect(opened.page.locator("canvas").first).to_be_visible()
    expect(opened.page).to_have_title(re.compile("images"))
    assert opened.is_clean()


def test_a_box_on_the_scatter_changes_count_histograms_mosaic_and_table(explore: Any) -> None:
    page = explore.page
    drag(page, (0.3, 0.15), (0.95, 0.8))
    expect(page.locator(".selection")).to_contain_text("box on mean × laplacian_variance")
    n = selected(page)
    assert 0 < n < 100
    expect(page.get_by_text(f"Only selected · {n}").first).to_be_visible()
    expect(page.locator(".qc-table tbody tr.selected").first).to_be_attached()
    assert 0 < sums_of_bars(page)["selected"] <= n
    assert explore.is_clean()


def sums_of_bars(page: Page) -> dict[str, float]:
    """Rows in the bars of the first histogram, by what they stand for."""
    code = """() => {
        const models = Bokeh.documents[0].roots().flatMap((root) => [...root.references()])
        const bins = models.find((model) => model.name == "bins").data_source.data
        const sum = (values) => Array.from(values).reduce((a, b) => a + Number(b), 0)
        return {all: sum(bins.n0), filtered: sum(bins.n1), selected: sum(bins.n2)}
    }"""
    return dict(page.evaluate(code))


def test_a_lasso_selects_too(explore: Any) -> None:
    page = explore.page
    page.locator(".scatter .bk-Figure").hover()
    page.locator(".scatter").get_by_title("Lasso Select").click()
    drag(page, (0.3, 0.1), (0.97, 0.1), (0.97, 0.85), (0.3, 0.85), (0.3, 0.12))
    expect(page.locator(".selection")).to_contain_text("lasso")
    assert selected(page) > 0


def test_a_click_on_a_tile_opens_the_true_image(explore: Any) -> None:
    page = explore.page
    tiles = page.locator(".smalti-mosaic .pad").first
    tiles.click(position={"x": 40, "y": 70})
    expect(page.get_by_text("256 × 256 px", exact=False).first).to_be_visible()
    expect(page.get_by_text("1 image by click")).to_be_visible()
    assert explore.is_clean()


def test_a_filter_is_added_switched_off_inverted_and_undone(explore: Any) -> None:
    page = explore.page
    filter_by(page, 'condition == "sky"')
    expect(shown(page)).not_to_have_text("100")
    n = int(shown(page).inner_text())
    row = page.locator(".filters li").first
    row.get_by_role("switch").click()
    expect(shown(page)).to_have_text("100")
    row.get_by_role("switch").click()
    expect(shown(page)).to_have_text(str(n))
    row.get_by_role("button", name=re.compile("nvert")).click()
    expect(shown(page)).to_have_text(str(100 - n))
    page.get_by_role("button", name="Undo", exact=True).click()
    expect(shown(page)).to_have_text(str(n))
    assert explore.is_clean()


def test_colours_stay_with_their_values_when_a_filter_comes(explore: Any) -> None:
    page = explore.page
    legend = {line.inner_text().split("\n")[0]: colour_of(line) for line in page.locator(".legend li").all()}
    filter_by(page, 'condition == "sky"')
    expect(shown(page)).not_to_have_text("100")
    after = {line.inner_text().split("\n")[0]: colour_of(line) for line in page.locator(".legend li").all()}
    assert after == legend
    assert len(set(legend.values())) == 5


def colour_of(line: Locator) -> str:
    return str(line.locator(".dot").evaluate("dot => getComputedStyle(dot).backgroundColor"))


def test_the_address_brings_the_same_view_back(explore: Any) -> None:
    page = explore.page
    filter_by(page, 'condition == "sky"')
    expect(shown(page)).not_to_have_text("100")
    n = shown(page).inner_text()
    expect(page).to_have_url(re.compile("sky"))  # written after the page has been drawn
    page.reload()
    expect(shown(page)).to_have_text(n)
    expect(page.locator(".filters li")).to_have_count(1)


def test_a_filter_that_makes_no_sense_is_explained_and_the_view_stays(explore: Any) -> None:
    filter_by(explore.page, "laplacian_varianc > 3")
    expect(explore.page.locator(".trouble").first).to_contain_text("did you mean 'laplacian_variance'?")
    expect(shown(explore.page)).to_have_text("100")


def test_when_nothing_is_left_it_offers_to_clear_the_filters(explore: Any) -> None:
    page = explore.page
    filter_by(page, "size_x < 0")
    expect(page.get_by_text("No image passes these filters")).to_be_visible()
    page.locator(".nothing").get_by_role("button", name="Show all 100 images").click()
    expect(shown(page)).to_have_text("100")
    assert explore.is_clean()


def test_panel_serve_shows_the_same_page(demo: Project, visit: Any) -> None:
    found = subprocess.run(
        [sys.executable, "-m", "smalti.cli", "app-path"], capture_output=True, encoding="utf-8", check=True
    )
    script = found.stdout.strip()
    command = [sys.executable, "-m", "panel", "serve", script, "--port", "0", "--args", str(demo.path)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, encoding="utf-8") as server:
        try:
            assert server.stderr is not None
            url = next(line.split()[-1] for line in server.stderr if "running at" in line)
            opened = visit(url)
            expect(shown(opened.page)).to_have_text("100")
            assert opened.is_clean()
        finally:
            server.kill()


@pytest.mark.slow
def test_real_images_are_shown_too(data: Path, tmp_path: Path, served: SERVED, visit: Any) -> None:
    project = smalti.process(data / "nuclei_dsb2018", output=tmp_path / "n.smalti", progress=Silent())
    with served(project.path) as url:
        opened = visit(url)
        n = project.summary()["images"]
        expect(shown(opened.page)).to_have_text(str(n))
        for tab in TABS:
            turn_to(opened.page, tab)
            expect(opened.page.locator("canvas").first).to_be_visible()
        assert opened.is_clean()
