/** Tells Python once the page stands on the screen: messages that come before are dropped. */
export function render({ model, view }) {
  const id = view.root.model.id;
  const look = () => {
    const shown = window.PyViz?.plot_index?.[id] ?? window.Bokeh?.index?.[id];
    if (shown == null) setTimeout(look, 50);
    else model.send_msg("here");
  };
  look();
}
