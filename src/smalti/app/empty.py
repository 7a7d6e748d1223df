"""What is shown when no image passes the filters: that it is so, and the way out."""

from html import escape
from typing import Any

import panel as pn

from smalti.app.live import Live, button
from smalti.app.session import Session
from smalti.core.words import count

__all__ = ["Empty"]

SHEET = """
.nothing { padding: 28px 24px; border: 1px dashed var(--faint); border-radius: 6px; text-align: center; }
.nothing p { margin: 6px 0 12px; color: var(--faint); }
"""


class Empty(pn.viewable.Viewer):  # type: ignore[misc]  # panel is untyped
    """Says that nothing is left, names the filters, and clears or takes back; not there otherwise.

    Parameters
    ----------
    session
        Its state is watched.
    """

    def __init__(self, session: Session, **params: Any) -> None:
        super().__init__(**params)
        self._state = session.state
        does = {"clear": lambda *_: self._state.clear_filters(), "undo": lambda *_: self._state.undo()}
        self._said = Live(does=does, sheet=SHEET, visible=False)
        self._state.param.watch(self._look, "revision")
        self._look()

    def _look(self, *_: Any) -> None:
        total, kept, _n_selected = self._state.n
        empty = not kept
        self._said.param.update(visible=empty, markup=self._words(total) if empty else "")

    def _words(self, total: int) -> str:
        if not total:
            return '<div class="nothing"><h2>This project holds no image yet</h2></div>'
        named = ", ".join(escape(f.words) for f in self._state.view.filters if f.enabled)
        clear = button("clear", "Clear filters", f"Clear filters: show all {count(total)}", kind="text")
        undo = button("undo", "Undo", "Undo the last step", kind="text", off=not self._state.can_undo)
        return (
            '<div class="nothing" role="status"><h2>No image passes these filters</h2>'
            f"<p>{named}</p>{clear}{undo}</div>"
        )

    def __panel__(self) -> Any:
        return self._said
