"""The mosaic in a notebook: every image of a project as a tile, with two-way selection."""

from base64 import b64encode
from collections.abc import Iterable, Sequence
from typing import Any

import anywidget
import traitlets

from smalti.core.home import at_home
from smalti.processing.project import Project
from smalti.table.view import ViewState
from smalti.widgets._host import module
from smalti.widgets.feed import Feed
from smalti.widgets.look import Look
from smalti.widgets.sheets import Sheets

__all__ = ["Mosaic"]

PICTURE_ROWS = 96
PICTURE_TILE = 64


class Mosaic(anywidget.AnyWidget):  # type: ignore[misc]  # anywidget is untyped
    """All images of a project as tiles; what is selected on screen is selected in Python, and back.

    Parameters
    ----------
    project
        A processed project.
    state
        What is filtered, selected, grouped and sorted; None for the project's live `view`.
    height
        Of the widget, in screen pixels.
    **look
        ``tile``, ``contrast``, ``channel``, ``grouping``; see `smalti.widgets.look.Look`.

    Attributes
    ----------
    state
        The `ViewState` that is shown.
    opened
        The id of the image that was clicked last; None before.

    Examples
    --------
    >>> mosaic = project.mosaic(contrast="all")  # doctest: +SKIP
    >>> mosaic.selected = project.view.filtered["image_id"].head(10)  # doctest: +SKIP
    """

    _esm = module("mosaic", "anywidget")

    height = traitlets.Int(560).tag(sync=True)
    opened = traitlets.Unicode(None, allow_none=True)

    def __init__(
        self, project: Project, state: ViewState | None = None, *, height: int = 560, **look: Any
    ) -> None:
        self.state = project.view if state is None else state
        self._sheets = Sheets.shared(self.state.table, project.thumbnails)
        self._feed = Feed(self.state, self._sheets, title=project.name, look=Look(**look), opened=self._open)
        super().__init__(height=height, layout={"width": "100%"})
        self._at_home = at_home()
        self.on_msg(self._heard)
        self.state.param.watch(lambda _event: self._tell(), "revision")

    @property
    def selected(self) -> list[str]:
        """Ids of the selected images that pass the filters, in the order of the table; can be set."""
        ids: list[str] = self.state.selected["image_id"].to_list()
        return ids

    @selected.setter
    def selected(self, image_ids: Iterable[str]) -> None:
        self.state.select(list(image_ids))

    def _heard(self, _widget: Any, message: dict[str, Any], buffers: Sequence[Any]) -> None:
        self._at_home(lambda: self._answer(message, buffers))

    def _answer(self, message: dict[str, Any], buffers: Sequence[Any]) -> None:
        reply = self._feed.answer(message, buffers)
        self.send(reply.message, list(reply.buffers))

    def _tell(self) -> None:
        change = self._feed.change(self.state.snapshot())
        if change is not None:
            self.send(change.message, list(change.buffers))

    def _open(self, row: int) -> None:
        self.opened = self.state.table.images["image_id"][row]

    def _repr_mimebundle_(self, **options: Any) -> Any:
        """The widget, and a picture of its first tiles for where no kernel runs."""
        data, metadata = super()._repr_mimebundle_(**options)
        first = self.state.snapshot().order[:PICTURE_ROWS]
        if len(first):
            data["image/jpeg"] = b64encode(self._sheets.sheet(first, PICTURE_TILE)).decode()
        return data, metadata
