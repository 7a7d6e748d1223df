"""The mosaic on a page: the same script as in a notebook, over Panel's own channel."""

from collections.abc import Callable
from typing import Any

from panel.custom import JSComponent

from smalti.app.feed_pane import Answering
from smalti.app.loop import scheduler
from smalti.app.theme import UNBOUNDED
from smalti.table.view import Snapshot, ViewState
from smalti.widgets._host import module
from smalti.widgets.feed import Feed, Reply
from smalti.widgets.look import Look
from smalti.widgets.sheets import Sheets

__all__ = ["MosaicPane"]


class MosaicPane(Answering, JSComponent):  # type: ignore[misc]  # panel is untyped
    """A mosaic as a part of a page.

    Parameters
    ----------
    state, sheets
        What is shown, and where tiles come from.
    title
        For screen readers.
    look
        How it is shown at first.
    opened
        Called with the row of an image that was clicked.
    **options
        Panel's, for layout.
    """

    _esm = module("mosaic", "panel")
    slow = ("sheet", "card")  # a sheet takes 20-400 ms

    def __init__(
        self,
        state: ViewState,
        sheets: Sheets,
        *,
        title: str,
        look: Look | None = None,
        opened: Callable[[int], None],
        **options: Any,
    ) -> None:
        super().__init__(**({"margin": 0, "sizing_mode": "stretch_both", "styles": UNBOUNDED} | options))
        self._feed = Feed(state, sheets, title=title, look=look, opened=self._open)
        self._answer = self._feed.answer
        self._opened = opened
        self._own: int | None = None
        self._soon = scheduler()

    def follow(self, snapshot: Snapshot) -> None:
        """Show this state."""
        change = self._feed.change(snapshot)
        if change is not None:
            self._give(change)

    def mark(self, row: int | None) -> None:
        """Put the cursor on the image that is open; one opened here has it, or has been left again."""
        if row == self._own:
            return
        self._own = None
        self._give(Reply({"type": "opened", "row": row}))

    def _open(self, row: int) -> None:
        self._own = row
        self._opened(row)
