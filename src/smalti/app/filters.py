"""The left column: what is kept, selected, grouped and ordered, and how to hand it on."""

from typing import Any

import panel as pn
import param
import polars as pl

from smalti.app.choices import choice, switch
from smalti.app.chosen import Chosen
from smalti.app.copying import Copying
from smalti.app.filter_form import FilterForm
from smalti.app.filter_rows import FilterRows
from smalti.app.legend import Legend
from smalti.app.session import Session
from smalti.app.theme import SIDE_WIDTH, html, stacked

__all__ = ["Filters"]


class Filters(pn.viewable.Viewer):  # type: ignore[misc]  # panel is untyped
    """Filters, selection, groups and order of one session.

    Parameters
    ----------
    session
        Its state is shown and changed.
    """

    def __init__(self, session: Session, **params: Any) -> None:
        super().__init__(**params)
        document = pn.state.curdoc
        served = document is not None and document.session_context is not None
        self.form = FilterForm(session.state)
        self.rows = FilterRows(session.state, self.form.edit)
        self.legend = Legend(session)
        self.order = Order(session)
        self.copying = Copying(session.state, link=served)

    def __panel__(self) -> Any:
        parts = (
            stacked(self.rows, self.copying, gap=6),
            stacked(html("<h3>Add a filter</h3>"), self.form, gap=10),
            stacked(html("<h3>Groups</h3>"), self.legend, gap=10),
            stacked(html("<h3>Order</h3>"), self.order, gap=10),
        )
        return stacked(*parts, gap=24, width=SIDE_WIDTH, sizing_mode=None, margin=(20, 16))


class Order(Chosen):
    """The column to sort by, and which end comes first."""

    sort_by = param.Selector(default="path", objects=["path"], doc="Column the images are in order of.")
    descending = param.Boolean(default=False, doc="Whether the largest come first.")

    shared = ("sort_by", "descending")

    def choices(self, more: pl.Schema) -> dict[str, list[str]]:
        """See `Chosen`."""
        return {"sort_by": [*self.session.content.sort_columns, *more.names()]}

    def __panel__(self) -> Any:
        column = choice(self.param.sort_by, "Sort by", searchable=True)
        return stacked(column, switch(self.param.descending, "Largest first"), gap=4)
