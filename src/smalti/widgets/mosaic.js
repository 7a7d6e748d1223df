// A mosaic of the whole dataset: a canvas over a scrolling pad, tiles from sheets that Python lays.
import { talk } from "./channel.js";
import { makeActs } from "./mosaic_acts.js";
import { TILES, makeBar } from "./mosaic_bar.js";
import { makeCard } from "./mosaic_card.js";
import { listen } from "./mosaic_input.js";
import { eachVisible } from "./mosaic_layout.js";
import { paint, readColours } from "./mosaic_paint.js";
import { makeScroll } from "./mosaic_scroll.js";
import { keepSheets, levelFor, rowsBuffer } from "./mosaic_sheets.js";
import { makeStage } from "./mosaic_stage.js";
import { makeTable } from "./mosaic_table.js";
import { watchScheme } from "./scheme.js";

const CARD_TILE = 128;

/**
 * Show the mosaic.
 * @param {Io} io what an adapter gives, see channel.js
 * @param {HTMLElement} el
 * @returns {{destroy: () => void}}
 */
export function mount(io, el) {
  const stage = makeStage(el);
  const { root, pad, canvas, note, loading, trouble, spoken } = stage;
  const link = talk(io);
  const bar = makeBar(stage.bar, choose);
  const pen = canvas.getContext("2d");
  const describe = (row, tile) => link.ask("card", { row, tile, ...picture() });
  const card = makeCard(root, (row) => describe(row, CARD_TILE));
  const scroll = makeScroll(pad, draw);
  pad.addEventListener("scroll", card.hide);

  let table = null;
  let sheets = null;
  let acts = null;
  let look = { tile: 64, contrast: "image", channel: 0, grouping: "sections" };
  let shown = { rows: new Int32Array(), groups: [] };
  let tool = "box";
  let only = false;
  let band = null;
  let frame = 0;
  let colours = null;
  let coloursRead = -Infinity;
  let size = { width: 0, height: 0, ratio: 1 };
  let picks = new Map();
  const marks = { cursor: -1, anchor: -1, opened: -1 }; // rows; -1 for none
  const timers = {};
  const picture = () => ({ contrast: look.contrast, channel: look.channel });

  // ---- what Python says

  link.listen((message, buffers) => {
    if (!table) return;
    if (message.type === "state") {
      const grouped = table.state.group_by;
      const rearranged = table.take(message, buffers);
      if (grouped !== message.group_by && look.contrast === "group") renew();
      follow(rearranged);
    }
    if (message.type === "opened") {
      marks.opened = message.row ?? -1;
      if (marks.opened >= 0) marks.cursor = marks.opened;
      draw();
    }
  });

  say("Loading …");
  link.ask("hello", {}, [], { seconds: 2, tries: 6 }).then(begin, (error) => {
    loading.hidden = true;
    say(`${error.message}; run the cell again, or load the page anew.`);
  });

  function begin({ message, buffers }) {
    loading.hidden = true;
    table = makeTable(message, buffers);
    look = { ...look, ...message.look };
    const fetch = (rows, level, how) => link.ask("sheet", { tile: level, ...how }, [rowsBuffer(rows)]);
    sheets = keepSheets(table.n, fetch, draw);
    renew();
    bar.offer(message);
    pad.setAttribute("aria-label", `${message.title}: ${table.n.toLocaleString("en")} images`);
    acts = makeActs({
      link,
      table,
      scroll,
      card,
      marks,
      describe,
      complain,
      draw,
      follow: () => follow(false),
      say: (words) => (spoken.textContent = words),
      tool: () => tool,
      band: (points) => draw((band = points)),
      hover,
      zoom: (factor, point) => {
        resize(look.tile * factor + Math.sign(factor - 1), point && point[1] - scroll.top); // a pixel at least
        refreshBar();
      },
    });
    listen(pad, acts);
    follow(true);
  }

  /** Pictures under another contrast, or of another channel. */
  function renew() {
    sheets.setLook(picture());
    card.forget();
  }

  /** Bring everything up to date with the table. */
  function follow(rearranged) {
    picks = new Map();
    const gone = only && !table.nPicked;
    if (gone) only = false;
    if (rearranged || only || gone) {
      shown = table.arranged(look.grouping === "sections" && table.state.group_by !== null, only);
      relayout();
    }
    Object.assign(root.dataset, { selected: table.nPicked, shown: shown.rows.length });
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

  // ---- what the bar and the pointer say

  function choose(name, value) {
    if (!table) return;
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
      const chosen = name === "descending" ? !table.state.descending : value;
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

  function relayout(at) {
    scroll.lay(shown, look.tile, size.width, size.height, at);
    const { columns, cell, left } = scroll.layout;
    Object.assign(root.dataset, { columns, cell, left });
  }

  function hover(place, x, y) {
    pad.style.cursor = place >= 0 && tool === "box" ? "pointer" : "";
    if (place < 0) return card.hide();
    const inner = pad.getBoundingClientRect();
    const outer = root.getBoundingClientRect();
    card.over(shown.rows[place], x + inner.left - outer.left, y + inner.top - outer.top);
  }

  // ---- the screen

  function draw() {
    frame ||= requestAnimationFrame(drawn);
  }

  function drawn(now) {
    frame = 0;
    if (!table || !root.isConnected || !size.width || !size.height) return;
    if (now - coloursRead > 400) {
      colours = readColours(root);
      coloursRead = now;
    }
    sheets.tick();
    pen.setTransform(size.ratio, 0, 0, size.ratio, 0, 0);
    const { state } = table;
    paint(pen, {
      ...table,
      ...size,
      ...marks,
      layout: scroll.layout,
      top: scroll.top,
      groups: state.groups,
      framed: state.group_by !== null && look.grouping === "frames",
      focused: root.getRootNode().activeElement === pad,
      sheets,
      colours,
      band,
      pickedOf,
    });
    fetchMissing();
  }

  /** Ask for the pictures in view, then for those that will be, if scrolling goes on. */
  function fetchMissing() {
    const level = levelFor(look.tile * size.ratio);
    const { layout, top, height, direction } = scroll;
    const ask = (from, to) => {
      const rows = [];
      eachVisible(layout, from, to, (first, end) => {
        for (let place = first; place < end; place++) rows.push(layout.rows[place]);
      });
      const pictured = rows.filter((row) => table.sizes[2 * row]);
      return sheets.want(sheets.missing(pictured, level), level);
    };
    const asked = ask(top, top + height);
    root.dataset.complete = String(!asked && !sheets.isBusy());
    if (!asked && !sheets.isBusy()) {
      if (direction > 0) ask(top + height, top + 2.5 * height);
      else ask(top - 1.5 * height, top);
    }
    later("loading", 300, () => (loading.hidden = !sheets.isBusy()));
  }

  /** How many tiles of a section are selected; counted once a change. */
  function pickedOf({ start, count }) {
    if (!picks.has(start)) {
      const rows = scroll.layout.rows.subarray(start, start + count);
      picks.set(start, rows.reduce((sum, row) => sum + table.picked[row], 0));
    }
    return picks.get(start);
  }

  function fit() {
    const ratio = window.devicePixelRatio || 1;
    const { clientWidth: width, clientHeight: height } = pad;
    if (width === size.width && height === size.height && ratio === size.ratio) return;
    size = { width, height, ratio };
    Object.assign(canvas, { width: Math.round(width * ratio), height: Math.round(height * ratio) });
    Object.assign(canvas.style, { width: `${width}px`, height: `${height}px` });
    if (!table) return;
    relayout();
    cancelAnimationFrame(frame);
    drawn(performance.now()); // in the same frame: a canvas that was given a size is blank
  }

  const sized = new ResizeObserver(fit);
  sized.observe(pad);
  const stopWatching = watchScheme(() => draw((coloursRead = -Infinity)));
  pad.addEventListener("focus", draw);
  pad.addEventListener("blur", draw);
  fit();

  return {
    destroy() {
      sized.disconnect();
      stopWatching();
      cancelAnimationFrame(frame);
      Object.values(timers).forEach(clearTimeout);
      link.destroy();
      acts?.destroy();
      sheets?.destroy();
      card.destroy();
      root.remove();
    },
  };
}
