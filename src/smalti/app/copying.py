"""The view handed on: as Python, as a link, as a command line, as YAML."""

from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Any

import panel as pn
import param

from smalti.app.live import Live, button
from smalti.core.errors import SmaltiError
from smalti.table.view import ViewState

__all__ = ["Copying"]

SHEET = Path(__file__).with_name("filters.css").read_text(encoding="utf-8")


class Copying(pn.viewable.Viewer):  # type: ignore[misc]  # panel is untyped
    """Buttons that put what is chosen on the clipboard, each in its own notation.

    Parameters
    ----------
    state
        What is written.
    link
        Whether there is an address that the state can stand in; not in a notebook.
    """

    trouble = param.String(default="", doc="Why a notation cannot hold the state.")

    def __init__(self, state: ViewState, *, link: bool, **params: Any) -> None:
        super().__init__(**params)
        notations: dict[str, tuple[str, Callable[[], str]]] = {
            "Python": ("as Polars code that gives the same rows", state.to_code),
            "Link": ("the address of this page as it is", lambda: f"?{state.to_url()}"),
            "CLI": ("a command line that gives the same rows", state.to_cli),
            "YAML": ("for a file", state.to_yaml),
        }
        self._notations = {name: way for name, way in notations.items() if link or name != "Link"}
        self._live = Live(does={"copy": lambda name, _: self.copy(name)}, sheet=SHEET)
        self._draw()

    def copy(self, name: str) -> None:
        """Put one notation on the visitor's clipboard."""
        if name not in self._notations:
            return
        try:
            text = self._notations[name][1]()
        except SmaltiError as error:
            self.trouble = str(error)
            return
        self.trouble = ""
        self._live.copy(text)

    @param.depends("trouble", watch=True)  # type: ignore[untyped-decorator]
    def _draw(self) -> None:
        buttons = "".join(
            button("copy", name, f"{name}: copy, {tip}", key=name, kind="text")
            for name, (tip, _) in self._notations.items()
        )
        said = f'<div class="trouble" role="alert">{escape(self.trouble)}</div>' if self.trouble else ""
        self._live.markup = f'<div class="copies"><span class="faint">Copy as</span>{buttons}</div>{said}'

    def __panel__(self) -> Any:
        return self._live
