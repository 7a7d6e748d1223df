"""HTML of our own with buttons and fields in it: one light component where widgets would cost 20 ms each."""

from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Any

import param
from panel.custom import JSComponent

from smalti.app.icons import icon
from smalti.app.local import Local
from smalti.app.theme import CSS, UNBOUNDED

__all__ = ["LIVE_CSS", "Live", "button", "copy_button"]

LIVE_CSS = Path(__file__).with_name("live.css").read_text(encoding="utf-8")
"""How buttons in HTML of our own look."""


class Live(Local, JSComponent):  # type: ignore[misc]  # panel is untyped
    """HTML whose elements with ``data-do`` report what is done to them.

    Parameters
    ----------
    markup
        What is shown; everything that comes from a file or a person must be escaped.
    does
        What to call by ``data-do``: ``callback(key, value)`` with the element's ``data-key`` and its value.
    sheet
        CSS beside that of the page.
    """

    markup = param.String(default="")
    clip = param.Dict(default={"text": "", "n": 0}, doc="What goes on the clipboard; `n` counts.")

    _esm = Path(__file__).with_name("live.js")

    def __init__(
        self,
        markup: str = "",
        *,
        does: dict[str, Callable[[str, Any], None]],
        sheet: str = "",
        **options: Any,
    ) -> None:
        sheets = [CSS, LIVE_CSS, sheet]
        looks = {"margin": 0, "sizing_mode": "stretch_width", "stylesheets": sheets, "styles": UNBOUNDED}
        super().__init__(markup=markup, **(looks | options))
        self._does = does

    def copy(self, text: str) -> None:
        """Put a text on the visitor's clipboard; in answer to a press, or browsers refuse.

        One that begins with ``?`` goes behind the page's address.
        """
        self.clip = {"text": text, "n": self.clip["n"] + 1}

    def _handle_msg(self, data: Any) -> None:
        said = data if isinstance(data, dict) else {}
        if done := self._does.get(str(said.get("do"))):
            done(str(said.get("key", "")), said.get("value"))


def button(
    do: str, sign: str, said: str, *, key: str = "", off: bool = False, kind: str = "", heir: bool = False
) -> str:
    """HTML of a button that reports itself as `do`.

    Parameters
    ----------
    do, key
        What a press sends.
    sign
        What it shows: HTML.
    said
        What it does, in words; plain text.
    off
        Whether it cannot be pressed.
    kind
        CSS class.
    heir
        Whether it is focused where the focused one is gone.
    """
    words = escape(said)
    states = f"{' disabled' if off else ''}{' data-heir' if heir else ''}"
    return (
        f'<button type="button" class="{kind}" data-do="{escape(do)}" data-key="{escape(key)}" '
        f'title="{words}" aria-label="{words}"{states}>{sign}</button>'
    )


def copy_button(text: str, said: str) -> str:
    """HTML of a button that copies a text."""
    words = escape(said)
    return (
        f'<button type="button" data-copy="{escape(text)}" title="{words}" aria-label="{words}">'
        f"{icon('copy')}</button>"
    )
