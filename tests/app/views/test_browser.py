"""Box, lasso and tap on a served scatter, in a real Chromium."""

import re
import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from time import sleep
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import panel as pn
import pytest
from playwright.sync_api import Page, expect
from pointing import drag, settled

from smalti.app.content import Content
from smalti.app.session import Session
from smalti.app.theme import html, stacked
from smalti.app.views.scatter import ScatterView

pytestmark = pytest.mark.browser


@pytest.fixture(autouse=True)
def no_event_loop() -> None:
    """The server has one."""


@pytest.fixture(scope="module")
def served(content: Content) -> Iterator[tuple[str, list[Session]]]:
    """A page with the scatter and the number selected, and the sessions of those who opened it."""
    sessions: list[Session] = []

    def page() -> Any:
        session = Session(content)
        sessions.append(session)
        view = ScatterView(session, x="size_x", y="size_y", axes="linear")
        pn.state.onload(view.start)
        said = pn.bind(lambda _: f'<p id="n">{session.state.n[2]} selected</p>', session.state.param.revision)
        return stacked(html(said), view, gap=8)

    with socket.create_server(("localhost", 0)) as free:
        port = free.getsockname()[1]
    server = pn.serve({"/": page}, port=port, address="localhost", show=False, threaded=True, verbose=False)
    url = f"http://localhost:{port}/"
    _wait_for(url)
    yield url, sessions
    server.stop()


def _wait_for(url: str) -> None:
    """Until somebody answers; half a minute at most."""
    for _ in range(300):
        with suppress(URLError), urlopen(url) as answer:
            assert answer.status == 200
            return
        sleep(0.1)


def place_on(page: Page, x: float, y: float) -> tuple[float, float]:
    """Where on the page a share of the plot's frame is, from the frame's lower left corner."""
    frame = settled(page.locator(".bk-Canvas").first)
    left, top, right, bottom = 90, 12, 20, 70  # room of the axes
    width, height = frame["width"] - left - right, frame["height"] - top - bottom
    return frame["x"] + left + x * width, frame["y"] + top + (1 - y) * height


def drag_on(page: Page, points: list[tuple[float, float]]) -> None:
    """Drag through points given as shares of the plot's frame, from its lower left corner."""
    drag(page, [place_on(page, *point) for point in points], steps=5)


def test_box_lasso_and_tap_in_chromium(served: tuple[str, list[Session]], visit: Callable[..., Any]) -> None:
    url, sessions = served
    sessions.clear()
    opened = visit(url)
    page: Page = opened.page
    page.locator(".bk-Canvas").first.wait_for()
    said, (session,) = page.locator("#n"), sessions
    expect(said).to_have_text("0 selected")

    drag_on(page, [(0.0, 0.0), (1.0, 1.0)])
    expect(said).to_have_text(re.compile("[1-9]"))
    assert session.state.view.selection[-1].how == "box"
    by_box = session.state.n[2]

    page.keyboard.down("Shift")
    page.keyboard.down("Control")
    drag_on(page, [(0.0, 0.0), (0.5, 1.0)])
    page.keyboard.up("Control")
    page.keyboard.up("Shift")
    expect(said).not_to_have_text(f"{by_box} selected")
    assert 0 < session.state.n[2] < by_box

    page.mouse.click(*place_on(page, 0.01, 0.5))
    expect(said).to_have_text("0 selected")

    page.locator(".bk-Canvas").first.hover()
    page.get_by_title("Lasso Select").first.click()
    drag_on(page, [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0), (0.0, 0.05)])
    expect(said).to_have_text(f"{by_box} selected")
    assert session.state.view.selection[-1].how == "lasso"
    assert opened.is_clean()
