// One item, large, with those round it in a strip below.
import { makeCell } from "./label_cell.js";
import { make, told } from "./label_parts.js";

const SMALL = 72; // screen pixels of a picture in the strip, with its gap
const BEFORE = 2;
const AHEAD = 12; // pictures that are loaded before they are looked at

/** @param {HTMLElement} pad @param {(place: number) => void} go */
export function makeSingle(pad, go) {
  const large = makeCell("cell large");
  const caption = make("p", "caption");
  const strip = make("div", "strip", { "aria-hidden": "true" }); // what is in it, arrows reach too
  const element = pad.appendChild(make("div", "single", {}, large.element, caption, strip));
  large.element.setAttribute("role", "option");
  let small = [];
  let start = 0;
  let room = 1;

  strip.addEventListener("click", (event) => {
    const at = small.findIndex((cell) => cell.element === event.target.closest(".cell"));
    if (at >= 0) go(start + at);
  });

  return {
    element,
    fit(width) {
      room = Math.max(1, Math.floor(width / SMALL));
    },
    show(list, find) {
      const row = list.row();
      large.element.hidden = caption.hidden = row < 0;
      if (row >= 0) {
        large.show(row, list, find(row), { isHere: true });
        caption.replaceChildren(...captionOf(list, find(row)));
        pad.setAttribute("aria-activedescendant", large.element.id);
      } else pad.removeAttribute("aria-activedescendant");
      const place = row < 0 ? list.shown.length : list.place;
      start = Math.max(0, Math.min(place - BEFORE, list.shown.length - room));
      const count = Math.min(room, list.shown.length - start);
      while (small.length < count) small.push(makeCell());
      small.slice(0, count).forEach((cell, k) => {
        const one = list.shown[start + k];
        cell.show(one, list, find(one), { isHere: start + k === list.place });
      });
      if (strip.children.length !== count) strip.replaceChildren(...small.slice(0, count).map((cell) => cell.element));
    },
    /** The row that is looked at, those ahead, then those of the strip that lie behind. */
    wanted(list) {
      const at = Math.max(0, list.place);
      const ahead = list.shown.slice(at, at + Math.max(AHEAD, room));
      return [...ahead, ...list.shown.slice(start, at)];
    },
    /** Places that are seen, which another order leaves as they are. */
    page: (list) => [start, Math.min(start + room, list.shown.length)],
  };
}

function captionOf(list, item) {
  const parts = [make("strong", "", { text: item?.name ?? "…" })];
  if (item?.group && list.groups.length > 1) parts.push(make("span", "", { text: `${list.group} ${item.group}` }));
  if (item && item.score !== null) parts.push(make("span", "", { text: `score ${item.score.toFixed(2)}` }));
  parts.push(make("span", "place", { text: `${told(list.place + 1)} of ${told(list.shown.length)}` }));
  return parts;
}
