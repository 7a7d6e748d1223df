// One item: its picture or why there is none, and its flag.
import { badge, make } from "./label_parts.js";

let cells = 0;

/** @param {string} className `cell`, and what it is beside */
export function makeCell(className = "cell") {
  const lost = make("span", "lost");
  const element = make("div", className, { id: `smalti-cell-${++cells}` }, lost);
  let picture = null;
  let pictured = null;
  let mark = null;
  let marked = -1;

  return {
    element,
    /**
     * @param {number} row
     * @param {object} list see `makeList`
     * @param {object | undefined} item what came of it
     * @param {{isHere?: boolean, isPicked?: boolean}} state
     */
    show(row, list, item, { isHere = false, isPicked = false } = {}) {
      const flag = list.flagOf[row];
      if (flag !== marked) {
        mark?.remove();
        mark = flag ? element.appendChild(badge(list.flags[flag - 1])) : null;
        marked = flag;
        element.style.setProperty("--flag", flag ? list.flags[flag - 1].colour : "");
      }
      element.classList.toggle("here", isHere);
      element.classList.toggle("picked", isPicked);
      element.classList.toggle("waits", !item);
      const word = flag ? list.flags[flag - 1].name : "";
      Object.assign(element.dataset, { row, id: item?.key ?? "", flag: word });
      element.setAttribute("aria-selected", String(isPicked || isHere));
      element.setAttribute("aria-label", [item?.name, item?.group, item?.error, word || "no flag"].filter(Boolean).join(", "));
      element.title = item ? item.name : "";
      if (pictured !== (item?.img ?? null)) {
        picture?.remove();
        pictured = item?.img ?? null;
        picture = pictured?.cloneNode() ?? null;
        if (picture) element.prepend(picture);
      }
      lost.hidden = !item?.error;
      lost.textContent = item?.error ? `No picture: ${item.error}` : "";
    },
  };
}
