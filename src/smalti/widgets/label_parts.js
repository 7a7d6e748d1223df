// Small elements that the parts of the labelling widget are made of.

/**
 * An element with classes, attributes and children.
 * @param {string} tag
 * @param {string} className
 * @param {object} [facts] attributes, "" for none; `text` is its text
 */
export function make(tag, className, facts = {}, ...children) {
  const made = document.createElement(tag);
  made.className = className;
  for (const [name, value] of Object.entries(facts)) {
    if (name === "text") made.textContent = value;
    else made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

/** A button that leaves the focus where it was when it is clicked, so that keys go on. */
export function press(className, facts, act, ...children) {
  const made = make("button", className, { type: "button", ...facts }, ...children);
  made.addEventListener("pointerdown", (event) => event.preventDefault());
  made.addEventListener("click", act);
  return made;
}

/** A key as it stands on the keyboard. */
export function cap(key) {
  return make("kbd", "", { text: key });
}

/** A whole number for people. */
export function told(n) {
  return n.toLocaleString("en");
}

/** Sign and word of a flag on its colour. */
export function badge(flag, className = "badge") {
  const made = make("span", className, {}, make("b", "", { text: flag.glyph, "aria-hidden": "true" }), flag.name);
  made.style.setProperty("--flag", flag.colour);
  made.style.setProperty("--on-flag", isLight(flag.colour) ? "#101418" : "#fff");
  return made;
}

/** Whether dark text is read better on a colour (WCAG's relative luminance). */
function isLight(colour) {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const part = parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.18;
}

/** Rows as they travel. */
export function rowsOf(rows) {
  return Int32Array.from(rows).buffer;
}
