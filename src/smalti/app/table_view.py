"""The table of the images shown, a page at a time."""

from html import escape
from typing import Any

import panel as pn
import param

from smalti.app.choices import choice_of_columns
from smalti.app.content import Content
from smalti.app.pager import Pager
from smalti.app.state import PageState
from smalti.app.theme import html, side_by_side, stacked
from smalti.app.words import status_mark, title, value_text

__all__ = ["TableView"]


class TableView(pn.viewable.Viewer):  # type: ignore[misc]  # panel is untyped
    """Chosen columns of the images shown, in their order."""

    state = param.ClassSelector(class_=PageState, constant=True)
    columns = param.ListSelector(default=[], objects=[], doc="Columns from left to right.")

    def __init__(self, **params: Any) -> None:
        super().__init__(**params)
        content = self.state.content
        self.param.columns.objects = content.images.columns
        self.columns = content.table
        self._pager = Pager(size=25)
        self._html = html("", css_classes=["qc-table"])
        self._pager.param.watch(self._draw, "page")
        self.param.watch(self._draw, "columns")
        self.state.param.watch(self._restart, "shown")
        self._restart()

    @property
    def controls(self) -> Any:
        """The choice of columns."""
        return choice_of_columns(self.param.columns, "Table columns")

    def _restart(self, *_: Any) -> None:
        if not self._pager.restart(self.state.shown.height):
            self._draw()

    def _draw(self, *_: Any) -> None:
        page = self.state.shown.select(self.columns).slice(*self._pager.span)
        numbers = {name for name, dtype in page.schema.items() if dtype.is_numeric()}
        head = "".join(_head(self.state.content, name, name in numbers) for name in page.columns)
        body = "".join(
            f"<tr>{''.join(_cell(name, value, name in numbers) for name, value in row.items())}</tr>"
            for row in page.iter_rows(named=True)
        )
        self._html.object = (
            f'<div class="scroll" tabindex="0" role="region" aria-label="Table of images"><table>'
            f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
        )

    def __panel__(self) -> Any:
        return stacked(side_by_side(html("<h2>Table</h2>"), self._pager), self._html, gap=12)


def _head(content: Content, name: str, is_number: bool) -> str:
    kind, meaning = 'class="number"' if is_number else "", escape(content.meaning(name))
    return f'<th scope="col" {kind} title="{meaning}">{title(name, content.unit(name))}</th>'


def _cell(name: str, value: Any, is_number: bool) -> str:
    if name == "status" and value is not None:
        return f"<td>{status_mark(value)}</td>"
    text = escape(value_text(value))
    return f'<td class="number">{text}</td>' if is_number else f'<td title="{text}">{text}</td>'
