// What keys do.

const DIGIT = /^(?:Digit|Numpad)(\d)$/; // a digit with Shift is another character

/**
 * @param {KeyboardEvent} event
 * @param {object} acts what keys act on; see `mount`
 * @returns {boolean} whether it did anything
 */
export function keyed(event, acts) {
  const { key, shiftKey } = event;
  const low = key.toLowerCase();
  if ((event.ctrlKey || event.metaKey) && !event.altKey && low === "z") return acts.undo(), true;
  if (event.ctrlKey || event.metaKey || event.altKey) return false;
  const flag = acts.flagOf(DIGIT.exec(event.code)?.[1] ?? low);
  if (flag >= 0) return event.repeat || acts.give(flag, shiftKey), true; // a key held down is one decision
  const does = {
    " ": () => acts.skip(),
    Backspace: () => event.repeat || acts.give(null, shiftKey),
    u: acts.undo,
    z: acts.undo,
    g: acts.turn,
    o: acts.only,
    a: acts.all,
    "?": acts.help,
    escape: acts.leave,
    enter: acts.open,
    home: () => acts.walk(-Infinity, shiftKey),
    end: () => acts.walk(Infinity, shiftKey),
    pageup: () => acts.page(-1),
    pagedown: () => acts.page(1),
    arrowleft: () => acts.walk(-1, shiftKey),
    arrowright: () => acts.walk(1, shiftKey),
    arrowup: () => acts.walk(-acts.columns(), shiftKey),
    arrowdown: () => acts.walk(acts.columns(), shiftKey),
  };
  const act = does[key] ?? does[low];
  if (!act) return false;
  act();
  return true;
}

/** Keys and what they do, for the list of them. */
export function keysOf(flags) {
  return [
    ...flags.map(({ key, name }) => [[...key].map((one) => one.toUpperCase()), name, ""]),
    [["Space"], "go on without a flag", "after a flag the next one comes by itself"],
    [["U", "Z"], "undo, as often as you like", ""],
    [["Backspace"], "take the flag away", ""],
    [["←", "↑", "↓", "→"], "move", "Home and End too, and Page Up and Down"],
    [["Shift", "↑"], "choose several", "in the grid; so do Shift-click and dragging"],
    [["A"], "choose the whole page", "then give it a flag"],
    [["Shift", "1"], "flag the whole line", "with the key of any flag"],
    [["G"], "grid, or one by one", "in the grid, Enter opens one"],
    [["O"], "only what has no flag", ""],
    [["Esc"], "choose nothing", ""],
    [["?"], "this list", ""],
  ];
}
