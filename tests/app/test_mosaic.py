"""The mosaic on a page, in a real Chromium: gestures change the state, the state changes the screen."""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect
from pointing import drag

from smalti.processing.project import Project

pytestmark = pytest.mark.browser

HEADER = 36
TILE = 48
Point = tuple[float, float]


@dataclass
class Shown:
    """A page with a mosaic, and the process behind it."""

    visit: Any
    server: subprocess.Popen[str]

    @property
    def page(self) -> Page:
        page: Page = self.visit.page
        return page

    @property
    def root(self) -> Locator:
        return self.page.locator(".smalti-mosaic")

    def python(self, **wish: Any) -> dict[str, Any]:
        """What Python knows after it has done something."""
        assert self.server.stdin is not None
        assert self.server.stdout is not None
        self.server.stdin.write(json.dumps(wish) + "\n")
        self.server.stdin.flush()
        answer: dict[str, Any] = json.loads(self.server.stdout.readline())
        return answer

    def at(self, place: int) -> Point:
        """The middle of a tile of the first section, on the screen."""
        box = self.page.locator(".pad").bounding_box()
        assert box is not None
        cell, left = (float(self.root.get_attribute(f"data-{name}") or 0) for name in ("cell", "left"))
        line, column = divmod(place, int(self.root.get_attribute("data-columns") or 1))
        return box["x"] + left + column * cell + TILE / 2, box["y"] + HEADER + line * cell + TILE / 2

    def click(self, place: int, key: str = "") -> None:
        if key:
            self.page.keyboard.down(key)
        self.page.mouse.click(*self.at(place))
        if key:
            self.page.keyboard.up(key)

    def drag(self, *points: Point) -> None:
        drag(self.page, points, steps=4)

    def selected(self, n: int, after: list[int] | None = None) -> list[int]:
        """Rows selected, when screen and Python agree that they are so many, and others than before."""
        expect(self.root).to_have_attribute("data-selected", str(n))
        deadline = time.monotonic() + 10
        while len(rows := self.python()["selected"]) != n or rows == after:
            assert time.monotonic() < deadline, f"{rows} selected in Python, {n} on screen"
        return list(rows)

    def opens(self, row: int) -> None:
        """Wait until Python knows that this image is open."""
        deadline = time.monotonic() + 10
        while (opened := self.python()["opened"]) != row:
            assert time.monotonic() < deadline, f"row {opened} is open, not {row}"


