// The elements of the labelling widget.
import { make } from "./label_parts.js";

/** @param {HTMLElement} el what the host gives to draw in */
export function makeStage(el) {
  const parts = {
    bar: make("div", "bar", { role: "toolbar", "aria-label": "How items are shown" }),
    pad: make("div", "pad", { tabindex: "0", role: "listbox", "aria-multiselectable": "true" }),
    note: make("div", "note", { role: "status" }),
    side: make("aside", "side"),
    foot: make("div", "foot"),
    help: make("div", "help", { role: "dialog", "aria-modal": "true", "aria-label": "Keys", tabindex: "-1" }),
    trouble: make("div", "trouble", { role: "alert" }),
    spoken: make("div", "spoken", { "aria-live": "polite" }),
  };
  const stage = make("div", "stage", {}, parts.pad, parts.note);
  const middle = make("div", "middle", {}, stage, parts.side);
  const root = make("div", "smalti-widget smalti-label");
  root.append(make("style", "", { text: STYLE }), parts.bar, middle, parts.foot, parts.help, parts.trouble, parts.spoken);
  for (const name of ["note", "side", "help", "trouble"]) parts[name].hidden = true;
  el.append(root);
  return { root, stage, ...parts };
}
