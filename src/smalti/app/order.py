"""The order of images in gallery and table."""

from typing import Any

import panel as pn
import param

from smalti.app.choices import choice, switch
from smalti.app.state import PageState
from smalti.app.theme import stacked

__all__ = ["Order"]


class Order(pn.viewable.Viewer):  # type: ignore[misc]  # panel is untyped
    """The column to sort by, and which end comes first."""

    state = param.ClassSelector(class_=PageState, constant=True)

    def __panel__(self) -> Any:
        column = choice(self.state.param.sort_by, "Order by", searchable=True)
        return stacked(column, switch(self.state.param.descending, "Largest first"), gap=4)
