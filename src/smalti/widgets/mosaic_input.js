// Pointer, wheel and keyboard over the tiles.
import { headerAt, placeAt, rowsInBox, rowsInLasso, step } from "./mosaic_layout.js";

const STILL = 4;
const EDGE = 28;

/**
 * @param {HTMLElement} pad element that is pointed at and holds the focus
 * @param {object} mosaic what the gestures act on; see `mount`
 */
export function listen(pad, mosaic) {
  let drag = null;
  const on = (name, act, options) => pad.addEventListener(name, act, options);

  const point = (event) => {
    const box = pad.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top + mosaic.top()];
  };

  on("pointerdown", (event) => {
    const touches = event.pointerType === "touch" && mosaic.tool() === "box"; // there a drag scrolls
    if (event.button || touches || event.offsetX >= pad.clientWidth) return;
    drag = { from: point(event), points: [point(event)], moved: false, id: event.pointerId, at: event };
    mosaic.hideCard();
  });

  on("pointermove", (event) => {
    const [x, y] = point(event);
    if (!drag) return mosaic.hover(placeAt(mosaic.layout(), x, y), x, y - mosaic.top());
    if (!drag.moved && Math.hypot(x - drag.from[0], y - drag.from[1]) < STILL) return;
    if (!drag.moved) pad.setPointerCapture(drag.id);
    drag.moved = true;
    drag.at = event;
    follow();
  });

  /** The band up to where the pointer is; near an edge the tiles move on under it. */
  function follow() {
    if (!drag?.moved) return;
    const box = pad.getBoundingClientRect();
    const y = drag.at.clientY - box.top;
    const past = y < EDGE ? y - EDGE : y > box.height - EDGE ? y - box.height + EDGE : 0;
    if (past) {
      mosaic.scrollBy(past / 2);
      clearTimeout(drag.timer);
      drag.timer = setTimeout(follow, 16);
    }
    const to = point(drag.at);
    if (mosaic.tool() === "lasso") drag.points.push(to);
    mosaic.band(mosaic.tool() === "lasso" ? drag.points : corners(drag.from, to));
  }

  on("pointerup", (event) => {
    if (!drag) {
      if (event.pointerType === "touch") press(event);
      return;
    }
    const { moved, from, points } = drag;
    drag = null;
    mosaic.band(null);
    if (!moved) return press(event);
    const layout = mosaic.layout();
    if (mosaic.tool() === "lasso") mosaic.select(rowsInLasso(layout, points), modeOf(event));
    else mosaic.select(rowsInBox(layout, bounds(from, point(event))), modeOf(event));
  });

  on("pointercancel", () => {
    drag = null;
    mosaic.band(null);
  });
  on("pointerleave", () => mosaic.hover(-1));

  function press(event) {
    const layout = mosaic.layout();
    const [x, y] = point(event);
    const place = placeAt(layout, x, y);
    if (place < 0) {
      const section = headerAt(layout, y);
      if (section) mosaic.select(layout.rows.slice(section.start, section.start + section.count), modeOf(event));
      else if (!isAdding(event)) mosaic.select(new Int32Array(), "replace");
    } else if (event.shiftKey) mosaic.selectTo(place);
    else if (event.ctrlKey || event.metaKey) mosaic.toggle(place);
    else mosaic.open(place);
  }

  on("wheel", (event) => {
    if (event.ctrlKey || event.metaKey) {
      event.preventDefault();
      mosaic.zoom(Math.exp(-event.deltaY / 600), point(event));
    } else mosaic.wheel(event);
    mosaic.hideCard();
  }, { passive: false });

  on("keydown", (event) => {
    if (keyed(event, mosaic)) event.preventDefault();
  });
}

function isAdding(event) {
  return event.shiftKey || event.ctrlKey || event.metaKey;
}

function modeOf(event) {
  return event.altKey ? "subtract" : isAdding(event) ? "add" : "replace";
}

function bounds([x0, y0], [x1, y1]) {
  return [Math.min(x0, x1), Math.min(y0, y1), Math.max(x0, x1), Math.max(y0, y1)];
}

function corners([x0, y0], [x1, y1]) {
  return [[x0, y0], [x1, y0], [x1, y1], [x0, y1]];
}

/** What a key does; whether it does anything. */
function keyed(event, mosaic) {
  const layout = mosaic.layout();
  const last = layout.rows.length - 1;
  const at = mosaic.cursor();
  if (last < 0 && event.key !== "Escape") return false;
  const page = Math.max(1, Math.floor(mosaic.height() / layout.cell) - 1) * layout.columns;
  const targets = {
    Home: 0,
    End: last,
    PageUp: Math.max(0, at - page),
    PageDown: Math.min(last, at + page),
  };
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "a") mosaic.select(layout.rows, "replace");
  else if (event.ctrlKey || event.metaKey || event.altKey) return false;
  else if (event.key.startsWith("Arrow")) mosaic.walk(at < 0 ? 0 : step(layout, at, event.key), event.shiftKey);
  else if (event.key in targets) mosaic.walk(targets[event.key], event.shiftKey);
  else if (event.key === "Enter" && at >= 0) mosaic.open(at);
  else if (event.key === " " && at >= 0) mosaic.toggle(at);
  else if (event.key === "Escape") mosaic.select(new Int32Array(), "replace");
  else if (event.key === "+" || event.key === "=") mosaic.zoom(1.25);
  else if (event.key === "-") mosaic.zoom(0.8);
  else return false;
  return true;
}
