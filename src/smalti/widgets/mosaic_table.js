// What the mosaic knows of the table: order, groups, selection; by row number, never by name.
import { numbers } from "./channel.js";

/**
 * @param {any} message first answer of Python
 * @param {Uint8Array[]} buffers status and thumbnail size by row, then the parts of the state
 */
export function makeTable(message, buffers) {
  const { n, statuses } = message;
  const table = {
    n,
    statuses,
    status: buffers[0],
    sizes: buffers[1],
    order: new Int32Array(),
    group: new Int16Array(n),
    picked: new Uint8Array(n),
    nPicked: 0,
    state: {},
  };
  let waiting = 0; // selections made here that Python has not answered yet
  let known = -1; // revision that holds the last of them
  let held = new Uint8Array(); // the selection as Python told it last
  let isNew = false;

  /** Take over a state that Python sent; whether the order or groups changed. */
  function take(next, parts) {
    if (next.revision < (table.state.revision ?? -1)) return false;
    table.state = next;
    next.parts.forEach((name, i) => {
      if (name === "order") table.order = numbers(Int32Array, parts[i]);
      if (name === "group_index") table.group = numbers(Int16Array, parts[i]);
      if (name === "picked") [held, isNew] = [parts[i], true];
    });
    settle();
    return next.parts.some((name) => name !== "picked");
  }

  /** Show the selection that Python holds, unless a later one made here is still on its way. */
  function settle() {
    if (!isNew || waiting || table.state.revision < known) return;
    for (let row = 0; row < n; row++) table.picked[row] = (held[row >> 3] >> (7 - (row & 7))) & 1;
    isNew = false;
    recount();
  }

  function recount() {
    let count = 0;
    for (let i = 0; i < table.order.length; i++) count += table.picked[table.order[i]];
    table.nPicked = count;
  }

  take(message.state, buffers.slice(2));
  return Object.assign(table, {
    take,
    /** Select on screen at once; `tell` gives a promise of Python's answer. */
    async pick(rows, mode, tell) {
      const { picked } = table;
      if (mode === "replace") picked.fill(0);
      for (const row of rows) picked[row] = mode === "subtract" ? 0 : mode === "toggle" ? 1 - picked[row] : 1;
      recount();
      waiting += 1;
      try {
        const { message: answer } = await tell();
        known = Math.max(known, answer.revision);
      } catch (error) {
        isNew = true; // Python would not: back to what it told last
        throw error;
      } finally {
        waiting -= 1;
        settle();
      }
    },
    /** Rows in the order they are shown, and the groups they fall into, one after the other. */
    arranged(inSections, onlyPicked) {
      const rows = onlyPicked ? table.order.filter((row) => table.picked[row]) : table.order;
      if (!inSections) return { rows, groups: [{ name: "", colour: "", count: rows.length }] };
      const counts = new Int32Array(table.state.groups.length);
      for (const row of rows) counts[table.group[row]]++;
      const next = new Int32Array(counts.length);
      for (let k = 1; k < counts.length; k++) next[k] = next[k - 1] + counts[k - 1];
      const sorted = new Int32Array(rows.length);
      for (const row of rows) sorted[next[table.group[row]]++] = row;
      const groups = table.state.groups.map((group, k) => ({ ...group, count: counts[k] }));
      return { rows: sorted, groups: groups.filter((group) => group.count) };
    },
  });
}
