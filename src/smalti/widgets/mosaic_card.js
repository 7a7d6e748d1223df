// The card beside the pointer: the image larger, its name, status and a few values.
import { glyphOf } from "./mosaic_paint.js";

const WAIT = 160;
const MOST_KEPT = 300;

/**
 * @param {HTMLElement} host element the card stays inside of
 * @param {(row: number) => Promise<{message: any, buffers: Uint8Array[]}>} fetch
 */
export function makeCard(host, fetch) {
  const card = host.appendChild(document.createElement("div"));
  card.className = "card";
  card.setAttribute("aria-hidden", "true"); // the line for screen readers says the same
  card.hidden = true;
  let kept = new Map();
  let wanted = -1;
  let timer = 0;

  async function show(row, x, y) {
    try {
      if (!kept.has(row)) {
        if (kept.size > MOST_KEPT) forget();
        const { message, buffers } = await fetch(row);
        const picture = buffers.length ? URL.createObjectURL(new Blob([buffers[0]], { type: "image/jpeg" })) : "";
        kept.set(row, { ...message, picture });
      }
      const found = kept.get(row);
      if (wanted !== row) return;
      card.replaceChildren(...contents(found));
      card.hidden = false;
      await card.querySelector("img")?.decode().catch(() => {});
      place(x, y);
    } catch {
      hide(); // no answer: the tile itself still shows what it can
    }
  }

  function place(x, y) {
    const { width, height } = host.getBoundingClientRect();
    const { offsetWidth: w, offsetHeight: h } = card;
    const left = x + 18 + w <= width ? x + 18 : Math.max(4, x - 18 - w);
    card.style.left = `${left}px`;
    card.style.top = `${Math.max(4, Math.min(y - 20, height - h - 4))}px`;
  }

  function hide() {
    clearTimeout(timer);
    wanted = -1;
    card.hidden = true;
  }

  function forget() {
    kept.forEach(({ picture }) => URL.revokeObjectURL(picture));
    kept = new Map();
  }

  return {
    hide,
    forget,
    /** Show the card of a row soon, at a point of the host; at once when it is open already. */
    over(row, x, y) {
      if (row === wanted) return;
      clearTimeout(timer);
      const wait = card.hidden ? WAIT : 40;
      wanted = row;
      timer = setTimeout(() => show(row, x, y), wait);
    },
    destroy() {
      clearTimeout(timer);
      forget();
    },
  };
}

function contents({ name, status, error, picture, values }) {
  const parts = [];
  if (picture) {
    const image = element("img", "");
    image.src = picture;
    image.alt = "";
    parts.push(image);
  }
  parts.push(element("strong", "", name));
  const mark = element("div", status === "ok" ? "status" : "status failed");
  mark.append(element("span", "", glyphOf(status)), ` ${status}`);
  if (status !== "ok" || !picture) parts.push(mark);
  if (error) parts.push(element("p", "", error));
  const list = element("dl", "");
  for (const [label, value, unit] of values) {
    const dd = element("dd", "", written(value));
    if (unit) dd.append(" ", element("small", "", unit));
    list.append(element("dt", "", label), dd);
  }
  return [...parts, list];
}

function element(tag, className, text = "") {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}

/** A value in few letters: numbers to four significant digits, nothing as a dash. */
export function written(value) {
  if (value === null || value === undefined) return "–";
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value !== "number") return String(value);
  if (Number.isInteger(value) && Math.abs(value) < 1e9) return value.toLocaleString("en");
  const size = Math.abs(value);
  return size >= 1e4 && size < 1e9 ? Math.round(value).toLocaleString("en") : String(Number(value.toPrecision(4)));
}
