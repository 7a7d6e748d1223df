// What gestures do to the mosaic: select, open, walk.
import { rowsBuffer } from "./mosaic_sheets.js";

/**
 * @param {object} mosaic its parts, and what to call when something changed; see `mount`
 */
export function makeActs(mosaic) {
  const { link, table, scroll, card, marks, complain } = mosaic;
  const rows = () => scroll.layout.rows;
  let timers = {};

  function later(name, wait, act) {
    clearTimeout(timers[name]);
    timers[name] = setTimeout(act, wait);
  }

  function select(chosen, mode) {
    if (!chosen.length && (mode !== "replace" || !table.nPicked)) return;
    const told = () => link.ask("select", { mode }, [rowsBuffer(chosen)]);
    table.pick(chosen, mode, told).catch(complain).finally(mosaic.follow);
    mosaic.follow();
  }

  function selectTo(place) {
    const from = Math.max(0, rows().indexOf(marks.anchor));
    marks.cursor = rows()[place];
    select(rows().slice(Math.min(from, place), Math.max(from, place) + 1), "replace");
  }

  function toggle(place) {
    marks.anchor = marks.cursor = rows()[place];
    select([marks.anchor], "toggle");
    speak();
  }

  function open(place) {
    marks.anchor = marks.cursor = marks.opened = rows()[place];
    select([marks.anchor], "replace");
    link.ask("open", { row: marks.opened }).catch(complain);
    speak();
  }

  /** Move the cursor; the image that is open goes with it. */
  function walk(place, extending) {
    if (extending && marks.anchor < 0) marks.anchor = marks.cursor >= 0 ? marks.cursor : rows()[place];
    marks.cursor = rows()[place];
    scroll.reveal(place);
    if (extending) selectTo(place);
    else {
      marks.anchor = marks.cursor;
      if (marks.opened >= 0) {
        marks.opened = marks.cursor;
        later("open", 60, () => link.ask("open", { row: marks.opened }).catch(complain));
      }
    }
    card.hide();
    speak();
    mosaic.draw();
  }

  /** Tell a screen reader what the cursor is on. */
  function speak() {
    const row = marks.cursor;
    const number = (n) => n.toLocaleString("en");
    later("speak", 250, () =>
      mosaic.describe(row, 0).then(({ message }) => {
        const group = table.state.group_by === null ? "" : `, ${table.state.groups[table.group[row]].name}`;
        const chosen = table.picked[row] ? ", selected" : "";
        const place = `${number(rows().indexOf(row) + 1)} of ${number(rows().length)}`;
        mosaic.say(`${message.name}, ${message.status}${group}${chosen}, ${place}`);
      }, () => {}),
    );
  }

  return {
    select,
    selectTo,
    toggle,
    open,
    walk,
    layout: () => scroll.layout,
    top: () => scroll.top,
    height: () => scroll.height,
    tool: mosaic.tool,
    cursor: () => rows().indexOf(marks.cursor),
    hideCard: card.hide,
    scrollBy: scroll.by,
    wheel: scroll.wheel,
    band: mosaic.band,
    zoom: mosaic.zoom,
    hover: mosaic.hover,
    destroy: () => Object.values(timers).forEach(clearTimeout),
  };
}
