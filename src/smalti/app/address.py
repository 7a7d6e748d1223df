"""The browser's address carries the state of view: what is shown can be reloaded, kept and sent on."""

from pathlib import Path
from typing import Any

import panel as pn
import param

from smalti.core.errors import SmaltiError
from smalti.table.usual import usual_view
from smalti.table.view import ViewState
from smalti.table.whole import Table

__all__ = ["Address", "state_asked_for"]


class Address(pn.custom.JSComponent):  # type: ignore[misc]  # panel is untyped
    """Keeps the query of the page's address equal to a state of view; draws nothing.

    Parameters
    ----------
    state
        What is written.
    """

    query = param.String(default="", doc="What stands behind the question mark.")

    _esm = Path(__file__).with_name("address.js")

    def __init__(self, state: ViewState, **params: Any) -> None:
        super().__init__(width=0, height=0, margin=0, **params)
        self._state = state
        state.param.watch(self._write, "revision")

    def _write(self, *_: Any) -> None:
        try:
            self.query = self._state.to_url()
        except SmaltiError:
            self.query = ""  # more ids than an address holds; the old ones would be a lie


def state_asked_for(table: Table) -> tuple[ViewState, str]:
    """The state that the address of the page being opened asks for, and what was wrong with it in words."""
    asked = str(pn.state.location.search).removeprefix("?") if pn.state.location else ""
    if not asked:
        return ViewState(table, usual_view(table)), ""
    try:
        return ViewState.from_url(table, asked), ""
    except SmaltiError as error:
        return ViewState(
            table, usual_view(table)
        ), f"The link asks for what this table does not have: {error}"
