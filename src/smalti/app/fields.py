"""Fields of a form in HTML of our own: drawn once, so that what is typed, focused or open stays so."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import param
from panel.custom import JSComponent

from smalti.app.local import Local
from smalti.app.theme import CSS, UNBOUNDED

__all__ = ["FIELDS_CSS", "Fields"]

FIELDS_CSS = Path(__file__).with_name("fields.css").read_text(encoding="utf-8")
"""How fields and buttons of forms look."""


class Fields(Local, JSComponent):  # type: ignore[misc]  # panel is untyped
    """HTML whose fields, each with a ``data-key``, report what they hold when it changes.

    Parameters
    ----------
    markup
        What is shown; everything that comes from a file or a person must be escaped. It should change
        only where other fields are shown: elements with ``data-says`` show texts of `says` meanwhile.
    changed
        Called with the key of a field and what it holds: text, or True and False of a switch.
    sheet
        CSS beside that of the page.
    """

    markup = param.String(default="")
    values = param.Dict(default={}, doc="What fields hold, by key, where it is not what the markup says.")
    says = param.Dict(default={}, doc="Texts by key; a field that has one under its key is marked wrong.")

    _esm = Path(__file__).with_name("fields.js")

    def __init__(
        self, markup: str = "", *, changed: Callable[[str, Any], None], sheet: str = "", **options: Any
    ) -> None:
        sheets = [CSS, FIELDS_CSS, sheet]
        looks = {"margin": 0, "sizing_mode": "stretch_width", "stylesheets": sheets, "styles": UNBOUNDED}
        super().__init__(markup=markup, **(looks | options))
        self._changed = changed

    def _handle_msg(self, data: Any) -> None:
        said = data if isinstance(data, dict) else {}
        key, value = said.get("key"), said.get("value")
        if isinstance(key, str) and isinstance(value, str | bool):
            self.values = {**self.values, key: value}
            self._changed(key, value)
