// The bar above the tiles: how they are arranged, shown and selected.

const POINTER = "M3 3h4M3 3v4M21 3h-4M21 3v4M3 21h4M3 21v-4M21 21h-4M21 21v-4M10.5 3h3M10.5 21h3M3 10.5v3M21 10.5v3";
const LASSO = "M8 17.5C4.7 16.5 2.5 14 2.5 11c0-4 4.3-7 9.5-7s9.5 3 9.5 7-4.3 7-9.5 7h-2M8 17a2 2 0 1 0 2 2c0 1.5-1 2.5-2.5 3";
const SMALL = "M3 3h4v4H3zM10 3h4v4h-4zM17 3h4v4h-4zM3 10h4v4H3zM10 10h4v4h-4zM17 10h4v4h-4zM3 17h4v4H3zM10 17h4v4h-4zM17 17h4v4h-4z";
const LARGE = "M3 3h8v8H3zM13 3h8v8h-8zM3 13h8v8H3zM13 13h8v8h-8z";
const UP = "M12 20V5M6 11l6-6 6 6";
const DOWN = "M12 4v15M6 13l6 6 6-6";

/** What the tile size may be, in CSS pixels. */
export const TILES = [16, 192];

const CONTRASTS = [
  ["image", "each image", "Each image from its own darkest to its own brightest"],
  ["group", "same in group", "One range for all images of a group that have one pixel type"],
  ["all", "same for all", "One range for all images of one pixel type"],
  ["clipped", "same, extremes cut", "One range for all images of one pixel type, without the 5 % darkest and brightest"],
];
const GROUPINGS = [
  ["sections", "sections"],
  ["frames", "frames"],
  ["none", "off"],
];

/**
 * @param {HTMLElement} bar
 * @param {(name: string, value: any) => void} changed told what was chosen
 */
export function makeBar(bar, changed) {
  const box = button(POINTER, "Drag a box", () => changed("tool", "box"));
  const lasso = button(LASSO, "Drag a lasso", () => changed("tool", "lasso"));
  const tools = span("tools", box, lasso);
  const sort = select("Sort", (value) => changed("sort_by", value));
  const direction = button(UP, "Ascending", () => changed("descending", null));
  const group = select("Group", (value) => changed("group_by", value || null));
  const grouping = select("Show groups", (value) => changed("grouping", value), GROUPINGS);
  const contrast = select("Contrast", (value) => changed("contrast", value), CONTRASTS);
  const channel = select("Channel", (value) => changed("channel", Number(value)));
  const only = button("", "Show only what is selected", () => changed("only", null), "Only selected");
  const size = slider((value) => changed("tile", value));
  const count = document.createElement("output");
  count.className = "count";
  const sorting = span("joined", labelled("Sort", sort), direction);
  only.classList.add("only");
  const items = [tools, sorting, labelled("Group", group), labelled("Groups as", grouping), labelled("Contrast", contrast)];
  bar.append(...items, labelled("Channel", channel), only, span("size", icon(SMALL), size, icon(LARGE)), count);

  return {
    /** Names to choose from; a choice without any is left out. */
    offer({ look, sort_columns, group_columns, channels }) {
      fillIn(sort, sort_columns.map((name) => [name, name]));
      fillIn(group, [["", "nothing"], ...group_columns.map((name) => [name, name])]);
      fillIn(channel, channels.map((name, c) => [String(c), name]));
      sorting.hidden = !look.arrange;
      group.parentElement.hidden = !look.arrange || !group_columns.length;
      if (look.arrange) grouping.previousSibling.textContent = "as";
      channel.parentElement.hidden = channels.length < 2;
    },
    /** Bring the bar up to date. */
    show({ look, tool, only: isOnly, state, n, nPicked, nShown }) {
      press(box, tool === "box");
      press(lasso, tool === "lasso");
      press(only, isOnly);
      only.disabled = !nPicked && !isOnly;
      pick(sort, state.sort_by);
      pick(group, state.group_by ?? "");
      pick(grouping, look.grouping);
      pick(contrast, look.contrast);
      pick(channel, String(look.channel));
      grouping.parentElement.hidden = state.group_by === null;
      contrast.querySelector('[value="group"]').disabled = state.group_by === null;
      redraw(direction, state.descending ? DOWN : UP, state.descending ? "Descending" : "Ascending");
      if (document.activeElement !== size) size.value = look.tile;
      size.setAttribute("aria-valuetext", `${look.tile} pixels`);
      const of = nShown < n ? ` of ${n.toLocaleString("en")}` : "";
      count.textContent = `${nShown.toLocaleString("en")}${of} ${n === 1 ? "image" : "images"}`;
      only.textContent = nPicked ? `Only selected · ${nPicked.toLocaleString("en")}` : "Only selected";
    },
  };
}

function span(className, ...children) {
  const made = document.createElement("span");
  made.className = className;
  made.append(...children);
  return made;
}

function icon(path) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.append(document.createElementNS(svg.namespaceURI, "path"));
  svg.firstChild.setAttribute("d", path);
  return svg;
}

function button(path, title, act, text = "") {
  const made = document.createElement("button");
  made.type = "button";
  made.title = title;
  if (path) made.append(icon(path));
  if (text) made.append(text);
  else made.setAttribute("aria-label", title);
  made.addEventListener("click", act);
  return made;
}

function redraw(made, path, title) {
  made.querySelector("path").setAttribute("d", path);
  made.title = title;
  made.setAttribute("aria-label", title);
}

function press(made, on) {
  made.setAttribute("aria-pressed", String(Boolean(on)));
}

function select(name, act, choices = []) {
  const made = document.createElement("select");
  made.setAttribute("aria-label", name);
  fillIn(made, choices);
  made.addEventListener("change", () => act(made.value));
  return made;
}

function fillIn(made, choices) {
  made.replaceChildren(
    ...choices.map(([value, text, title]) => {
      const option = new Option(text, value);
      if (title) option.title = title;
      return option;
    }),
  );
}

/** Choose a value, also one that is not among those offered. */
function pick(made, value) {
  if (value !== null && ![...made.options].some((option) => option.value === value)) made.add(new Option(value, value));
  made.value = value;
}

function labelled(text, control) {
  const made = document.createElement("label");
  made.append(span("says", text), control);
  return made;
}

function slider(act) {
  const made = document.createElement("input");
  Object.assign(made, { type: "range", min: TILES[0], max: TILES[1], step: 4 });
  made.setAttribute("aria-label", "Tile size");
  made.addEventListener("input", () => act(Number(made.value)));
  return made;
}
