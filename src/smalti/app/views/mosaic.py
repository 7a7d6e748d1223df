"""The whole dataset as tiles, on the page."""

from typing import Any

from smalti.app.linked import Linked
from smalti.app.mosaic_pane import MosaicPane
from smalti.app.session import Session
from smalti.app.theme import html, stacked
from smalti.table.view import Snapshot
from smalti.widgets.look import Look
from smalti.widgets.sheets import Sheets

__all__ = ["MosaicView"]

NO_PICTURES = (
    '<div class="faint">There are no thumbnails in this table; a tile opens what is known of its image.</div>'
)


class MosaicView(Linked):
    """The mosaic of the session; its choices stand in its own bar. A click opens the image.

    Parameters
    ----------
    session
        State and content; ``session.opened`` follows clicks, and the cursor follows it.
    look
        How it is shown at first.
    height
        In screen pixels.
    """

    def __init__(
        self, session: Session, *, look: Look | None = None, height: int = 520, **params: Any
    ) -> None:
        super().__init__(session, **params)
        content = session.content
        sheets = Sheets.shared(content.table, content.project.thumbnails)
        self._no_pictures = html(NO_PICTURES, visible=not sheets.n_channels and content.table.height > 0)
        self._pane = MosaicPane(
            session.state,
            sheets,
            title=content.project.name,
            look=look or Look(arrange=False),  # the page has sorting and grouping beside
            opened=lambda row: session.param.update(opened=row),
            height=height,
            sizing_mode="stretch_width",
        )
        session.param.watch(lambda event: self._pane.mark(event.new), "opened")

    def compute(self, snapshot: Snapshot) -> Snapshot:
        """See `Linked`: order, groups and selection of the rows."""
        for needed in ("order", "group_index", "picked"):
            getattr(snapshot, needed)  # kept by the snapshot; `show` then only compares and packs
        return snapshot

    def show(self, found: Snapshot) -> None:
        """See `Linked`."""
        self._pane.follow(found)

    @property
    def body(self) -> Any:
        """The pane; above it that there are no pictures, where that is so."""
        return stacked(self._no_pictures, self._pane, gap=8)

    @property
    def code(self) -> str:
        """Python that shows the same tiles in a notebook."""
        return f"import smalti\n\nsmalti.open({self.session.state.table.source!r}).mosaic()\n"
