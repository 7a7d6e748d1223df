// Which part of the layout is in view: scrolling, also over more pixels than a browser can scroll.
import { corner, eachVisible, layOut, sectionOf } from "./mosaic_layout.js";

const TALLEST = 8e6; // pixels a scrolling element may have; browsers end between 16 and 33 million

/**
 * @param {HTMLElement} pad scrolls
 * @param {() => void} moved called when another part came in view
 */
export function makeScroll(pad, moved) {
  const spacer = pad.appendChild(document.createElement("div"));
  let stretch = 1; // layout pixels to a pixel of the scrollbar
  let shown = null;
  const scroll = {
    layout: layOut(new Int32Array(), [], 0, 64),
    top: 0,
    height: 0,
    /** 1 when the last move went down, -1 when it went up. */
    direction: 1,
    to,
    by: (dy) => to(scroll.top + dy),

    /** Lay out anew; the same rows in tiles of another size stay at a height of the screen. */
    lay(next, tile, width, height, at = 0) {
      const { layout } = scroll;
      const kept = next === shown && layout.rows.length ? placeNear(scroll.top + at) : -1;
      const before = kept < 0 ? 0 : corner(layout, kept).y - scroll.top;
      shown = next;
      scroll.layout = layOut(next.rows, next.groups, width, tile);
      scroll.height = height;
      const tall = Math.min(scroll.layout.height, TALLEST);
      spacer.style.height = `${tall}px`;
      stretch = tall > height ? (scroll.layout.height - height) / (tall - height) : 1;
      to(kept < 0 ? scroll.top : corner(scroll.layout, kept).y - before);
    },

    /** Scroll no further than is needed to see a tile. */
    reveal(place) {
      const { layout, top, height } = scroll;
      const { y } = corner(layout, place);
      const above = sectionOf(layout, place).name ? 36 : 8;
      if (y - above < top) to(y - above);
      else if (y + layout.cell > top + height) to(y + layout.cell + 6 - height);
    },

    /** Where one turn of the wheel would leap over many lines, move by what it says. */
    wheel(event) {
      if (stretch === 1) return;
      event.preventDefault();
      scroll.direction = Math.sign(event.deltaY) || scroll.direction;
      to(scroll.top + event.deltaY * (event.deltaMode ? 33 : 1));
    },
  };

  function to(y) {
    scroll.top = Math.max(0, Math.min(y, scroll.layout.height - scroll.height));
    pad.scrollTop = scroll.top / stretch;
    moved();
  }

  /** The first tile of the line at a height, or of the next one below. */
  function placeNear(y) {
    let found = -1;
    eachVisible(scroll.layout, y, Infinity, (first) => (found = found < 0 ? first : found));
    return found;
  }

  pad.addEventListener("scroll", () => {
    const next = pad.scrollTop * stretch;
    if (Math.abs(next - scroll.top) < 1.01 * stretch) return; // our own doing
    scroll.direction = next > scroll.top ? 1 : -1;
    scroll.top = next;
    moved();
  });

  return scroll;
}
