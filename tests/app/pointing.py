"""The mouse on a page, which is put to work only where nothing moves any more."""

from collections.abc import Sequence

from playwright.sync_api import FloatRect, Locator, Page

__all__ = ["drag", "settled"]

STILL = """element => new Promise(done => {
  let last = "", frames = 0;
  const look = () => {
    const { x, y, width, height } = element.getBoundingClientRect(), now = [x, y, width, height].join();
    frames = now === last && width > 0 ? frames + 1 : 0;
    last = now;
    frames < 30 ? requestAnimationFrame(look) : done({ x, y, width, height });
  };
  look();
})"""


def settled(part: Locator) -> FloatRect:
    """Where it is on the screen, once it has stayed there for thirty frames: others that come in move it."""
    part.scroll_into_view_if_needed()
    place: FloatRect = part.evaluate(STILL)
    return place


def drag(page: Page, points: Sequence[tuple[float, float]], steps: int = 6) -> None:
    """Press at the first point, go through the others, let go at the last."""
    page.mouse.move(*points[0])
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*point, steps=steps)
    page.mouse.up()
