"""Scripts of a widget joined into one module, so that a host can load it from a text."""

import re
from functools import cache
from pathlib import Path

__all__ = ["module"]

HERE = Path(__file__).parent

_IMPORT = re.compile(r"^import \{[^}]*\} from \"\./(\w+)\.js\";\n", re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function|const)\b)", re.MULTILINE)

_ADAPTERS = {
    "anywidget": """
export default {
  render({ model, el }) {
    el.style.height = `${model.get("height")}px`;
    const io = {
      send: (message, buffers) => model.send(message, undefined, buffers),
      onMessage(heard) {
        model.on("msg:custom", heard);
        return () => model.off("msg:custom", heard);
      },
    };
    return mount(io, el).destroy;
  },
};
""",
    "panel": """
export function render({ model, el }) {
  el.style.height = "100%";
  const io = {
    send: (message, buffers) => model.send_msg({ message, buffers }),
    onMessage(heard) {
      const each = ({ message, buffers }) => heard(message, buffers);
      model.on("msg:custom", each);
      return () => model.off("msg:custom", each);
    },
  };
  const mounted = mount(io, el);
  model.on("remove", mounted.destroy);
}
""",
}


@cache
def module(name: str, host: str) -> str:
    """The text of one ES module without imports: a widget, what it needs, its style sheet and an adapter.

    Parameters
    ----------
    name
        Of the script beside this file that exports ``mount(io, el)``; a style sheet of this name, and the
        colours that all widgets share, are added.
    host
        ``"anywidget"`` for notebooks, ``"panel"`` for pages.
    """
    parts: dict[str, str] = {}
    _take(name, parts)
    sheets = "".join((HERE / f"{part}.css").read_text(encoding="utf-8") for part in ("tones", name))
    sheet = sheets.replace("\\", "\\\\").replace("`", "\\`")
    return "\n".join([f"const STYLE = `{sheet}`;", *parts.values(), _ADAPTERS[host]])


def _take(name: str, parts: dict[str, str]) -> None:
    """Add a script after those that it imports, each once."""
    text = (HERE / f"{name}.js").read_text(encoding="utf-8")
    for needed in _IMPORT.findall(text):
        if needed not in parts:
            _take(needed, parts)
    parts[name] = _EXPORT.sub("", _IMPORT.sub("", text))
