// Pictures to give flags to, by keyboard: a page of them, or one after another.
import { talk } from "./channel.js";
import { makeActs } from "./label_acts.js";
import { makeBar, makeFoot, makeGroups } from "./label_bar.js";
import { makeGrid } from "./label_grid.js";
import { keyed } from "./label_keys.js";
import { makeList } from "./label_list.js";
import { told } from "./label_parts.js";
import { keepPictures } from "./label_pictures.js";
import { makeHelp, makeNote } from "./label_said.js";
import { makeSingle } from "./label_single.js";
import { makeStage } from "./label_stage.js";
import { takeScheme, watchScheme } from "./scheme.js";

/**
 * Show the labelling widget.
 * @param {Io} io what an adapter gives, see channel.js
 * @param {HTMLElement} el
 * @returns {{destroy: () => void}}
 */
export function mount(io, el) {
  const { root, stage, pad, help, trouble, spoken, ...places } = makeStage(el);
  const link = talk(io);
  const timers = {};
  const picked = new Set();
  let list = null;
  let mode = "grid";
  let anchor = -1;
  let seen = null;
  let undoing = null;
  let stale = null; // name of the order that is being made anew
  let frame = 0;

  const acts = {
    mode: (name) => show((mode = name), picked.clear()),
    turn: () => acts.mode(mode === "grid" ? "single" : "grid"),
    only: () => arranged(() => list.arrange(!list.only)),
    review,
    arrange: (name) => sent.arrange(name),
    undo,
    help: () => show((help.hidden = !help.hidden), help.hidden ? pad.focus() : help.focus()),
    leave: () => (help.hidden ? show(picked.clear()) : acts.help()),
    all: () => choose(...grid.page(list)),
    open: () => list.place >= 0 && acts.mode("single"),
    skip: () => go(list.nextOpen(list.place)),
    columns: () => (mode === "grid" ? grid.columns : 1),
    flagOf: (key) => list.flags.findIndex((flag) => flag.key.includes(key)),
    give,
    walk,
    page,
  };
  const grid = makeGrid(pad, {
    go: (place) => go(place),
    reach,
    toggle,
    open: (place) => (go(place), acts.mode("single")),
  });
  const single = makeSingle(pad, (place) => go(place));
  const bar = makeBar(places.bar, acts);
  const foot = makeFoot(places.foot, acts);
  const groups = makeGroups(places.side);
  const note = makeNote(places.note, acts);
  const pictures = keepPictures((row) => link.ask("item", { row }), show);
  const sent = makeActs(link, {
    changed,
    failed: (error) => (complain(error), hear()), // what holds now is asked for anew
    waiting: (n) => (root.dataset.waiting = n),
  });

  // ---- what Python says

  link.listen((message, buffers) => {
    if (message.type === "renew") hear();
    else if (list) changed(message, buffers);
  });

  function hear() {
    link.ask("hello", {}, [], { seconds: 2, tries: 6 }).then(begin, (error) => {
      complain(new Error(`${error.message}; run the cell again, or load the page anew.`));
    });
  }

  function begin({ message, buffers }) {
    const first = !list;
    list = makeList(message, buffers);
    arranged(() => {});
    pad.setAttribute("aria-label", `${told(list.n)} ${list.items} to label: ${list.title}`);
    makeHelp(help, list.flags, acts.help);
    if (first) sized.observe(stage);
    show();
  }

  /** Take up what Python did. */
  function changed(message, buffers) {
    if (message.type === "order") {
      const kept = message.answers && stale === message.name ? view().page(list)[1] : 0;
      list.order = message.name;
      stale = null;
      arranged(() => list.reorder(buffers[0], kept), kept);
    } else if (buffers.length) list.take(buffers);
    if (message.type === "undone") undone(message.row);
    if (message.stale && !stale) sent.arrange((stale = list.order));
    show();
  }

  /** Put items into other places; what was chosen is chosen no more, unless what is seen stays. */
  function arranged(act, stays = 0) {
    if (!stays) {
      picked.clear();
      anchor = -1;
    }
    act();
    show();
  }

  function undone(row) {
    if (row === null) return say("There is nothing to undo");
    const at = list.placeOf(row);
    if (row >= 0 && at < 0) list.arrange(false); // it was hidden, as it had a flag
    say(row < 0 ? `Undone; that ${list.item} is not shown here` : "Undone");
    if (row >= 0) go(list.placeOf(row));
  }

  // ---- what is done

  /** Give what is chosen, the line, or what is looked at a flag, and go on; null takes it away. */
  function give(number, wholeLine) {
    if (!list || list.place < 0) return;
    const rows = chosenRows(wholeLine && mode === "grid").filter((row) => number !== null || list.flagOf[row]);
    if (!rows.length) return;
    if (number !== null && !rows.every(pictures.find)) return say("Not yet: the picture is still on its way");
    const flag = number === null ? null : list.flags[number].name;
    rows.forEach((row) => list.set(row, number === null ? 0 : number + 1));
    sent.decide(rows, flag);
    const what = rows.length > 1 ? `${told(rows.length)} ${list.items}: ` : "";
    say(`${what}${flag ?? "no flag"}, ${told(list.n - list.count(0))} of ${told(list.n)} labelled`);
    if (number !== null) go(list.nextOpen(list.placeOf(rows.at(-1))));
    else show(picked.clear());
  }

  /** Take the last act back; keys that come before it is known what that was are kept. */
  function undo() {
    const own = sent.undo().finally(() => undoing === own && (undoing = null));
    undoing = own;
  }

  /** Do what a key says, now or when what is taken back is shown. */
  function obey(event) {
    if (!undoing) return keyed(event, acts);
    undoing.then(() => obey(event));
    return true;
  }

  function chosenRows(wholeLine) {
    if (wholeLine) return [...list.shown.slice(...grid.line(list))];
    return picked.size ? [...list.shown].filter((row) => picked.has(row)) : [list.row()];
  }

  /** All are done: back to the last one. */
  function review() {
    arranged(() => list.arrange(false));
    pad.focus();
    go(list.shown.length - 1);
  }

  function go(place) {
    list.place = place;
    anchor = place;
    picked.clear();
    show();
  }

  function walk(by, reaching) {
    if (!list.shown.length) return;
    const last = list.shown.length - 1;
    const from = list.place < 0 ? last + (by < 0 ? 1 : 0) : list.place;
    const to = Math.max(0, Math.min(last, from + by));
    if (Math.abs(by) > 1 && Number.isFinite(by) && to !== from + by && mode === "grid") return; // no line there
    if (reaching && mode === "grid") reach(to);
    else go(to);
  }

  function page(by) {
    if (mode === "single") return walk(by * 10, false);
    const [first] = grid.page(list);
    const to = first + by * grid.perPage;
    if (to >= 0 && to < list.shown.length) go(to);
  }

  /** Choose all from where it began to here. */
  function reach(place) {
    if (anchor < 0) anchor = list.place;
    choose(Math.min(anchor, place), Math.max(anchor, place) + 1);
    list.place = place;
    show();
  }

  function toggle(place) {
    const row = list.shown[place];
    if (!picked.delete(row)) picked.add(row);
    list.place = anchor = place;
    show();
  }

  function choose(first, end) {
    picked.clear();
    if (mode === "grid") list.shown.slice(first, end).forEach((row) => picked.add(row));
    show();
  }

  // ---- the screen

  const view = () => (mode === "grid" ? grid : single);

  function show() {
    frame ||= requestAnimationFrame(drawn);
  }

  function drawn() {
    frame = 0;
    if (!list || !root.isConnected) return;
    takeScheme(root);
    grid.element.hidden = mode !== "grid" || !list.n;
    single.element.hidden = mode !== "single" || !list.n;
    view().show(list, pictures.find, picked);
    bar.show(list, mode);
    foot.show(list, mode, grid);
    groups.show(list);
    note.show(list);
    pictures.want(view().wanted(list));
    report();
  }

  /** What tests and Python want to know. */
  function report() {
    const row = list.row();
    const labelled = list.n - list.count(0);
    const complete = [...list.shown.slice(...view().page(list))].every((one) => pictures.find(one));
    const id = pictures.find(row)?.key ?? "";
    Object.assign(root.dataset, { mode, row, id, labelled, complete, chosen: picked.size, columns: grid.columns });
    if (row === seen) return;
    seen = row;
    later("at", 120, () => link.ask("at", { row: row < 0 ? null : row }).catch(() => {})); // no decision hangs on it
  }

  function say(words) {
    spoken.textContent = words;
  }

  function complain(error) {
    trouble.textContent = error.message;
    trouble.hidden = false;
    later("trouble", 8000, () => (trouble.hidden = true));
  }

  function later(name, wait, act) {
    clearTimeout(timers[name]);
    timers[name] = setTimeout(act, wait);
  }

  const sized = new ResizeObserver(() => {
    const style = getComputedStyle(pad);
    const [across, down] = [parseFloat(style.paddingLeft) * 2, parseFloat(style.paddingTop) * 2];
    grid.fit(pad.clientWidth - across, pad.clientHeight - down);
    single.fit(pad.clientWidth - across);
    show();
  });
  const stopWatching = watchScheme(show);

  root.addEventListener("keydown", (event) => {
    if (!event.ctrlKey && !event.metaKey && !event.altKey) event.stopPropagation(); // JupyterLab has keys of its own
    const typed = event.target.closest("select, input, textarea");
    const pressed = event.target.closest("button") && [" ", "Enter"].includes(event.key);
    if (!list || typed || pressed || (!help.hidden && !["Escape", "?", "Tab"].includes(event.key))) return;
    if (obey(event)) event.preventDefault();
  });
  root.dataset.waiting = 0;
  hear();

  return {
    destroy() {
      sized.disconnect();
      stopWatching();
      cancelAnimationFrame(frame);
      Object.values(timers).forEach(clearTimeout);
      link.destroy();
      pictures.destroy();
      root.remove();
    },
  };
}
