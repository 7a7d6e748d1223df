// The elements of a mosaic.

/** @param {HTMLElement} el what the host gives to draw in */
export function makeStage(el) {
  const root = add(el, "div", "smalti-widget smalti-mosaic");
  add(root, "style", "").textContent = STYLE;
  const bar = add(root, "div", "bar");
  const stage = add(root, "div", "stage");
  const pad = add(stage, "div", "pad");
  const canvas = add(stage, "canvas", "");
  const note = add(stage, "div", "says-so");
  const loading = add(stage, "div", "loading");
  const trouble = add(stage, "div", "trouble");
  const spoken = add(root, "div", "spoken");
  pad.tabIndex = 0;
  pad.setAttribute("role", "application");
  pad.setAttribute("aria-roledescription", "mosaic of images");
  bar.setAttribute("role", "toolbar");
  bar.setAttribute("aria-label", "How the mosaic is shown");
  spoken.setAttribute("aria-live", "polite");
  trouble.setAttribute("role", "alert");
  trouble.hidden = true;
  return { root, bar, pad, canvas, note, loading, trouble, spoken };
}

function add(parent, tag, className) {
  const made = document.createElement(tag);
  made.className = className;
  return parent.appendChild(made);
}
