// What stands above and below the items: mode, order and progress; flags with their keys and counts.
import { badge, cap, make, press, told } from "./label_parts.js";

/** Above the items. @param {HTMLElement} bar @param {object} acts see `mount` */
export function makeBar(bar, acts) {
  const grid = press("", { title: "Many side by side (G)" }, () => acts.mode("grid"), "Grid");
  const single = press("", { title: "One large, the next below (G)" }, () => acts.mode("single"), "One by one");
  const order = make("select", "", { "aria-label": "Order" });
  const only = press("only", { title: "Hide what has a flag already (O)" }, acts.only, "Unlabelled only");
  const who = make("span", "who");
  const keys = press("keys", { title: "Keys (?)", "aria-label": "Keys" }, acts.help, cap("?"), "Keys");
  const modes = make("span", "joined", { role: "group", "aria-label": "How items are shown" }, grid, single);
  const sorted = make("label", "", {}, make("span", "says", { text: "Order" }), order);
  const said = make("output", "said");
  const done = make("div", "progress", { role: "progressbar", "aria-label": "Labelled", "aria-valuemin": "0" });
  bar.append(modes, sorted, only, who, keys, make("div", "far", {}, said, done));
  order.addEventListener("change", () => acts.arrange(order.value));

  return {
    show(list, mode) {
      grid.setAttribute("aria-pressed", String(mode === "grid"));
      single.setAttribute("aria-pressed", String(mode === "single"));
      only.setAttribute("aria-pressed", String(list.only));
      if (order.options.length !== list.orders.length) {
        order.replaceChildren(...list.orders.map((name) => new Option(name, name)));
      }
      sorted.hidden = list.orders.length < 2;
      order.value = list.order;
      who.textContent = `as ${list.who}`;
      who.title = `Decisions are written down under the name ${list.who}`;
      const labelled = list.n - list.count(0);
      said.textContent = `${told(labelled)} of ${told(list.n)} labelled`;
      done.setAttribute("aria-valuemax", list.n);
      done.setAttribute("aria-valuenow", labelled);
      done.replaceChildren(...sharesOf(list));
    },
  };
}

/** Flags, and what else can be done; below the items. */
export function makeFoot(foot, acts) {
  let buttons = [];
  const flags = make("div", "flags", { role: "group", "aria-label": "Give a flag" });
  const undo = press("", { title: "Take the last decision back (U)" }, acts.undo, cap("U"), "Undo");
  const skip = press("", { title: "Go on without a flag (Space)" }, acts.skip, cap("Space"), "Skip");
  const clear = press("", { title: "Take the flag away (Backspace)" }, () => acts.give(null, false), cap("⌫"), "Clear");
  const back = press("turn", { "aria-label": "Page before", title: "Page before (Page Up)" }, () => acts.page(-1), "‹");
  const on = press("turn", { "aria-label": "Next page", title: "Next page (Page Down)" }, () => acts.page(1), "›");
  const at = make("span", "says");
  const pages = make("div", "pages", {}, back, at, on);
  foot.append(flags, make("div", "others", {}, skip, clear, undo), pages);

  function fill(list) {
    buttons = list.flags.map((flag, k) => {
      const counted = make("output", "n");
      const facts = { title: `Give the flag ${flag.name}`, "data-flag": flag.name };
      const give = (event) => acts.give(k, event.shiftKey);
      const button = press("flag", facts, give, cap(flag.key[0].toUpperCase()), badge(flag, "sign"), counted);
      return { button, counted };
    });
    flags.replaceChildren(...buttons.map(({ button }) => button));
  }

  return {
    show(list, mode, grid) {
      if (buttons.length !== list.flags.length) fill(list);
      buttons.forEach(({ button, counted }, k) => {
        counted.textContent = told(list.count(k + 1));
        button.disabled = list.place < 0;
      });
      clear.disabled = skip.disabled = list.place < 0;
      const n = Math.ceil(list.shown.length / grid.perPage);
      const number = Math.floor(grid.page(list)[0] / grid.perPage) + 1;
      pages.hidden = mode !== "grid" || n < 2;
      at.textContent = `${told(number)} of ${told(n)}`;
      back.disabled = number <= 1;
      on.disabled = number >= n;
    },
  };
}

/** How far each group is, beside the items. */
export function makeGroups(side) {
  let lines = [];
  const title = make("h3", "");
  const table = make("ul", "");
  side.append(title, table);

  function fill(list) {
    title.textContent = `By ${list.group}`;
    lines = list.groups.map((name) => {
      const line = make("li", "", { title: name });
      const share = make("div", "progress", { "aria-hidden": "true" });
      const n = make("span", "n");
      line.append(make("span", "name", { text: name || "–" }), n, share);
      return { line, share, n };
    });
    table.replaceChildren(...lines.map(({ line }) => line));
  }

  return {
    show(list) {
      side.hidden = list.groups.length < 2;
      if (side.hidden) return;
      if (lines.length !== list.groups.length) fill(list);
      const here = list.row() < 0 ? -1 : list.groupOf[list.row()];
      lines.forEach(({ line, share, n }, group) => {
        const total = list.total(group);
        n.textContent = `${told(total - list.count(0, group))} / ${told(total)}`;
        share.replaceChildren(...sharesOf(list, group));
        line.classList.toggle("here", group === here);
      });
    },
  };
}

/** A bar's parts: how many have which flag. */
function sharesOf(list, group = -1) {
  const total = group < 0 ? list.n : list.total(group);
  return list.flags.map((flag, k) => {
    const part = make("i", "", { title: `${flag.name}: ${told(list.count(k + 1, group))}` });
    part.style.cssText = `width: ${(100 * list.count(k + 1, group)) / Math.max(1, total)}%; background: ${flag.colour}`;
    return part;
  });
}
