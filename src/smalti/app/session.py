"""What one visitor, or one notebook, shares among the views of a page."""

from typing import Any

import param

from smalti.app.content import Content
from smalti.app.linker import Linker
from smalti.table.usual import usual_view
from smalti.table.view import ViewState

__all__ = ["Session"]


class Session(param.Parameterized):  # type: ignore[misc]  # param is untyped
    """A state of view over shared content.

    Parameters
    ----------
    content
        The table and its project, shared by all sessions.
    state
        What is filtered, selected, grouped and sorted.
    """

    opened = param.Integer(default=None, allow_None=True, doc="Row of the image in the inspector.")

    def __init__(self, content: Content, state: ViewState | None = None, **params: Any) -> None:
        super().__init__(**params)
        self.content = content
        self.state = state or ViewState(content.table, usual_view(content.table))
        self.linker = Linker(self.state)
