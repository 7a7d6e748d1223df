// What there is to label, in which order, with which flags; knows no screen.
import { numbers } from "./channel.js";

/** @param {object} hello what Python said first, with its buffers */
export function makeList(hello, buffers) {
  const flags = buffers[1].slice();
  const groupOf = numbers(Int32Array, buffers[2]).slice();
  const kinds = hello.flags.length + 1;
  const tally = new Int32Array(hello.groups.length * kinds); // items of a group with a flag, group by group
  flags.forEach((flag, row) => tally[groupOf[row] * kinds + flag]++);
  const list = {
    ...hello,
    n: flags.length,
    flagOf: flags,
    groupOf,
    shown: new Int32Array(),
    place: -1,
    only: false,
    take,
    arrange,
    reorder,
    set,
    nextOpen,
    placeOf: (row) => list.shown.indexOf(row),
    row: () => (list.place < 0 ? -1 : list.shown[list.place]),
    count,
    total: (group) => tally.subarray(group * kinds, (group + 1) * kinds).reduce((sum, n) => sum + n, 0),
  };
  let sequence = numbers(Int32Array, buffers[0]).slice();

  /** Take up flags that changed; rows of those. */
  function take([rowBytes, flagBytes]) {
    const rows = numbers(Int32Array, rowBytes);
    rows.forEach((row, k) => set(row, flagBytes[k]));
    return rows;
  }

  function set(row, flag) {
    tally[groupOf[row] * kinds + flags[row]]--;
    tally[groupOf[row] * kinds + flag]++;
    flags[row] = flag;
  }

  /** Items of a group with a flag, 0 for those without; of all groups where it is -1. */
  function count(flag, group = -1) {
    if (group >= 0) return tally[group * kinds + flag];
    return hello.groups.reduce((sum, _, one) => sum + tally[one * kinds + flag], 0);
  }

  /** Show all, or what has no flag now; the cursor stays on its item, else goes to the first open one. */
  function arrange(only = list.only) {
    const row = list.row();
    list.only = only;
    list.shown = only ? sequence.filter((one) => !flags[one]) : sequence;
    list.place = row < 0 ? -1 : list.placeOf(row);
    if (list.place < 0) list.place = nextOpen(-1);
  }

  /** Take another order, of what comes behind so many places. */
  function reorder(bytes, kept = 0) {
    const row = list.row();
    sequence = numbers(Int32Array, bytes).slice();
    const first = list.shown.slice(0, kept);
    const held = new Set(first);
    const later = sequence.filter((one) => !held.has(one) && !(list.only && flags[one]));
    list.shown = joined(first, later);
    list.place = kept && row >= 0 ? list.placeOf(row) : nextOpen(-1);
  }

  /** The first place behind this one whose item has no flag, else the first of all; -1 for none. */
  function nextOpen(place) {
    const { shown } = list;
    for (let k = 1; k <= shown.length; k++) {
      const at = (place + k) % shown.length;
      if (!flags[shown[at]]) return at;
    }
    return -1;
  }

  arrange();
  return list;
}

function joined(first, second) {
  const made = new Int32Array(first.length + second.length);
  made.set(first);
  made.set(second, first.length);
  return made;
}
