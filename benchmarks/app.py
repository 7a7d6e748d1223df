"""The served page under load, in headless Chromium: first paint, a brush, twenty sessions at once."""

import argparse
import asyncio
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
from playwright.async_api import Browser, Page, TimeoutError, async_playwright
from tables import made_project

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
QUIET_MS = 1500
"""Nothing has changed for so long: the page has settled."""
POLL_MS = 100
"""Asking at every frame, as Playwright does unless told, would make twenty windows draw without end."""

WATCH = """
window.changed = performance.now();
window.released = 0;
Bokeh.documents[0].on_change(() => { window.changed = performance.now(); });
window.addEventListener("pointerup", () => { window.released = performance.now(); }, true);
"""
SETTLED = f"Bokeh.documents[0].is_idle && performance.now() - window.changed > {QUIET_MS}"
ANSWER = "window.changed - window.released"

LIMITS = {
    ("first paint", 1_000_000): 5.0,
    ("brush to last repaint", 100_000): 0.35,
    ("brush to last repaint", 1_000_000): 0.8,
    ("worst of the sessions", 100_000): 3.0,
    ("worst of the sessions", 1_000_000): 8.0,
    ("MB a session more", 100_000): 40.0,
    ("MB a session more", 1_000_000): 40.0,
}


@dataclass(frozen=True, slots=True)
class Server:
    """A served project and its process."""

    url: str
    process: psutil.Process

    @property
    def megabytes(self) -> float:
        """Memory of its own."""
        return float(self.process.memory_full_info().uss) / 1e6


@contextmanager
def serve(project: Path) -> Iterator[Server]:
    """Serve a project by the real command until the block ends."""
    command = [sys.executable, "-m", "smalti.cli", "explore", str(project), "--no-browser", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        try:
            assert running.stdout is not None
            yield Server(running.stdout.readline().strip(), psutil.Process(running.pid))
        finally:
            running.send_signal(signal.SIGINT)


async def opened(browser: Browser, url: str) -> tuple[Page, float]:
    """A page on its Explore tab, settled, and seconds until it was first painted."""
    page = await (await browser.new_context(viewport={"width": 1280, "height": 800})).new_page()
    page.set_default_timeout(120_000)
    await page.goto(url)
    await page.locator(".card").first.wait_for()
    painted = float(await page.evaluate("performance.now()")) / 1000
    await page.evaluate(WATCH)
    await page.get_by_role("tab", name="Explore").click()
    await page.wait_for_function(SETTLED, polling=POLL_MS)
    return page, painted


async def brush(page: Page, turn: int) -> None:
    """Drag a box over a part of the scatter."""
    box = await page.locator(".scatter .bk-Figure").first.bounding_box()
    assert box is not None
    x, y = box["x"] + 0.25 * box["width"] + 8 * turn, box["y"] + 0.3 * box["height"]
    await page.mouse.move(x, y)
    await page.mouse.down()
    await page.mouse.move(x + 60, y + 40, steps=3)
    await page.mouse.move(x + 0.3 * box["width"], y + 0.35 * box["height"], steps=3)
    await page.mouse.up()


async def answer(page: Page) -> float | None:
    """Seconds from the last brush to the last change; None where the browser made no brush of it."""
    try:
        await page.wait_for_function(
            f"window.changed > window.released && {SETTLED}", timeout=60_000, polling=POLL_MS
        )
    except TimeoutError:
        return None
    return float(await page.evaluate(ANSWER)) / 1000


async def measured(project: Path, sessions: int) -> dict[str, float]:
    """Figures of one project, by name."""
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
    with serve(project) as server:
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=chromium, args=FLAGS)
            page, painted = await opened(browser, server.url)
            answers = []
            for turn in range(5):
                await brush(page, turn)
                answers.append(await answer(page) or float("nan"))
            before = server.megabytes
            pages = [page] + [(await opened(browser, server.url))[0] for _ in range(sessions - 1)]
            each = (server.megabytes - before) / max(1, sessions - 1)
            await asyncio.gather(*(brush(page, 6) for page in pages))
            answered = [
                seconds for seconds in await asyncio.gather(*map(answer, pages)) if seconds is not None
            ]
            await browser.close()
    return {
        "first paint": painted,
        "brush to last repaint": sorted(answers)[len(answers) // 2],
        "worst of the sessions": max(answered),
        "sessions that were brushed": len(answered),
        "MB a session more": each,
    }


def main() -> None:
    """Print one Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scratch", type=Path, default=Path(tempfile.gettempdir()) / "smalti-benchmark")
    parser.add_argument("--rows", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--sessions", type=int, default=20)
    arguments = parser.parse_args()
    print("| rows | | seconds or MB | share of the limit |")
    print("|---:|---|---:|---:|")
    for rows in arguments.rows:
        project = made_project(arguments.scratch, rows)
        for name, value in asyncio.run(measured(project, arguments.sessions)).items():
            limit = LIMITS.get((name, rows))
            print(
                f"| {rows:,} | {name} | {value:.2f} | {f'{value / limit:.2f}' if limit else ''} |", flush=True
            )


if __name__ == "__main__":
    main()
