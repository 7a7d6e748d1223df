"""The mosaic of 100,000 thumbnails in headless Chromium: frames a second, seconds to the first tiles."""

import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.request import urlopen

import imagecodecs
import numpy as np
import polars as pl
from playwright.sync_api import Page, sync_playwright

from smalti.processing.record import Record
from smalti.table import store
from smalti.testing.synthetic import synthetic

N = 100_000
LEAST_FRAMES, MOST_SECONDS = 30, 2.0

SERVE = """
import os, sys
os.environ["BOKEH_RESOURCES"] = "server"
import panel as pn, smalti
from smalti.app.content import Content
from smalti.app.session import Session
from smalti.app.views.mosaic import MosaicView
from smalti.widgets.look import Look
content = Content.of(smalti.open(sys.argv[1]))
def page():
    view = MosaicView(Session(content), look=Look())
    pn.state.onload(view.start)
    return pn.Column(view, sizing_mode="stretch_width", min_height=760)
pn.serve({"/": page}, port=int(sys.argv[2]), show=False, verbose=False, address="localhost")
"""

SCROLL = """
([pixels, seconds]) => new Promise((done) => {
  const pad = document.smalti;
  const began = performance.now();
  let frames = 0, before = began, worst = 0;
  const step = (now) => {
    worst = Math.max(worst, now - before);
    before = now;
    frames += 1;
    pad.scrollTop += pixels;
    if (now - began < 1000 * seconds) requestAnimationFrame(step);
    else done([frames / ((now - began) / 1000), worst]);
  };
  requestAnimationFrame(step);
})
"""

FIND = """
() => {
  const inside = (node) => {
    for (const one of node.querySelectorAll("*")) {
      if (one.classList?.contains("pad")) return one;
      const found = one.shadowRoot && inside(one.shadowRoot);
      if (found) return found;
    }
  };
  document.smalti = inside(document);
  return Boolean(document.smalti);
}
"""
COMPLETE = "() => document.smalti.closest('.smalti-mosaic').dataset.complete === 'true'"


def main() -> None:
    """Make the project, serve it, scroll it, and print what it took."""
    folder = Path(tempfile.mkdtemp(prefix="smalti-benchmark-"))
    port = "5393"
    try:
        make_project(folder)
        server = subprocess.Popen([sys.executable, "-c", SERVE, str(folder), port])
        try:
            wait_for(f"http://localhost:{port}/")
            look_at(f"http://localhost:{port}/")
        finally:
            server.terminate()
            server.wait()
    finally:
        shutil.rmtree(folder)


def make_project(folder: Path) -> None:
    """A project of N images of 128², each another: rolled out of 200 synthetic ones; 0.5 GB of JPEG."""
    scenes = [synthetic("nuclei", k, (128, 128), "uint8") for k in range(200)]
    rng = np.random.default_rng(0)
    ids = [f"{k:016x}" for k in range(N)]
    jpegs = [bytes(imagecodecs.jpeg8_encode(rolled(scenes, k), level=90)) for k in range(N)]
    table = pl.DataFrame({"image_id": ids}).with_columns(
        pl.int_range(pl.len()).cast(pl.String).str.zfill(6).alias("path"),
        pl.lit("ok").alias("status"),
        pl.lit("uint8").alias("dtype"),
        pl.Series("one", rng.random(N)),
        pl.Series("another", rng.random(N)),
    )
    thumbnails = pl.DataFrame({"image_id": ids, "jpeg": jpegs}).with_columns(
        pl.lit(0, pl.Int32).alias("c"),
        pl.lit(128, pl.Int32).alias("width"),
        pl.lit(128, pl.Int32).alias("height"),
        pl.lit(0.0).alias("low"),
        pl.lit(255.0).alias("high"),
    )
    store.write_part(folder, 1, {"images": table, "thumbnails": thumbnails})
    store.compact(folder, {}, {})
    Record(name="benchmark", base=str(folder), files=N, finished=True).write(folder)


def rolled(scenes: list[np.ndarray], k: int) -> np.ndarray:
    """The k-th picture."""
    moved = np.roll(scenes[k % len(scenes)], (k // 200 % 97, k // 77 % 101), (0, 1))
    return np.ascontiguousarray(moved)


def wait_for(url: str) -> None:
    for _ in range(200):
        try:
            urlopen(url).read()
            return
        except OSError:
            time.sleep(0.1)
    raise SystemExit(f"nothing at {url}")


def look_at(url: str) -> None:
    """Print the numbers of one visit, in a window of 1280×800."""
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        started = time.perf_counter()
        page.goto(url)
        page.wait_for_function(FIND)
        seen = time.perf_counter()
        page.wait_for_function(COMPLETE)
        now = time.perf_counter()
        print("| asked | found | limit |\n|---|---:|---:|")
        say("first tiles, after the empty mosaic", now - seen, MOST_SECONDS)
        say("first tiles, after the address was opened", now - started, None)
        say("first tiles after a random sort", sort(page, "one"), MOST_SECONDS)
        page.wait_for_timeout(4000)
        say("again, when thumbnails are laid out", sort(page, "another"), MOST_SECONDS)
        for tile in (72, 32, 16):
            resize(page, tile)
            for pixels in (8, 120):
                frames, worst = page.evaluate(SCROLL, [pixels, 3])
                found = f"{frames:.0f} frames/s, worst {worst:.0f} ms"
                print(f"| tiles of {tile}, {pixels} pixels a frame | {found} | {LEAST_FRAMES} |")
        browser.close()


def sort(page: Page, column: str) -> float:
    """Seconds from a choice in the bar to a screen full of tiles."""
    started = time.perf_counter()
    page.get_by_label("Sort", exact=True).select_option(column)
    page.wait_for_function(
        "() => document.smalti.closest('.smalti-mosaic').dataset.complete !== 'true'", polling=5
    )
    page.wait_for_function(COMPLETE)
    return time.perf_counter() - started


def resize(page: Page, tile: int) -> None:
    page.get_by_label("Tile size").fill(str(tile))
    page.wait_for_function(COMPLETE)


def say(what: str, seconds: float, limit: float | None) -> None:
    print(f"| {what} | {seconds:.2f} s | {f'{limit:.1f} s' if limit else ''} |")


if __name__ == "__main__":
    main()
