"""Which page of the rows is shown, and the control that turns it."""

from typing import Any

import panel as pn
import panel_material_ui as pmui
import param

from smalti.app.theme import html
from smalti.app.words import count

__all__ = ["Pager"]


class Pager(pn.viewable.Viewer):  # type: ignore[misc]  # panel is untyped
    """Pages of `size` rows out of `n_rows`."""

    page = param.Integer(default=0, doc="From 0.")
    n_rows = param.Integer(default=0)
    size = param.Integer(default=40, constant=True)

    def __init__(self, **params: Any) -> None:
        super().__init__(**params)
        self._turn = pmui.Pagination(
            count=1, value=0, size="small", margin=0, shape="rounded", color="primary"
        )
        self._turn.param.watch(lambda event: self.param.update(page=event.new or 0), "value")

    def restart(self, n_rows: int) -> bool:
        """Go to the first page of `n_rows` rows; whether that changed `page`."""
        turned = bool(self.page)
        self.n_rows = n_rows
        self._turn.param.update(count=max(1, -(-n_rows // self.size)), value=0)
        return turned

    @property
    def span(self) -> tuple[int, int]:
        """First row of the page, and how many rows it has at most."""
        return self.page * self.size, self.size

    @param.depends("page", "n_rows")  # type: ignore[untyped-decorator]
    def _said(self) -> str:
        first = self.page * self.size
        last = min(first + self.size, self.n_rows)
        return f'<div class="faint">{first + 1:,}–{last:,} of {count(self.n_rows)}</div>'

    def __panel__(self) -> Any:
        said = html(self._said, sizing_mode=None)
        return pn.Row(said, self._turn, margin=0, styles={"gap": "8px", "align-items": "center"})
