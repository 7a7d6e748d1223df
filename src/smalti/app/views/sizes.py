"""Widths and heights of the images; a box selects."""

from typing import Any

from smalti.app.figure import Gestures, Picture
from smalti.app.session import Session
from smalti.app.views.plotted import Plotted, colours, python
from smalti.plots.drawing import Range
from smalti.plots.sizes import arrange, is_wide, sizes
from smalti.table.picks import Mode
from smalti.table.view import Snapshot

__all__ = ["SizesView"]


class SizesView(Plotted):
    """A bubble a size."""

    def __init__(self, session: Session, **params: Any) -> None:
        super().__init__(session, Gestures(box=self._box), **params)

    def compute(self, snapshot: Snapshot) -> Picture:
        """See `Linked`."""
        found, tints = snapshot.sizes(), colours(snapshot)
        kind = (is_wide(found), tuple(tints))
        return Picture(arrange(found, tints), kind, lambda: sizes(found, tints, legend=False))

    def _box(self, x_range: Range, y_range: Range, mode: Mode) -> None:
        self.session.state.select_box("size_x", x_range, "size_y", y_range, mode=mode)

    @property
    def code(self) -> str:
        """See `Linked`."""
        return python(self.session, "sizes", "sizes(view.sizes(), colours)")
