// What is said over the items: that there are none, that all are done, which keys there are.
import { badge, cap, make, press, told } from "./label_parts.js";
import { keysOf } from "./label_keys.js";

/** Nothing to label, or nothing left; "" of both while there is something. */
export function makeNote(note, acts) {
  let shown = "";

  function empty(list) {
    const words = `No ${list.item} passes: all were filtered or dropped.`;
    return [make("h3", "", { text: "There is nothing to label" }), make("p", "", { text: words })];
  }

  function finished(list) {
    const [words, command] = list.afterwards;
    const counts = make("p", "counts");
    list.flags.forEach((flag, k) => counts.append(badge(flag, "sign"), ` ${told(list.count(k + 1))}`));
    const parts = [make("h3", "", { text: `All ${told(list.n)} ${list.items} have a flag` }), counts];
    if (words) parts.push(make("p", "", { text: words }));
    if (command) parts.push(make("code", "", { text: command }));
    return [...parts, make("p", "", {}, press("", {}, acts.review, `Look at the ${list.items} again`))];
  }

  return {
    show(list) {
      const kind = list.n === 0 ? "empty" : list.place < 0 ? `finished ${list.flags.map((_, k) => list.count(k + 1))}` : "";
      note.hidden = !kind;
      if (kind !== shown) note.replaceChildren(...(kind === "empty" ? empty(list) : kind ? finished(list) : []));
      shown = kind;
    },
  };
}

/** The list of keys, over everything. */
export function makeHelp(help, flags, close) {
  const rows = keysOf(flags).flatMap(([keys, does, more]) => [
    make("dt", "", {}, ...keys.map(cap)),
    make("dd", "", {}, does, ...(more ? [make("small", "", { text: more })] : [])),
  ]);
  const shut = press("", { "aria-label": "Close the list of keys" }, close, cap("Esc"), "Close");
  help.replaceChildren(make("h3", "", { text: "Keys" }), make("dl", "", {}, ...rows), shut);
}
