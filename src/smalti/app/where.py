"""The filter field, what it lets through, and what is wrong with it in words."""

from html import escape
from typing import Any

import panel as pn
import panel_material_ui as pmui
import param

from smalti.app.state import PageState
from smalti.app.theme import SIDE_WIDTH, html, side_by_side, stacked
from smalti.app.words import count

__all__ = ["Where"]

EXAMPLE = "such as: saturated_high > 0.01 and size_x >= 512"


class Where(pn.viewable.Viewer):  # type: ignore[misc]  # panel is untyped
    """A filter typed as an expression over columns; the old view stays while it cannot be used."""

    state = param.ClassSelector(class_=PageState, constant=True)

    @param.depends("state.shown")  # type: ignore[untyped-decorator]
    def _said(self) -> str:
        n, total = self.state.shown.height, self.state.content.images.height
        return f'<div class="n-shown">{n:,}</div><div class="faint">of {count(total)} shown</div>'

    @param.depends("state.trouble")  # type: ignore[untyped-decorator]
    def _has_trouble(self) -> bool:
        return bool(self.state.trouble)

    @param.depends("state.trouble")  # type: ignore[untyped-decorator]
    def _trouble(self) -> str:
        kept = '<div class="faint">The images of the last filter that worked stay on screen.</div>'
        return f'<div class="trouble" role="alert">{escape(self.state.trouble)}{kept}</div>'

    @param.depends("state.where")  # type: ignore[untyped-decorator]
    def _is_empty(self) -> bool:
        return not self.state.where

    def __panel__(self) -> Any:
        state = self.state
        field = pmui.TextInput.from_param(
            state.param.where,
            label="Where",
            description="",
            helper_text=EXAMPLE,
            error_state=self._has_trouble,
            max_length=20_000,
            size="small",
            width=SIDE_WIDTH,  # Panel's 300 px, which it keeps whatever the sizing mode, are too many
            margin=0,
        )
        trouble = html(self._trouble, visible=self._has_trouble)
        clear = pmui.Button(
            label="Clear filter",
            variant="outlined",
            size="small",
            margin=0,
            disabled=self._is_empty,
            on_click=lambda _event: state.clear(),
        )
        return stacked(side_by_side(html(self._said), clear), field, trouble, gap=12)
