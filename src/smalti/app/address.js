/** Writes the state of view into the browser's address bar; the way back leaves the page as usual. */
export function render({ model }) {
  const write = () => {
    const query = model.query ? "?" + model.query : "";
    const here = new URL(window.location.href);
    if (here.search !== query) {
      window.history.replaceState(window.history.state, "", here.pathname + query + here.hash);
    }
  };
  model.on("query", write);
  write();
}
