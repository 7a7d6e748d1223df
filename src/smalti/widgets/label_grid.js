// A page of items side by side.
import { makeCell } from "./label_cell.js";
import { make } from "./label_parts.js";

const SIDES = [112, 184]; // screen pixels of a tile: texture is seen, and many fit
const GAP = 8;

/**
 * @param {HTMLElement} pad where the page is laid
 * @param {object} acts `go(place)`, `reach(place)`, `toggle(place)`, `open(place)`
 */
export function makeGrid(pad, acts) {
  const board = pad.appendChild(make("div", "board"));
  let cells = [];
  let shape = { columns: 1, lines: 1 };
  let first = 0;
  let drag = -1;

  const placeAt = (event) => {
    const cell = event.target.closest?.(".cell");
    return cell && board.contains(cell) ? first + cells.findIndex(({ element }) => element === cell) : -1;
  };
  board.addEventListener("pointerdown", (event) => {
    const place = placeAt(event);
    if (place < 0 || event.button) return;
    if (event.shiftKey) acts.reach(place);
    else if (event.ctrlKey || event.metaKey) acts.toggle(place);
    else acts.go(place);
    drag = event.pointerType === "touch" ? -1 : place;
  });
  board.addEventListener("pointerover", (event) => {
    const place = placeAt(event);
    if (drag < 0 || place < 0 || !(event.buttons & 1)) return;
    if (place !== drag) acts.reach(place);
  });
  board.addEventListener("pointerup", () => (drag = -1));
  board.addEventListener("dblclick", (event) => {
    const place = placeAt(event);
    if (place >= 0) acts.open(place);
  });

  return {
    get perPage() {
      return shape.columns * shape.lines;
    },
    get columns() {
      return shape.columns;
    },
    /** As many tiles as fit. */
    fit(width, height) {
      shape = shapeFor(width, height);
      board.style.gridTemplateColumns = `repeat(${shape.columns}, ${Math.floor(shape.side)}px)`;
    },
    /** The page that holds the cursor, or the last one that did. */
    show(list, find, picked) {
      const n = shape.columns * shape.lines;
      if (list.place >= 0) first = Math.floor(list.place / n) * n;
      first = Math.max(0, Math.min(first, Math.floor((list.shown.length - 1) / n) * n));
      const count = Math.min(n, list.shown.length - first);
      while (cells.length < count) {
        const cell = makeCell();
        cell.element.setAttribute("role", "option");
        cells.push(cell);
      }
      cells.slice(0, count).forEach((cell, k) => {
        const row = list.shown[first + k];
        cell.show(row, list, find(row), { isHere: first + k === list.place, isPicked: picked.has(row) });
      });
      const laid = cells.slice(0, count).map(({ element }) => element);
      if (laid.length !== board.children.length) board.replaceChildren(...laid);
      const here = laid[list.place - first];
      if (here) pad.setAttribute("aria-activedescendant", here.id);
      else pad.removeAttribute("aria-activedescendant");
    },
    /** Rows on the page, then those on the next. */
    wanted: (list) => list.shown.slice(first, first + 2 * shape.columns * shape.lines),
    /** Places of the page. */
    page: (list) => [first, Math.min(first + shape.columns * shape.lines, list.shown.length)],
    /** Places of the line of the cursor. */
    line(list) {
      const start = first + Math.floor((list.place - first) / shape.columns) * shape.columns;
      return [start, Math.min(start + shape.columns, list.shown.length)];
    },
    element: board,
  };
}

/** Columns and lines of tiles that leave least of the room bare. */
function shapeFor(width, height) {
  const most = Math.max(1, Math.floor((width + GAP) / (SIDES[0] + GAP)));
  const least = Math.min(most, Math.max(1, Math.ceil((width + GAP) / (SIDES[1] + GAP))));
  let best = null;
  for (let columns = least; columns <= most; columns++) {
    const widest = (width + GAP) / columns - GAP;
    for (const lines of [Math.floor, Math.ceil].map((whole) => Math.max(1, whole((height + GAP) / (widest + GAP))))) {
      const side = Math.min(widest, (height + GAP) / lines - GAP);
      const filled = columns * lines * side * side;
      if (side >= Math.min(SIDES[0], widest) && (!best || filled > best.filled)) best = { columns, lines, side, filled };
    }
  }
  return best ?? { columns: most, lines: 1, side: Math.max(40, Math.min(width, height)) };
}
