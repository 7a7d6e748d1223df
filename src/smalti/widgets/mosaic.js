// A mosaic of the whole dataset: a canvas over a scrolling pad, tiles from sheets that Python lays.
import { talk } from "./channel.js";
import { TILES, makeBar } from "./mosaic_bar.js";
import { makeCard } from "./mosaic_card.js";
import { listen } from "./mosaic_input.js";
import { corner, eachVisible, layOut, sectionOf } from "./mosaic_layout.js";
import { paint, readColours } from "./mosaic_paint.js";
import { keepSheets, levelFor, rowsBuffer } from "./mosaic_sheets.js";
import { makeTable } from "./mosaic_table.js";

const TALLEST = 8e6; // pixels a scrolling element may have; browsers end between 16 and 33 million
const CARD_TILE = 128;

/**
 * Show the mosaic.
 * @param {import("./channel.js").Io} io
 * @param {HTMLElement} el
 * @returns {{destroy: () => void}}
 */
export function mount(io, el) {
  const root = add(el, "div", "smalti-mosaic");
  add(root, "style", "").textContent = STYLE;
  const link = talk(io);
  const bar = makeBar(root, choose);
  const stage = add(root, "div", "stage");
  const pad = add(stage, "div", "pad");
  const spacer = add(pad, "div", "");
  const canvas = add(stage, "canvas", "");
  const note = add(stage, "div", "says-so");
  const loading = add(stage, "div", "loading");
  const trouble = add(stage, "div", "trouble");
  const spoken = add(root, "div", "spoken");
  const pen = canvas.getContext("2d");
  const card = makeCard(root, (row) => link.ask("card", { row, tile: CARD_TILE, ...picture() }));

  pad.tabIndex = 0;
  pad.setAttribute("role", "application");
  pad.setAttribute("aria-roledescription", "mosaic of images");
  spoken.setAttribute("aria-live", "polite");
  trouble.setAttribute("role", "alert");
  trouble.hidden = true;

  let table = null;
  let sheets = null;
  let layout = layOut(new Int32Array(), [], 0, 64);
  let shown = { rows: layout.rows, groups: [] };
  let look = { tile: 64, contrast: "image", channel: 0, grouping: "sections" };
  let tool = "box";
  let only = false;
  let top = 0;
  let stretch = 1;
  let direction = 1;
  let cursor = -1;
  let anchor = -1;
  let opened = -1;
  let band = null;
  let frame = 0;
  let colours = null;
  let coloursRead = 0;
  let timers = {};
  let picks = new Map();
  let size = { width: 0, height: 0, ratio: 1 };

  const picture = () => ({ contrast: look.contrast, channel: look.channel });
  const bySection = () => look.grouping === "sections" && table.state.group_by !== null;

  // ---- what Python says

  link.listen((message, buffers) => {
    if (!table) return;
    if (message.type === "state") {
      const groups = table.state.group_by;
      const rearranged = table.take(message, buffers);
      if (groups !== message.group_by && look.contrast === "group") renew();
      follow(rearranged);
    }
    if (message.type === "opened") {
      opened = message.row ?? -1;
      if (opened >= 0) cursor = opened;
      draw();
    }
  });

  say("Loading …");
  link.ask("hello", {}, [], { seconds: 2, tries: 6 }).then(
    ({ message, buffers }) => {
      loading.hidden = true;
      table = makeTable(message, buffers);
      look = { ...look, ...message.look };
      const fetch = (rows, level, how) => link.ask("sheet", { tile: level, ...how }, [rowsBuffer(rows)]);
      sheets = keepSheets(table.n, fetch, draw);
      renew();
      bar.offer(message);
      pad.setAttribute("aria-label", `${message.title}: ${table.n.toLocaleString("en")} images`);
      listen(pad, acts);
      follow(true);
    },
    (error) => {
      loading.hidden = true;
      say(`${error.message}; run the cell again, or load the page anew.`);
    },
  );

  function renew() {
    sheets.setLook(picture());
    card.forget();
  }

  /** Bring everything up to date with the table. */
  function follow(rearranged) {
    picks = new Map();
    if (only && !table.nPicked) {
      only = false;
      rearranged = true;
    }
    if (rearranged || only) {
      shown = table.arranged(bySection(), only);
      relayout();
    }
    root.dataset.selected = table.nPicked;
    root.dataset.shown = shown.rows.length;
    say(shown.rows.length ? "" : "No image passes the filters");
    refreshBar();
    draw();
  }

  function refreshBar() {
    const { n, nPicked, state } = table;
    bar.show({ look, tool, only, state, n, nPicked, nShown: shown.rows.length });
  }

  function say(text) {
    note.textContent = text;
    note.hidden = !text;
  }

  function complain(error) {
    trouble.textContent = error.message;
    trouble.hidden = false;
    later("trouble", 6000, () => (trouble.hidden = true));
  }

  function later(name, wait, act) {
    clearTimeout(timers[name]);
    timers[name] = setTimeout(act, wait);
  }

  // ---- what the bar says

  function choose(name, value) {
    if (!table) return;
    const { state } = table;
    if (name === "tool") {
      tool = value;
      pad.classList.toggle("lasso", tool === "lasso");
    } else if (name === "only") {
      only = !only;
      follow(true);
    } else if (name === "tile") resize(value);
    else if (name in look) {
      look = { ...look, [name]: value };
      if (name === "grouping") follow(true);
      else renew();
    } else {
      const chosen = name === "descending" ? !state.descending : value;
      link.ask("arrange", { [name]: chosen }).catch(complain).finally(refreshBar);
    }
    refreshBar();
    draw();
  }

  /** Change the tile size and keep what lies at a height of the screen there. */
  function resize(tile, at = size.height / 2) {
    const next = Math.max(TILES[0], Math.min(TILES[1], Math.round(tile)));
    if (next === look.tile) return;
    look = { ...look, tile: next };
    relayout(at);
    card.hide();
  }

  // ---- where things are

  function relayout(at = 0) {
    const kept = layout.rows.length && layout.rows === shown.rows ? placeNear(top + at) : -1;
    const before = kept < 0 ? 0 : corner(layout, kept).y - top;
    layout = layOut(shown.rows, shown.groups, size.width, look.tile);
    const height = Math.min(layout.height, TALLEST);
    spacer.style.height = `${height}px`;
    stretch = height > size.height ? (layout.height - size.height) / (height - size.height) : 1;
    Object.assign(root.dataset, { columns: layout.columns, cell: layout.cell, left: layout.left });
    scrollTo(kept < 0 ? top : corner(layout, kept).y - before);
  }

  /** The first tile of the line at a height, or the next one below. */
  function placeNear(y) {
    let found = -1;
    eachVisible(layout, y, Infinity, (first) => (found = found < 0 ? first : found));
    return found;
  }

  function scrollTo(y) {
    top = Math.max(0, Math.min(y, layout.height - size.height));
    pad.scrollTop = top / stretch;
    draw();
  }

  function reveal(place) {
    const { y } = corner(layout, place);
    const above = sectionOf(layout, place).name ? 36 : 8;
    if (y - above < top) scrollTo(y - above);
    else if (y + layout.cell > top + size.height) scrollTo(y + layout.cell + 6 - size.height);
  }

  pad.addEventListener("scroll", () => {
    const next = pad.scrollTop * stretch;
    if (Math.abs(next - top) < 1.01 * stretch) return; // our own doing
    direction = next > top ? 1 : -1;
    top = next;
    card.hide();
    draw();
  });

  // ---- what gestures do

  const acts = {
    layout: () => layout,
    top: () => top,
    height: () => size.height,
    tool: () => tool,
    cursor: () => shown.rows.indexOf(cursor),
    hideCard: card.hide,
    scrollBy: (dy) => scrollTo(top + dy),
    hover(place, x, y) {
      pad.style.cursor = place >= 0 && tool === "box" ? "pointer" : "";
      if (place < 0) return card.hide();
      const bounds = pad.getBoundingClientRect();
      const outer = root.getBoundingClientRect();
      card.over(shown.rows[place], x + bounds.left - outer.left, y + bounds.top - outer.top);
    },
    band(points) {
      band = points;
      draw();
    },
    wheel(event) {
      if (stretch === 1) return; // the browser does it
      event.preventDefault();
      direction = Math.sign(event.deltaY) || direction;
      scrollTo(top + event.deltaY * (event.deltaMode ? 33 : 1));
    },
    zoom(factor, point) {
      resize(look.tile * factor + Math.sign(factor - 1), point && point[1] - top); // by a pixel at least
      refreshBar();
    },
    select(rows, mode, how = "click") {
      if (!rows.length && (mode !== "replace" || !table.nPicked)) return;
      table.pick(rows, mode, () => link.ask("select", { mode, how }, [rowsBuffer(rows)])).catch(complain)
        .finally(() => follow(false));
      follow(false);
    },
    selectTo(place) {
      const from = Math.max(0, shown.rows.indexOf(anchor));
      acts.select(shown.rows.slice(Math.min(from, place), Math.max(from, place) + 1), "replace");
      cursor = shown.rows[place];
    },
    toggle(place) {
      anchor = cursor = shown.rows[place];
      acts.select([anchor], "toggle");
      speak();
    },
    open(place) {
      anchor = cursor = opened = shown.rows[place];
      acts.select([anchor], "replace");
      link.ask("open", { row: opened }).catch(complain);
      speak();
    },
    walk(place, extending) {
      if (extending && anchor < 0) anchor = cursor >= 0 ? cursor : shown.rows[place];
      cursor = shown.rows[place];
      reveal(place);
      if (extending) acts.selectTo(place);
      else anchor = cursor;
      if (!extending && opened >= 0) {
        opened = cursor;
        later("open", 60, () => link.ask("open", { row: opened }).catch(complain));
      }
      card.hide();
      speak();
      draw();
    },
  };

  /** Say to a screen reader what the cursor is on. */
  function speak() {
    const row = cursor;
    later("speak", 250, async () => {
      const { message } = await link.ask("card", { row, tile: 0, ...picture() });
      const group = table.state.group_by === null ? "" : `, ${table.state.groups[table.group[row]].name}`;
      const chosen = table.picked[row] ? ", selected" : "";
      const place = `${(shown.rows.indexOf(row) + 1).toLocaleString("en")} of ${shown.rows.length.toLocaleString("en")}`;
      spoken.textContent = `${message.name}, ${message.status}${group}${chosen}, ${place}`;
    });
  }

  // ---- the screen

  function draw() {
    frame ||= requestAnimationFrame(drawn);
  }

  function drawn(now) {
    frame = 0;
    if (!table || !size.width || !size.height) return;
    if (now - coloursRead > 400) {
      colours = readColours(root);
      coloursRead = now;
    }
    sheets.tick();
    pen.setTransform(size.ratio, 0, 0, size.ratio, 0, 0);
    const focused = root.getRootNode().activeElement === pad;
    const state = table.state;
    const framed = state.group_by !== null && look.grouping === "frames";
    paint(pen, { ...table, ...size, groups: state.groups, layout, top, colours, sheets, band, cursor, opened, focused, framed, pickedOf });
    fetchMissing();
  }

  function fetchMissing() {
    const level = levelFor(look.tile * size.ratio);
    const ask = (from, to) => {
      const rows = [];
      eachVisible(layout, from, to, (first, end) => {
        for (let place = first; place < end; place++) if (table.sizes[2 * layout.rows[place]]) rows.push(layout.rows[place]);
      });
      return sheets.want(sheets.missing(rows, level), level);
    };
    const ahead = 1.5 * size.height;
    const asked = ask(top, top + size.height);
    if (!asked && !sheets.isBusy()) {
      ask(...(direction > 0 ? [top, top + size.height + ahead] : [top - ahead, top + size.height]));
    }
    later("loading", 300, () => (loading.hidden = !sheets.isBusy()));
  }

  function pickedOf(section) {
    if (!picks.has(section.start)) {
      let count = 0;
      for (let k = 0; k < section.count; k++) count += table.picked[layout.rows[section.start + k]];
      picks.set(section.start, count);
    }
    return picks.get(section.start);
  }

  function fit() {
    const ratio = window.devicePixelRatio || 1;
    const { clientWidth: width, clientHeight: height } = pad;
    if (width === size.width && height === size.height && ratio === size.ratio) return;
    size = { width, height, ratio };
    Object.assign(canvas, { width: Math.round(width * ratio), height: Math.round(height * ratio) });
    Object.assign(canvas.style, { width: `${width}px`, height: `${height}px` });
    if (table) relayout();
    if (table && frame) cancelAnimationFrame(frame);
    drawn(performance.now()); // in the same frame: a canvas that was given a size is blank
  }

  const sized = new ResizeObserver(fit);
  sized.observe(pad);
  const restyled = () => later("restyled", 60, () => ((coloursRead = -1e9), draw()));
  const dressed = new MutationObserver(restyled);
  for (const node of [document.documentElement, document.body]) {
    dressed.observe(node, { attributes: true, attributeFilter: ["class", "style", "data-theme", "data-jp-theme-light"] });
  }
  pad.addEventListener("focus", draw);
  pad.addEventListener("blur", draw);
  fit();

  return {
    destroy() {
      sized.disconnect();
      dressed.disconnect();
      cancelAnimationFrame(frame);
      Object.values(timers).forEach(clearTimeout);
      link.destroy();
      sheets?.destroy();
      card.destroy();
      root.remove();
    },
  };
}

function add(parent, tag, className) {
  const made = document.createElement(tag);
  made.className = className;
  return parent.appendChild(made);
}
