"""Filters and inspector in a real Chromium with the network off, served by the real command."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect
from pointing import settled

from smalti.processing.project import Project

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def shown(
    demo: Project, visit: Callable[..., Any], served: Callable[[Path], AbstractContextManager[str]]
) -> Iterator[Any]:
    with served(demo.path) as url:
        yield visit(url)


@pytest.fixture
def page(shown: Any) -> Page:
    """The page without filters; one for all tests, because opening takes seconds."""
    page: Page = shown.page
    expect(page.locator(".n-shown")).to_be_visible()
    if page.get_by_role("button", name="Clear filters").count():
        page.get_by_role("button", name="Clear filters").first.click()
    expect(page.locator(".n-shown")).to_have_text("100")
    return page


def rows(page: Page) -> Locator:
    return page.locator(".filters li")


def test_a_filter_is_added_switched_inverted_and_undone(page: Page, shown: Any) -> None:
    page.get_by_label("Column", exact=True).fill("size_x")
    page.get_by_role("option", name="size_x", exact=True).click()
    page.get_by_label("value", exact=True).fill("0")
    page.get_by_label("value", exact=True).press("Enter")
    expect(page.locator(".n-shown")).to_have_text("0")
    expect(page.get_by_text("No image passes these filters")).to_be_visible()
    page.get_by_role("switch", name="Use the filter").uncheck()
    expect(page.locator(".n-shown")).to_have_text("100")
    page.get_by_role("switch", name="Use the filter").check()
    page.get_by_role("button", name="Invert: keep the others").click()
    expect(page.locator(".n-shown")).not_to_have_text("0")
    for text in ("0", "100"):
        page.get_by_role("button", name="Undo", exact=True).click()
        expect(page.locator(".n-shown")).to_have_text(text)
    assert shown.is_clean()


def test_a_column_of_few_values_is_asked_by_choice(page: Page, shown: Any) -> None:
    page.get_by_label("Column", exact=True).fill("condition")
    page.get_by_role("option", name="condition", exact=True).click()
    expect(page.get_by_text("is one of")).to_be_visible()
    expect(page.get_by_label("value", exact=True)).to_be_hidden()
    assert shown.is_clean()


def test_a_mistake_is_said_with_the_nearest_name(page: Page, shown: Any) -> None:
    field = page.get_by_label("or an expression")
    field.fill("laplacian_varianc > 3")
    field.press("Enter")
    expect(page.get_by_text("did you mean 'laplacian_variance'?")).to_be_visible()
    expect(page.locator(".n-shown")).to_have_text("100")
    field.fill("laplacian_variance < 0")
    field.press("Enter")
    expect(page.locator(".n-shown")).to_have_text("0")
    expect(page.get_by_text("did you mean")).to_be_hidden()
    assert shown.is_clean()


def test_a_card_keeps_its_images_by_keyboard(page: Page, shown: Any) -> None:
    press = page.get_by_role("button", name=": Files")
    press.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".n-shown")).to_have_text("5")
    expect(press).to_have_text("Show all again")
    expect(press).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".n-shown")).to_have_text("100")
    assert shown.is_clean()


def test_the_view_goes_to_the_clipboard(page: Page, shown: Any) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name=": Files").click()
    expect(rows(page)).to_have_count(1)
    page.get_by_role("button", name="CLI").click()
    expect(page.get_by_text("✓ Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()").startswith("smalti table")
    page.get_by_role("button", name="Link").click()
    expect(page.get_by_text("✓ Copied")).to_be_visible()
    page.wait_for_function("navigator.clipboard.readText().then(text => text.startsWith('http://localhost'))")
    assert shown.is_clean()


def test_a_pressed_tile_opens_the_true_image(page: Page, shown: Any) -> None:
    tiles = page.locator(".smalti-mosaic .pad").first
    box = settled(tiles)
    page.mouse.click(box["x"] + 40, box["y"] + 60)
    picture = page.locator(".frame img")
    expect(picture).to_be_visible()
    expect(page.locator("h2.one")).to_be_visible()
    first = picture.get_attribute("src")
    page.get_by_role("button", name="Next image").click()
    expect(picture).not_to_have_attribute("src", first or "")
    page.locator(".frame").hover(position={"x": 80, "y": 80})
    expect(page.locator(".frame .value")).to_contain_text("x ")
    assert shown.is_clean()


def test_a_picture_is_zoomed_by_keys_and_shown_whole_again(page: Page) -> None:
    frame, picture = page.locator(".frame"), page.locator(".frame img")
    frame.focus()
    whole = picture.bounding_box()
    page.keyboard.press("+")
    page.keyboard.press("+")
    zoomed = picture.bounding_box()
    page.keyboard.press("0")
    assert whole is not None
    assert zoomed is not None
    assert zoomed["width"] == pytest.approx(whole["width"] * 1.25**2, rel=0.01)
    assert picture.bounding_box() == whole
