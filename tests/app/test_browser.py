"""The page in a real Chromium with the network off, served by the real command."""

import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect, sync_playwright

import smalti
from smalti.core.progress import Silent
from smalti.processing.project import Project

pytestmark = pytest.mark.browser

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
]
PATIENCE = 30_000
"""Milliseconds; a machine that runs other tests beside needs ten times what an idle one does."""


@dataclass
class Visit:
    """An open page, and what it did that it should not."""

    page: Page
    left_localhost: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def is_clean(self) -> bool:
        assert self.left_localhost == []
        assert self.complaints == []
        return True


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    names = ("chromium", "chromium-browser", "google-chrome")
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None:
        pytest.fail(f"no Chromium found under {', '.join(names)}; run: bash tests/get_chromium.sh")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=FLAGS)
        yield browser
        browser.close()


def visit(browser: Browser, url: str) -> Visit:
    """Open a page that can reach this machine only, and wait until its plots are drawn."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    context.set_default_timeout(PATIENCE)
    visit = Visit(context.new_page())

    def only_here(route: Route) -> None:
        if re.match(r"(https?|wss?)://localhost[:/]|data:|blob:", route.request.url):
            route.continue_()
        else:
            visit.left_localhost.append(route.request.url)
            route.abort()

    context.route("**/*", only_here)
    visit.page.on(
        "console", lambda said: visit.complaints.append(said.text) if said.type == "error" else None
    )
    visit.page.on("pageerror", lambda error: visit.complaints.append(str(error)))
    visit.page.goto(url)
    visit.page.locator("canvas").first.wait_for(state="attached")
    return visit


@pytest.fixture(scope="module")
def demo_page(
    browser: Browser, demo: Project, served: Callable[[Path], AbstractContextManager[str]]
) -> Iterator[Visit]:
    with served(demo.path) as url:
        yield visit(browser, url)


@pytest.fixture(autouse=True)
def all_images(request: pytest.FixtureRequest) -> None:
    """Every test begins with the page as it is opened: one page for all, because opening takes seconds."""
    if "demo_page" in request.fixturenames:
        page = request.getfixturevalue("demo_page").page
        filter_by(page, "")
        expect(page.locator(".n-shown")).to_have_text("100", timeout=PATIENCE)


def filter_by(page: Page, text: str) -> None:
    page.get_by_label("Where").fill(text)
    page.get_by_label("Where").press("Enter")


def test_it_shows_cards_pictures_plots_and_table(demo_page: Visit) -> None:
    page = demo_page.page
    expect(page).to_have_title(re.compile("images"))
    expect(page.locator(".card")).not_to_have_count(0)
    expect(page.locator(".tile")).to_have_count(40)
    assert page.locator(".tile img").first.evaluate("image => image.naturalWidth") > 0
    expect(page.locator(".qc-table tbody tr")).to_have_count(25)
    expect(page.get_by_text("of 100 images shown")).to_be_visible()
    assert demo_page.is_clean()


def test_a_filter_changes_every_view(demo_page: Visit) -> None:
    filter_by(demo_page.page, 'condition == "sky"')
    n = demo_page.page.locator(".tile")
    expect(demo_page.page.locator(".n-shown")).not_to_have_text("100", timeout=PATIENCE)
    shown = int(demo_page.page.locator(".n-shown").inner_text())
    expect(n).to_have_count(shown)
    expect(demo_page.page.locator(".qc-table tbody tr")).to_have_count(shown)
    assert demo_page.is_clean()


def test_a_filter_that_makes_no_sense_is_explained_and_the_view_stays(demo_page: Visit) -> None:
    filter_by(demo_page.page, "laplacian_varianc > 3")
    trouble = demo_page.page.locator(".trouble")
    expect(trouble).to_contain_text("did you mean 'laplacian_variance'?", timeout=PATIENCE)
    expect(demo_page.page.locator(".n-shown")).to_have_text("100")
    expect(demo_page.page.locator(".tile")).to_have_count(40)


def test_a_filter_without_a_match_offers_to_clear_it(demo_page: Visit) -> None:
    page = demo_page.page
    filter_by(page, "size_x < 0")
    expect(page.get_by_text("No image passes this filter")).to_be_visible(timeout=PATIENCE)
    page.get_by_role("button", name="Clear filters").click()
    expect(page.locator(".n-shown")).to_have_text("100", timeout=PATIENCE)
    expect(page.get_by_text("No image passes this filter")).to_be_hidden()


def test_the_next_page_of_pictures_shows_others(demo_page: Visit) -> None:
    page = demo_page.page
    first = page.locator(".tile .name").first.inner_text()
    page.get_by_role("button", name="Go to next page").first.click()
    expect(page.get_by_text("41–80 of 100 images")).to_be_visible(timeout=PATIENCE)
    assert page.locator(".tile .name").first.inner_text() != first
    assert demo_page.is_clean()


def test_a_card_shows_the_images_it_means_by_keyboard(demo_page: Visit) -> None:
    page = demo_page.page
    said = page.locator(".card.warning p").first.inner_text()
    page.get_by_role("button", name="Show these").first.press("Enter")
    expect(page.locator(".n-shown")).to_have_text(said.split()[0], timeout=PATIENCE)
    page.get_by_role("button", name="Show all again").press("Enter")
    expect(page.locator(".n-shown")).to_have_text("100", timeout=PATIENCE)


@pytest.mark.slow
def test_real_images_are_shown_too(
    browser: Browser, data: Path, tmp_path: Path, served: Callable[[Path], AbstractContextManager[str]]
) -> None:
    project = smalti.process(data / "plankton_whoi", output=tmp_path / "p.smalti", progress=Silent())
    with served(project.path) as url:
        plankton = visit(browser, url)
        expect(plankton.page.locator(".tile img")).to_have_count(40)
        expect(plankton.page.get_by_text("All 40 files could be read: 40 images.")).to_be_visible()
        assert plankton.is_clean()