@pytest.fixture(scope="module")
def shown_page(
    demo: Project, visit: Callable[..., Any], wait_for: Callable[[str, Any], None]
) -> Iterator[Shown]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    script = Path(__file__).with_name("mosaic_page.py")
    command = [sys.executable, str(script), str(demo.path), str(port), str(TILE)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8") as server:
        try:
            wait_for(f"http://localhost:{port}/", server)
            opened = visit(f"http://localhost:{port}/")
            expect(opened.page.locator(".smalti-mosaic")).to_have_attribute("data-complete", "true")
            yield Shown(opened, server)
        finally:
            server.terminate()


@pytest.fixture
def shown(shown_page: Shown) -> Iterator[Shown]:
    """The page as it was opened: one for all tests, because opening takes seconds."""
    yield shown_page
    shown_page.page.get_by_label("Drag a box").click()
    shown_page.python(select=[], clear=True, update={"group_by": "condition", "sort_by": "path"})
    shown_page.selected(0)
    shown_page.page.locator(".pad").evaluate("pad => (pad.scrollTop = 0)")
    shown_page.page.mouse.move(1, 1)


def test_a_click_selects_and_opens(shown: Shown) -> None:
    shown.click(2)
    (row,) = shown.selected(1)
    shown.opens(row)
    shown.click(4)
    assert shown.selected(1, after=[row]) != [row]


def test_ctrl_toggles_and_shift_takes_the_range(shown: Shown) -> None:
    shown.click(1)
    shown.click(3, "Control")
    assert len(shown.selected(2)) == 2
    shown.click(1, "Control")
    shown.selected(1)
    shown.click(2)
    shown.click(6, "Shift")
    shown.selected(5)


def test_a_box_takes_what_it_touches_and_empty_ground_lets_go(shown: Shown) -> None:
    (x0, y0), (x1, y1) = shown.at(0), shown.at(3)
    shown.drag((x0, y0), (x1, y1 + 8))
    shown.selected(4)
    shown.page.keyboard.down("Shift")
    shown.drag(shown.at(5), shown.at(6))
    shown.page.keyboard.up("Shift")
    shown.selected(6)
    shown.page.mouse.click(x0 - TILE / 2 - 8, y0)
    shown.selected(0)


def test_a_lasso_takes_what_lies_inside(shown: Shown) -> None:
    shown.page.get_by_label("Drag a lasso").click()
    (x0, y0), (x1, _) = shown.at(1), shown.at(3)
    reach = TILE * 0.4
    loop = [(x0 - reach, y0 - reach), (x1 + reach, y0 - reach), (x1 + reach, y0 + reach)]
    shown.drag(*loop, (x0 - reach, y0 + reach), loop[0])
    shown.selected(3)


def test_a_header_takes_its_section(shown: Shown) -> None:
    box = shown.page.locator(".pad").bounding_box()
    assert box is not None
    shown.page.mouse.click(box["x"] + 40, box["y"] + 14)
    expect(shown.root).not_to_have_attribute("data-selected", "0")
    n = int(shown.root.get_attribute("data-selected") or 0)
    assert 5 < n < 100
    assert len(shown.selected(n)) == n


def test_keys_walk_select_and_let_go(shown: Shown) -> None:
    pad = shown.page.locator(".pad")
    shown.click(0)
    (first,) = shown.selected(1)
    for key in ("ArrowRight", "ArrowRight", "Enter"):
        pad.press(key)
    expect(shown.page.locator(".spoken")).to_contain_text("3 of 100")
    assert shown.selected(1, after=[first]) != [first]
    pad.press("Space")
    shown.selected(0)
    pad.press("Shift+ArrowRight")
    shown.selected(2)
    pad.press("Control+a")
    shown.selected(100)
    pad.press("Escape")
    shown.selected(0)


def test_the_cursor_takes_the_open_image_along(shown: Shown) -> None:
    shown.click(0)
    (row,) = shown.selected(1)
    shown.opens(row)
    shown.click(1)
    (following,) = shown.selected(1, after=[row])
    shown.click(0)
    shown.opens(row)
    shown.page.locator(".pad").press("ArrowRight")
    shown.opens(following)


def test_what_python_selects_is_on_screen(shown: Shown) -> None:
    shown.python(select=[7, 8, 9])
    expect(shown.root).to_have_attribute("data-selected", "3")
    only = shown.page.get_by_role("button", name="Only selected")
    only.click()
    expect(shown.root).to_have_attribute("data-shown", "3")
    only.click()
    expect(shown.root).to_have_attribute("data-shown", "100")


def test_filters_reach_the_screen_and_an_empty_result_is_said(shown: Shown) -> None:
    shown.python(where="condition == 'sky'")
    expect(shown.root).not_to_have_attribute("data-shown", "100")
    shown.python(where="size_x < 0")
    expect(shown.page.get_by_text("No image passes the filters")).to_be_visible()
    shown.python(clear=True)
    expect(shown.root).to_have_attribute("data-shown", "100")


def test_scrolling_brings_the_other_tiles(shown: Shown) -> None:
    pad = shown.page.locator(".pad")
    shown.page.get_by_label("Tile size").fill("192")
    assert pad.evaluate("pad => pad.scrollHeight > 3 * pad.clientHeight")
    pad.press("End")
    expect(shown.root).to_have_attribute("data-complete", "true")
    assert pad.evaluate("pad => pad.scrollTop + pad.clientHeight > pad.scrollHeight - 80")
    shown.page.get_by_label("Tile size").fill(str(TILE))


def test_tiles_are_painted_and_unlike_each_other(shown: Shown) -> None:
    colours = shown.page.locator(".smalti-mosaic canvas").evaluate(
        """canvas => {
          const pen = canvas.getContext("2d");
          const line = (k) => pen.getImageData(20 + 54 * k, 60, 24, 1).data.join();
          return Array.from({length: 8}, (_, k) => line(k));
        }"""
    )
    assert len(set(colours)) > 4


def test_the_card_names_the_image(shown: Shown) -> None:
    shown.page.mouse.move(*shown.at(1))
    expect(shown.page.locator(".card strong")).to_contain_text(".")
    expect(shown.page.locator(".card img")).to_be_visible()


def test_contrast_and_groups_are_chosen_in_the_bar(shown: Shown) -> None:
    shown.page.get_by_label("Contrast", exact=True).select_option("all")
    shown.page.get_by_label("Show groups").select_option("frames")
    expect(shown.root).to_have_attribute("data-complete", "true")
    shown.page.get_by_label("Show groups").select_option("sections")
    shown.python(update={"group_by": None})
    expect(shown.page.get_by_label("Show groups")).to_be_hidden()


def test_nothing_was_fetched_and_nothing_went_wrong(shown: Shown) -> None:
    assert shown.visit.is_clean()
