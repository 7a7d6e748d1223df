// Light or dark: the page's own text says which.

/** Take on the page's scheme; whether it is dark. */
export function takeScheme(root) {
  const [r, g, b] = getComputedStyle(root).color.match(/[\d.]+/g).map(Number);
  const dark = 0.299 * r + 0.587 * g + 0.114 * b > 140;
  root.classList.toggle("dark", dark);
  return dark;
}

/**
 * Call when the page may have changed its scheme.
 * @returns {() => void} stops it
 */
export function watchScheme(changed) {
  let timer = 0;
  const dressed = new MutationObserver(() => {
    clearTimeout(timer);
    timer = setTimeout(changed, 60); // the page's style sheets follow its classes
  });
  const watched = { attributes: true, attributeFilter: ["class", "style", "data-theme", "data-jp-theme-light"] };
  for (const node of [document.documentElement, document.body]) dressed.observe(node, watched);
  return () => {
    clearTimeout(timer);
    dressed.disconnect();
  };
}
